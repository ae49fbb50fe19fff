"""Jobs of the openai runtime: short deadlines, and servers given by address or by command."""

from pathlib import Path

from harness.core.cell import Cell, Job, LoadWork, Prepared, QualityWork
from harness.core.config import Artifact, Load, Scalar

QUICK: dict[str, Scalar] = {"timeout_seconds": 20.0, "stall_seconds": 10.0, "retry_seconds": 1.5, "stop_seconds": 2.0}
SERVER = "{python} -m tests.hostile_server {port}"


def openai_job(folder: Path, options: dict[str, Scalar], load: Load | None = None, model: str = "bytes") -> Job:
    """A job with everything in `folder`; options win over the short deadlines."""
    work = LoadWork(load, 0, 0) if load else QualityWork("s", "d", ("t",), None, 0)
    cell = Cell("cpu", "tiny", "f16", "openai", "runners.runtimes.openai", Artifact("path", model), "",
                {**QUICK, **options}, work)
    return Job(cell, str(folder), str(folder), str(folder / "cache"), str(folder / "journal"),
               prepared=Prepared(model, 0, "", "", "as is"))


def command_options(fault: str = "", **options: Scalar) -> dict[str, Scalar]:
    """Options that start the hostile server as a process of its own."""
    return {"command": f"{SERVER} {fault}".strip(), "ready_seconds": 20.0, **options}


