"""Jobs of the MLX runtime over the pocket model."""

from pathlib import Path

import msgspec

from harness.core.cell import Cell, Job, LoadWork
from harness.core.config import Artifact, Load, Scalar

ASSETS = Path(__file__).parents[1] / "assets"
_LOAD = Load("tiny", (2,), prompt_tokens=4, output_tokens=5, requests=3, warmup_requests=0)


def mlx_job(folder: Path, scheme: str = "", options: dict[str, Scalar] | None = None) -> Job:
    """An unprepared job with everything in `folder`."""
    cell = Cell("cpu", "pocket", "q", "mlx", "runners.runtimes.mlx", Artifact("builtin", "pocket"), scheme,
                {"device": "cpu", **(options or {})}, LoadWork(_LOAD, 0, 0))
    return Job(cell, str(folder), str(ASSETS), str(folder / "cache"), str(folder / "journal"))


def prepared_job(folder: Path, scheme: str = "", options: dict[str, Scalar] | None = None) -> Job:
    """The same with its weights ready."""
    from runners.runtimes.mlx import prepare

    job = mlx_job(folder, scheme, options)
    return msgspec.structs.replace(job, prepared=prepare(job))
