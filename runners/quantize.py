"""Making a quantization on the box with llama.cpp; complete or not there at all, and made once."""

import ctypes
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import psutil

from harness.core.errors import UserError
from harness.core.units import in_bytes
from runners.runtimes.llama_cpp import log
from runners.runtimes.llama_cpp.cores import usable_cores

_PREFIX = "LLAMA_FTYPE_MOSTLY_"


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
    free = shutil.disk_usage(folder).free
    if free < source_bytes:
        raise UserError(f"{folder} has {in_bytes(free)} free and a quantization may need {in_bytes(source_bytes)}",
                        "free some space or move the cache")
    part = _part(target)
    try:
        _quantize(source, part, number, scheme)
        _settle(part, target)
    finally:
        part.unlink(missing_ok=True)
    return Made(target, False, maker)


def schemes() -> list[str]:
    """Names that llama.cpp can quantize to, e.g. "Q4_K_M"."""
    return sorted(name.removeprefix(_PREFIX) for name in dir(llama_cpp) if name.startswith(_PREFIX))


def replace_atomically(target: Path, content: bytes) -> None:
    """Write a small file so that a reader sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(target)
    part.write_bytes(content)
    _settle(part, target)


def sweep(folder: Path) -> None:
    """Delete the unfinished files of processes that are gone."""
    for part in folder.glob(".*.part"):
        process = part.name.split(".")[-2]
        if not (process.isdigit() and psutil.pid_exists(int(process))):
            part.unlink(missing_ok=True)


def _number(scheme: str) -> int:
    number = getattr(llama_cpp, _PREFIX + scheme.upper(), None)
    if number is None:
        raise UserError(f"llama.cpp has no quantization {scheme}", f"it has {', '.join(schemes())}")
    return int(number)


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.part")


def _settle(part: Path, target: Path) -> None:
    """Bring a finished file to the disk, then give it its name."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _quantize(source: Path, part: Path, number: int, scheme: str) -> None:
    log.capture()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = number, usable_cores()
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(params))
    if code != 0:
        free = in_bytes(shutil.disk_usage(part.parent).free)
        raise UserError(f"llama.cpp cannot quantize {source} to {scheme}: {log.last_error()} ({free} free on the disk)",
                        "check that the source is a full-precision GGUF")
