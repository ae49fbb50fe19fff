"""Energy of Intel and AMD processors as the kernel counts it (RAPL), from /sys/class/powercap.

Zones of the form intel-rapl:N are packages, those below them parts; only DRAM lies beside its package, the others
(core, uncore) within it. The mmio zones tell of the same packages again. Microjoules, back to 0 at max_energy_range_uj.
Source: Documentation/power/powercap/powercap.rst of the kernel, which also calls AMD's zones intel-rapl.
"""

from collections.abc import Sequence
from pathlib import Path

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, missing, number, text

_MICRO = 1e-6
SOURCE = "RAPL"
# Since CVE-2020-8694 the counter is for root only: it can tell of other processes' secrets.
_GRANT = "sudo chmod o+r /sys/class/powercap/intel-rapl:*/energy_uj"


def sensors(place: Place) -> Sequence[Sensor]:
    """A counter of joules for each package and each package's memory; one missing sensor where there is none."""
    zones = sorted((place.sys / "class" / "powercap").glob("intel-rapl:*"))
    found = [sensor for zone in zones for sensor in _zone(zone)]
    return found or [missing("package0_energy", "J", SOURCE, f"no RAPL zone in {place.sys}/class/powercap")]


def _zone(zone: Path) -> list[Sensor]:
    kind = text(zone / "name").partition("-")[0]
    if kind not in ("package", "dram"):
        return []
    name = f"{kind}{zone.name.split(':')[1]}_energy"
    counter = zone / "energy_uj"
    try:
        number(counter)
        wraps_at = number(zone / "max_energy_range_uj", _MICRO)
    except Unreadable as error:
        hint = f"; readable for all until the next start: {_GRANT}" if "root only" in str(error) else ""
        return [missing(name, "J", SOURCE, f"{error}{hint}")]
    facts = SensorFacts(name, "J", SOURCE, "package", counter=True, wraps_at=wraps_at)
    return [Sensor(facts, lambda: number(counter, _MICRO))]
