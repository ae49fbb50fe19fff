"""How many threads a compute-bound engine should start: physical cores this process may really use."""

import os
from pathlib import Path

import psutil

_CPUS = Path("/sys/devices/system/cpu")
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Physical cores within the process's affinity mask and cgroup quota, at least 1."""
    cores = _allowed_cores() or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, min(cores, _quota(_CGROUP_QUOTA) or cores))


def _allowed_cores() -> int | None:
    """Distinct cores behind the CPUs of the affinity mask; None where the system does not tell (macOS, Windows)."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    siblings = [_CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list" for cpu in os.sched_getaffinity(0)]
    try:
        return len({path.read_text() for path in siblings})
    except OSError:
        return len(siblings)


def _quota(path: Path) -> int | None:
    """CPUs' worth of a cgroup v2 quota ("200000 100000" -> 2), None where there is none."""
    try:
        limit, period = path.read_text().split()
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(1, int(limit) // int(period))
