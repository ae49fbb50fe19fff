"""Peak physical footprint of this process, which macOS alone keeps: what Activity Monitor shows as "Memory".

Unlike the resident size it counts the buffers that Metal holds for the process, and so the weights of a model on the
GPU; clean pages mapped from files it leaves out. Source: proc_pid_rusage with RUSAGE_INFO_V4 of <libproc.h> and
<sys/resource.h>, whose ri_lifetime_max_phys_footprint the kernel keeps.
"""

import ctypes
import os
import platform
from collections.abc import Callable, Sequence

from harness.core.record import Flag, Reading
from runners.seen import Seen
from runners.sensor import Place, Sensor

_RUSAGE_INFO_V4 = 4
# struct rusage_info_v4: a 16-byte uuid, then 35 numbers of 64 bits; the kernel may write newer, longer ones.
_UUID_NUMBERS, _LIFETIME_MAX_PHYS_FOOTPRINT, _NUMBERS = 2, 28, 64


def sensors(place: Place) -> Sequence[Sensor]:
    """None: the kernel keeps the peak."""
    return ()


def readings(seen: Seen) -> tuple[Reading, ...]:
    """`peak_footprint` in bytes; nothing on systems that keep none."""
    if platform.system() != "Darwin":
        return ()
    found = peak_bytes(ctypes.CDLL("/usr/lib/libproc.dylib", use_errno=True).proc_pid_rusage)
    if found is None:
        reason = f"proc_pid_rusage failed: {os.strerror(ctypes.get_errno())}"
        return (Reading("peak_footprint", "B", "lower", (), reason=reason),)
    return (Reading("peak_footprint", "B", "lower", (float(found),), source="phys_footprint"),)


def flags(seen: Seen) -> tuple[Flag, ...]:
    """None: a peak speaks against nothing."""
    return ()


def peak_bytes(proc_pid_rusage: Callable[..., int]) -> int | None:
    """What the kernel's call (process, flavour, buffer) says of this process, None where it refuses."""
    numbers = (ctypes.c_uint64 * _NUMBERS)()
    if proc_pid_rusage(os.getpid(), _RUSAGE_INFO_V4, ctypes.byref(numbers)) != 0:
        return None
    return int(numbers[_UUID_NUMBERS + _LIFETIME_MAX_PHYS_FOOTPRINT])
