"""Energy of Apple silicon without root, by the package zeus-apple-silicon (IOReport's "Energy Model" counters).

Millijoules since some fixed moment, as the chip's own model estimates them; parts that a chip does not tell are None.
"""

import platform
from collections.abc import Sequence
from typing import Any

from runners.sensor import Sensor, SensorFacts, Unreadable, missing

_MILLI = 1e-3
SOURCE = "IOReport"
_PARTS = ("cpu_total_mj", "gpu_mj", "gpu_sram_mj", "dram_mj", "ane_mj")


def sensors() -> Sequence[Sensor]:
    """One counter of the whole chip; none on other systems, where its absence is no news."""
    if platform.system() != "Darwin":
        return []
    try:
        from zeus_apple_silicon import AppleEnergyMonitor
    except ImportError:
        reason = "the package is not there: pip install zeus-apple-silicon"
        return [missing("soc_energy", "J", SOURCE, reason)]
    return of(AppleEnergyMonitor())


def of(monitor: Any) -> Sequence[Sensor]:
    """From an AppleEnergyMonitor; what it cannot read is Unreadable when asked for."""

    def total() -> float:
        try:
            metrics = monitor.get_cumulative_energy()
        except RuntimeError as error:
            raise Unreadable(str(error)) from error
        parts = [getattr(metrics, part, None) for part in _PARTS]
        known = [part for part in parts if part is not None]
        if not known:
            raise Unreadable("IOReport tells of no part of this chip")
        return float(sum(known)) * _MILLI

    return [Sensor(SensorFacts("soc_energy", "J", SOURCE, "soc", counter=True), total)]
