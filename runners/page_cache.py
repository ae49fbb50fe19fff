"""Weights out of the page cache, or all of them in it, so that a load is known to be cold or warm.

posix_fadvise(2) with DONTNEED drops a file's clean pages without being root, but promises nothing: mincore(2) says what
is left. The kernel shows it to those who may write the file only, and calls every page resident for all others.
"""

import ctypes
import mmap
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_WARM, _COLD = 0.99, 0.01
_BLOCK = 8 << 20
# Pages that a processor has in hand for a moment (just written, just read) are passed over.
_TRIES, _PAUSE_SECONDS = 5, 0.2
_FAILED = ctypes.c_void_p(-1).value


def drop(files: Sequence[Path]) -> str:
    """Drop the files' pages; "", or why they are not gone."""
    if not hasattr(os, "posix_fadvise"):
        return f"{sys.platform} lets nobody but root drop the page cache"
    share = 1.0
    for _ in range(_TRIES):
        for path in files:
            _drop(path)
        share = resident_share(files)
        if share <= _COLD:
            return ""
        time.sleep(_PAUSE_SECONDS)
    return f"{100 * share:.0f} % of the weights stayed in the page cache"


def _drop(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)  # what was not written yet cannot be dropped
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def fill(files: Sequence[Path]) -> str:
    """Read the files unless they are in the page cache already; "", or why they are not (they may not fit)."""
    if not hasattr(os, "posix_fadvise") or resident_share(files) < _WARM:
        _read(files)
    if not hasattr(os, "posix_fadvise"):
        return ""  # macOS: read a moment ago; nothing tells more
    share = resident_share(files)
    return "" if share >= _WARM else f"only {100 * share:.0f} % of the weights fit into the page cache"


def _read(files: Sequence[Path]) -> None:
    buffer = bytearray(_BLOCK)
    for path in files:
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass


def resident_share(files: Sequence[Path]) -> float:
    """Share of the files' pages that are in memory, by mincore; Linux only. 1 of nothing."""
    counts = [_pages(path) for path in files if path.stat().st_size]
    total = sum(pages for _, pages in counts)
    return sum(resident for resident, _ in counts) / total if total else 1.0


def _pages(path: Path) -> tuple[int, int]:
    """(resident, all) pages of one file that is not empty; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    size = path.stat().st_size
    pages = -(-size // mmap.PAGESIZE)
    found = ctypes.create_string_buffer(pages)
    handle = os.open(path, os.O_RDONLY)
    try:
        place = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, handle, 0)
    finally:
        os.close(handle)
    if place == _FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    try:
        if libc.mincore(place, size, found) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    finally:
        libc.munmap(place, size)
    return sum(byte & 1 for byte in found.raw), pages
