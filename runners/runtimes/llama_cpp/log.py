"""llama.cpp's log: kept off the terminal but for warnings, its last lines at hand for error messages.

It is also the only place where llama.cpp tells the sizes of the buffers it allocates, in MiB with two decimals.
"""

import ctypes
import re
import sys
from collections import deque

import llama_cpp

_LAST: deque[str] = deque(maxlen=40)
# enum ggml_log_level of the bundled llama.cpp; the bindings' own table is one off.
_WARN, _ERROR, _CONTINUED = 3, 4, 5
_BUFFER = re.compile(r" (model|KV|RS|compute|output) buffer size = +([\d.]+) MiB")
_MIB = 1 << 20
_BUFFERS: list[tuple[str, float]] = []


class _Level:
    """The level of the line being written: a continuation has that of the line it continues."""

    now = 0


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _keep(level: int, text: bytes, _data: ctypes.c_void_p) -> None:
    _Level.now = _Level.now if level == _CONTINUED else level
    line = text.decode(errors="replace")
    if line.strip(" .\n"):
        _LAST.append(line.rstrip())
    if told := _BUFFER.search(line):
        _BUFFERS.append((told[1], float(told[2]) * _MIB))
    if _Level.now in (_WARN, _ERROR):
        sys.stderr.write(line)


def capture() -> None:
    """Route llama.cpp's log here, for the rest of the process."""
    llama_cpp.llama_log_set(_keep, ctypes.c_void_p(0))


def buffers_begin() -> int:
    """A mark for `buffer_bytes`."""
    return len(_BUFFERS)


def buffer_bytes(since: int, *kinds: str) -> int:
    """Bytes of the buffers of these kinds (model, KV, RS, compute, output) allocated since the mark, on all devices."""
    return round(sum(size for kind, size in _BUFFERS[since:] if kind in kinds))


def last_error() -> str:
    """The latest line that speaks of an error or failure, else the latest line, else ""."""
    told = [line for line in _LAST if "error" in line.lower() or "failed" in line.lower()]
    return (told or list(_LAST) or [""])[-1]
