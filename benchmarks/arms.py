"""Three ways to get the log-likelihoods of (context, continuation) pairs from one GGUF, with the same settings."""

import importlib.util
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import llama_cpp
import numpy as np

from harness.core.cell import Cell, Job, Prepared, QualityWork
from harness.core.config import Artifact, Scalar
from harness.core.runtime import ScoreRequest
from runners.cores import usable_cores
from runners.pairs import encode_pair
from runners.runtimes.llama_cpp import open_session
from runners.runtimes.llama_cpp.session import LlamaSession

Pairs = Sequence[tuple[str, str]]
CONTEXT = 1024


class Arm(Protocol):
    """One way of scoring."""

    name: str

    def score(self, pairs: Pairs) -> list[float]:
        """Log-probabilities in nats, in order."""


class Packed:
    """Ours: packed batches with shared prefixes."""

    name = "this project, packed"

    def __init__(self, session: LlamaSession) -> None:
        self._session = session

    def score(self, pairs: Pairs) -> list[float]:
        """All pairs in one call."""
        found = dict(self._session.score([ScoreRequest(*pair) for pair in pairs]))
        return [found[index].logprob for index in range(len(pairs))]


class OneByOne:
    """The high-level API: `Llama.eval` of one text after the other."""

    name = "Llama.eval, one by one"

    def __init__(self, path: Path) -> None:
        threads = usable_cores()
        self._llama = llama_cpp.Llama(str(path), n_ctx=CONTEXT, n_batch=512, n_threads=threads,
                                      n_threads_batch=threads, logits_all=True, type_k=0, type_v=0, verbose=False)

    def score(self, pairs: Pairs) -> list[float]:
        """One evaluation per pair."""
        return [self._one(*pair) for pair in pairs]

    def _one(self, context: str, continuation: str) -> float:
        head, tail = encode_pair(lambda text: self._llama.tokenize(text.encode(), special=True), context, continuation)
        self._llama.reset()
        self._llama.eval(head + tail)
        rows = self._llama.scores[len(head) - 1:len(head) + len(tail) - 1].astype(np.float64)
        peaks = rows.max(axis=1)
        totals = peaks + np.log(np.exp(rows - peaks[:, None]).sum(axis=1))
        return float((rows[np.arange(len(tail)), tail] - totals).sum())


class Served:
    """lm-eval's own model over `llama_cpp.server`: one HTTP request per continuation."""

    name = "lm-eval gguf over llama_cpp.server"

    def __init__(self, url: str) -> None:
        from lm_eval.models.gguf import GGUFLM

        self._model = GGUFLM(base_url=url)

    def score(self, pairs: Pairs) -> list[float]:
        """One request per pair."""
        from lm_eval.api.instance import Instance

        asked = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]
        return [float(logprob) for logprob, _ in self._model.loglikelihood(asked, disable_tqdm=True)]


def job(path: Path, options: dict[str, Scalar] | None = None) -> Job:
    """A job for weights that lie ready; nothing of it is written."""
    cell = Cell("", path.stem, "", "llama_cpp", "runners.runtimes.llama_cpp", Artifact("path", str(path)), "",
                options or {}, QualityWork("", "", (), None, 0))
    return Job(cell, "", "", "", "", prepared=Prepared(str(path), path.stat().st_size, "", "", "as is"))


@contextmanager
def packed(path: Path) -> Iterator[Packed]:
    """Our arm."""
    with open_session(job(path)) as session:
        yield Packed(session)


def can_serve() -> bool:
    """Whether llama_cpp.server's own dependencies are installed."""
    return all(importlib.util.find_spec(name) for name in ("uvicorn", "fastapi", "starlette_context"))


@contextmanager
def served(path: Path) -> Iterator[Served]:
    """The server as a child process, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"model": path, "port": port, "n_ctx": CONTEXT, "n_batch": 512, "logits_all": True, "type_k": 0,
               "type_v": 0, "n_threads": usable_cores(), "n_threads_batch": usable_cores(), "verbose": False}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    server = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *words], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/v1/models", server)
        yield Served(url)
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers; raises TimeoutError after 60 s, or when it has ended."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise TimeoutError(f"llama_cpp.server does not answer (exit code {server.poll()})")
