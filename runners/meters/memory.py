"""Peak memory of this process and of a server it started, from the kernel's own high-water marks.

Resident memory counts file pages that are mapped in, so weights read through mmap are included once touched. The marks
of several processes need not have been reached at the same time, and count pages they share once each: their sum is an
upper bound.
"""

import contextlib
import re
import resource
import sys
from pathlib import Path

import psutil

from harness.core.record import Reading

# getrusage gives kibibytes on Linux and bytes on macOS (getrusage(2) of each).
_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
_GUARD = "runners.guard"


def peak_bytes() -> int:
    """The largest resident set this process has had so far, and those of the server's processes that live now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT_BYTES + _served_bytes()


def _served_bytes() -> int:
    """Of our descendants, our own guard left out; where the kernel keeps no mark for others, what they hold now."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            if _GUARD not in process.cmdline():
                total += _high_water(process.pid) or process.memory_info().rss
    return total


def _high_water(pid: int) -> int | None:
    """VmHWM of /proc/PID/status in bytes (proc(5)), None where there is none."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) * 1024 if found else None


def readings(before_load: int, elsewhere: bool = False) -> tuple[Reading, ...]:
    """Peak of all processes, and its rise since just before the model was loaded.

    Not known where the model runs `elsewhere`: what this process holds says nothing of it.
    """
    if elsewhere:
        reason = "the model runs behind an endpoint elsewhere"
        return tuple(Reading(name, "B", "lower", (), reason=reason) for name in ("peak_memory", "model_memory"))
    peak = peak_bytes()
    return (
        Reading("peak_memory", "B", "lower", (float(peak),)),
        Reading("model_memory", "B", "lower", (float(peak - before_load),)),
    )
