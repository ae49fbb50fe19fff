"""Making a quantization on the box with llama.cpp; complete or not there at all, and made once."""

import ctypes
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import llama_cpp

from harness.core.cell import Job, Prepared
from harness.core.errors import UserError
from harness.core.units import in_bytes
from runners import artifacts
from runners.atomic import part_of, settle, sweep
from runners.cores import usable_cores
from runners.runtimes.llama_cpp import log

_PREFIX = "LLAMA_FTYPE_MOSTLY_"


def prepare(job: Job) -> Prepared:
    """The cell's weights: as they are, or quantized into the job's cache under the digest of what they are made from.

    Raises NotFound for what is not there, UserError for what cannot be fetched or made.
    """
    source = artifacts.fetch(job)
    if not job.cell.scheme:
        return source
    made = make_quantized(Path(source.path), source.bytes, job.cell.scheme, Path(job.cache) / source.sha256)
    weights = artifacts.Located(made.path)
    digest = artifacts.content_digest(weights, Path(job.cache))
    how: Literal["cached", "quantized"] = "cached" if made.cached else "quantized"
    return Prepared(str(made.path), weights.bytes, digest, source.sha256, how, source.revision, made.maker)


@dataclass(frozen=True)
class Made:
    """A quantized file; `cached` where it was there already."""

    path: Path
    cached: bool
    maker: str


def make_quantized(source: Path, source_bytes: int, scheme: str, folder: Path) -> Made:
    """Quantize `source` to `scheme` ("Q4_K_M") in `folder`, which belongs to the source's digest.

    Raises UserError for an unknown scheme, a full disk, and whatever llama.cpp refuses.
    """
    number = _number(scheme)
    maker = f"llama-cpp-python {llama_cpp.__version__}"
    target = folder / f"{scheme.upper()}-{maker.replace(' ', '-')}.gguf"
    if target.is_file():
        return Made(target, True, maker)
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    free, need = shutil.disk_usage(folder).free, source_bytes * (2 if scheme.upper() == "F32" else 1)
    if free < need:
        raise UserError(f"{folder} has {in_bytes(free)} free and a quantization may need {in_bytes(need)}",
                        "free some space or move the cache")
    part = part_of(target)
    try:
        _quantize(source, part, number, scheme)
        settle(part, target)
    finally:
        part.unlink(missing_ok=True)
    return Made(target, False, maker)


def schemes() -> list[str]:
    """Names that llama.cpp can quantize to, e.g. "Q4_K_M"; and F32."""
    return ["F32"] + sorted(name.removeprefix(_PREFIX) for name in dir(llama_cpp) if name.startswith(_PREFIX))


def _number(scheme: str) -> int:
    # F32 alone is not "mostly" so: every tensor is.
    name = "LLAMA_FTYPE_ALL_F32" if scheme.upper() == "F32" else _PREFIX + scheme.upper()
    number = getattr(llama_cpp, name, None)
    if number is None:
        raise UserError(f"llama.cpp has no quantization {scheme}", f"it has {', '.join(schemes())}")
    return int(number)


def _quantize(source: Path, part: Path, number: int, scheme: str) -> None:
    log.capture()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = number, usable_cores()
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(params))
    if code != 0:
        free = in_bytes(shutil.disk_usage(part.parent).free)
        raise UserError(f"llama.cpp cannot quantize {source} to {scheme}: {log.last_error()} ({free} free on the disk)",
                        "check that the source is a full-precision GGUF")
