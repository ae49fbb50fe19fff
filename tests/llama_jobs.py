"""Jobs and sessions of the llama.cpp runtime over a GGUF that lies ready."""

from pathlib import Path

from harness.core.cell import Cell, Job, LoadWork, Prepared, QualityWork
from harness.core.config import Artifact, Load, Scalar

SMALL = {"n_ctx": 2048, "n_batch": 256, "n_ubatch": 256, "n_seq_max": 16, "n_threads": 1}


def llama_job(path: Path, options: dict[str, Scalar] | None = None, load: Load | None = None,
              scheme: str = "") -> Job:
    """A job with everything beside the weights; `prepared` names them as they are."""
    work = LoadWork(load, 0, 0) if load else QualityWork("s", "d", ("t",), None, 0)
    cell = Cell("cpu", "tiny", "f16", "llama_cpp", "runners.runtimes.llama_cpp", Artifact("path", str(path)), scheme,
                {**SMALL, **(options or {})}, work)
    folder = path.parent
    return Job(cell, str(folder), str(folder), str(folder / "cache"), str(folder / "journal"),
               prepared=Prepared(str(path), 0, "", "", "as is"))
