"""Memory of this process and of a server it started, from the kernel's own counts.

Resident memory counts file pages that are mapped in, so weights read through mmap are included once touched. The high
water marks of several processes need not have been reached at the same time, and count pages they share once each:
their sum is an upper bound. The proportional set size counts shared pages once over all that share them.
"""

import contextlib
import os
import re
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from harness.core.record import Reading

# getrusage gives kibibytes on Linux and bytes on macOS (getrusage(2) of each).
_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
_OURS = ("runners.guard", "runners.sampler")


def family() -> list[int]:
    """This process and its descendants, our own helpers left out."""
    return [os.getpid(), *(process.pid for process in _served())]


def peak_bytes() -> int:
    """The largest resident set this process has had so far, and those of the server's processes that live now.

    Not by getrusage on Linux: its mark survives exec, so that a child begins with what its parent held.
    """
    total = _high_water(os.getpid()) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT_BYTES
    for process in _served():
        with contextlib.suppress(psutil.Error, OSError):
            total += _high_water(process.pid) or process.memory_info().rss
    return total


def _served() -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if not any(name in process.cmdline() for name in _OURS):
                yield process


def _high_water(pid: int) -> int | None:
    """VmHWM of /proc/PID/status in bytes (proc(5)), None where the kernel keeps no mark for others."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) * 1024 if found else None


def proportional(pids: Sequence[int], proc: Path = Path("/proc")) -> Iterator[Reading]:
    """`pss` now, the sum over `pids` by their smaps_rollup (proc(5), Linux 4.14); nothing where there are none.

    Reading it takes the kernel through the page tables, some ms for each GB: once, when the load is over.
    """
    total = 0
    for pid in pids:
        path = proc / str(pid) / "smaps_rollup"
        if not path.exists():
            continue
        try:
            found = re.search(r"^Pss:\s+(\d+) kB$", path.read_text(), re.MULTILINE)
        except PermissionError as error:
            yield Reading("pss", "B", "lower", (), reason=f"{path}: {error.strerror}")
            return
        except ProcessLookupError:  # it ended between listing and reading
            continue
        total += int(found[1]) * 1024 if found else 0
    if total:
        yield Reading("pss", "B", "lower", (float(total),), source="smaps_rollup, after the load")
