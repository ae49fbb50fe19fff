"""transformers (torch) in process: batched scoring with shared prefixes, batched generation, a stream of slots."""

from runners.runtimes.transformers.session import open_session

__all__ = ["open_session"]
