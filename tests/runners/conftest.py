"""A tiny random GGUF, written once per session, and a session over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llama_jobs import llama_job


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 layers, 300 tokens, a context of 512."""
    pytest.importorskip("gguf", reason="the tiny model is written with the gguf package")
    from tests.tiny_gguf import write_tiny

    return write_tiny(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def llama(tiny_gguf: Path) -> Iterator[object]:
    """An open session of the llama.cpp runtime."""
    runtime = pytest.importorskip("runners.runtimes.llama_cpp", reason="llama-cpp-python is not installed")
    with runtime.open_session(llama_job(tiny_gguf)) as session:
        yield session
