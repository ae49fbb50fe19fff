"""Memory of the box as the kernel counts it: what is still available without swapping, and what has gone to swap."""

import re
from collections.abc import Sequence
from pathlib import Path

import psutil

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, text

AVAILABLE, SWAP = "mem_available", "swap_used"


def sensors(place: Place) -> Sequence[Sensor]:
    """Bytes available, and of swap in use where there is any to be used."""
    found = [Sensor(SensorFacts(AVAILABLE, "B", "MemAvailable"), lambda: float(available_bytes(place.proc)))]
    if swap_bytes(place.proc) is not None:
        found.append(Sensor(SensorFacts(SWAP, "B", "swap in use"), lambda: float(swap_bytes(place.proc) or 0)))
    return found


def available_bytes(proc: Path = Path("/proc")) -> int:
    """MemAvailable of /proc/meminfo (proc(5)), elsewhere what psutil counts; raises Unreadable."""
    table = _table(proc)
    if table and "MemAvailable" not in table:
        raise Unreadable(f"{proc}/meminfo has no MemAvailable")
    return table["MemAvailable"] if table else int(psutil.virtual_memory().available)


def swap_bytes(proc: Path = Path("/proc")) -> int | None:
    """Swap in use, None where the box has none. macOS grows its swap as it is needed, and so has some always."""
    table = _table(proc)
    if not table:
        return int(psutil.swap_memory().used)
    return table["SwapTotal"] - table["SwapFree"] if table.get("SwapTotal") else None


def _table(proc: Path) -> dict[str, int]:
    """Bytes by name of /proc/meminfo, {} where there is none."""
    rows = re.findall(r"^(\w+):\s+(\d+) kB$", text(proc / "meminfo"), re.MULTILINE)
    return {name: int(size) * 1024 for name, size in rows}
