"""Making a quantization on the box with llama.cpp; complete or not there at all, and made once."""

import ctypes
import shutil
from pathlib import Path

import llama_cpp

from harness.core.cell import Job, Prepared
from harness.core.errors import UserError
from harness.core.units import in_bytes
from runners.cores import usable_cores
from runners.making import prepare_made
from runners.runtimes.llama_cpp import log

_PREFIX = "LLAMA_FTYPE_MOSTLY_"


def prepare(job: Job) -> Prepared:
    """The cell's weights: as they are, or quantized into the job's cache."""
    return prepare_made(job, ".gguf", f"llama-cpp-python {llama_cpp.__version__}",
                        lambda source, part: quantize(source, part, job.cell.scheme))


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


def quantize(source: Path, part: Path, scheme: str) -> None:
    """Write `source` in `scheme` ("Q4_K_M"); UserError for an unknown scheme and whatever llama.cpp refuses."""
    number = _number(scheme)
    log.capture()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = number, usable_cores()
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(params))
    if code != 0:
        free = in_bytes(shutil.disk_usage(part.parent).free)
        raise UserError(f"llama.cpp cannot quantize {source} to {scheme}: {log.last_error()} ({free} free on the disk)",
                        "check that the source is a full-precision GGUF")
