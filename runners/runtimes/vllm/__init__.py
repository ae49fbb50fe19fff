"""vLLM in process (its V1 engine): continuous batching, scores from prompt log-probabilities, a stream of requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.core.cell import Job
from harness.core.errors import HarnessError
from harness.core.runtime import Session
from runners.runtimes.vllm.settings import parse_settings


@contextmanager
def open_session(job: Job) -> Iterator[Session]:
    """Load the prepared checkpoint; raises ConfigError for options, UserError for what vLLM refuses."""
    if job.prepared is None:
        raise HarnessError("the vLLM runtime was given no prepared weights")
    settings = parse_settings(job.cell.options)
    # Only here: vLLM takes most of a minute to be imported, and a wrong option need not wait for it.
    from runners.runtimes.vllm.loading import load_engine
    from runners.runtimes.vllm.session import VllmSession

    with load_engine(Path(job.prepared.path), settings) as engine:
        yield VllmSession(engine, settings)
