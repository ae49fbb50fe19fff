"""Peak memory of this process, from the kernel's own high-water mark.

Resident memory counts file pages that are mapped in, so weights read through mmap are included once touched.
"""

import resource
import sys

from harness.core.record import Reading

# getrusage gives kibibytes on Linux and bytes on macOS (getrusage(2) of each).
_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def peak_bytes() -> int:
    """The largest resident set this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT_BYTES


def readings(before_load: int) -> tuple[Reading, ...]:
    """Peak of the whole process, and its rise since just before the model was loaded."""
    peak = peak_bytes()
    return (
        Reading("peak_memory", "B", "lower", (float(peak),)),
        Reading("model_memory", "B", "lower", (float(peak - before_load),)),
    )
