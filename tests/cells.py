"""Cells and jobs of the fake runtime, built by hand."""

from pathlib import Path

import msgspec

from harness.core.cell import Cell, Job, LoadWork, Prepared, QualityWork
from harness.core.config import Artifact, Load
from harness.core.suite import Suite


def quality_cell(suite: Suite, quant: str = "f16", **options: bool | int | float | str) -> Cell:
    """A quality cell of the fake runtime; any quantization but f16 is one made on the box."""
    work = QualityWork(suite.name, suite.digest, tuple(task.task for task in suite.tasks), None, 1)
    return _cell(quant, dict(options), work)


def load_cell(round_: int = 0, quant: str = "f16", **options: bool | int | float | str) -> Cell:
    """A load cell of the fake runtime: 1 and 3 concurrent requests of 4 + 5 tokens."""
    load = Load("tiny", (1, 3), prompt_tokens=4, output_tokens=5, requests=6, warmup_requests=1)
    return _cell(quant, dict(options), LoadWork(load, 1, round_))


def _cell(quant: str, options: dict[str, bool | int | float | str], work: QualityWork | LoadWork) -> Cell:
    return Cell(
        hw="cpu",
        model="echo",
        quant=quant,
        runtime="fake",
        module="runners.runtimes.fake",
        artifact=Artifact("path", "echo.gguf"),
        scheme="" if quant == "f16" else quant.upper(),
        options={**options},
        work=work,
    )


def job(cell: Cell, scratch: Path, suite: Suite | None = None) -> Job:
    """A job with everything under `scratch`."""
    return Job(
        cell=cell,
        scratch=str(scratch),
        assets=str(scratch),
        cache=str(scratch / "cache"),
        journal=str(scratch / "journal.jsonl"),
        suite=suite,
        prepared=Prepared("echo.gguf", 0, "0" * 64, "0" * 64, "as is"),
    )


def write_job(cell: Cell, folder: Path, suite: Suite | None = None) -> Path:
    """A scratch folder holding the job, made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.json").write_bytes(msgspec.json.encode(job(cell, folder, suite)))
    return folder
