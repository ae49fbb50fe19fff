"""Weights made on the box: whole or not there at all, made once, kept under the digest of what they are made from."""

import shutil
from collections.abc import Callable
from pathlib import Path

from harness.core.cell import Job, Prepared
from harness.core.errors import UserError
from harness.core.units import in_bytes
from runners import artifacts
from runners.atomic import discard, part_of, settle, sweep


def prepare_made(job: Job, suffix: str, maker: str, make: Callable[[Path, Path], None]) -> Prepared:
    """The cell's weights as they are where it has no scheme, else made once by `make(source, target)` into the cache.

    `maker` (name and version) and `suffix` go into the name of what is made: a file, or a folder. Raises NotFound for
    what is not there, UserError for what cannot be fetched, for a full disk, and for whatever `make` refuses.
    """
    source = artifacts.fetch(job)
    if not job.cell.scheme:
        return source
    target = Path(job.cache) / source.sha256 / f"{job.cell.scheme}-{maker.replace(' ', '-')}{suffix}"
    cached = target.exists()
    if not cached:
        _make(source, target, make)
    weights = artifacts.Located(target)
    digest = artifacts.content_digest(weights, Path(job.cache))
    return Prepared(str(target), weights.bytes, digest, source.sha256, "cached" if cached else "quantized",
                    source.revision, maker)


def _make(source: Prepared, target: Path, make: Callable[[Path, Path], None]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    free, need = shutil.disk_usage(target.parent).free, source.bytes * (2 if target.name.startswith("F32-") else 1)
    if free < need:
        raise UserError(f"{target.parent} has {in_bytes(free)} free and making {target.name} may need {in_bytes(need)}",
                        "free some space or move the cache")
    part = part_of(target)
    try:
        make(Path(source.path), part)
        settle(part, target)
    finally:
        discard(part)
