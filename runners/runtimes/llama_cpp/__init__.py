"""llama.cpp in process, through llama-cpp-python's low-level bindings: packed scoring and continuous batching."""

from runners.runtimes.llama_cpp.quantize import prepare
from runners.runtimes.llama_cpp.session import open_session

__all__ = ["open_session", "prepare"]
