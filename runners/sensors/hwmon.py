"""Power, energy and temperature of the chips the kernel's hwmon class knows, from /sys/class/hwmon.

Microwatts, microjoules and thousandths of a degree, whatever the chip (Documentation/hwmon/sysfs-interface.rst). Of
whose power a channel tells, only its driver says: listed here are amdgpu (dri.freedesktop.org/docs/drm/gpu/amdgpu),
spark_hwmon (DGX Spark; its own name is spbm, in some versions dgx_spbm_power) and macsmc (Asahi Linux). The power and
energy of others are recorded, and counted for nothing.
"""

from collections.abc import Sequence
from pathlib import Path

from runners.sensor import Place, Scope, Sensor, SensorFacts, missing, number, text

_MICRO, _MILLI = 1e-6, 1e-3
# (driver, label; "" any) -> scope. Parts of what another channel of the driver counts already are left out.
_SPARK = ("spbm", "dgx_spbm_power")
_POWER: dict[tuple[str, str], Scope] = {
    ("amdgpu", "PPT"): "gpu",
    ("amdgpu", ""): "gpu",
    ("macsmc_hwmon", "Total System Power"): "wall",
    **{(driver, "sys_total"): "wall" for driver in _SPARK},
    **{(driver, "soc_pkg"): "soc" for driver in _SPARK},
}
_ENERGY: dict[tuple[str, str], Scope] = {(driver, "pkg"): "soc" for driver in _SPARK}
# Counted in 32 bits of millijoules; hwmon itself counts in 64 bits.
_WRAPS_AT = dict.fromkeys(_SPARK, 2**32 * _MILLI)
_PROCESSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", *_SPARK)


def sensors(place: Place) -> Sequence[Sensor]:
    """Every channel of power and energy; one missing sensor where there is none."""
    found = [sensor for chip in _chips(place) for sensor in _channels(chip)]
    return found or [missing("hwmon_power", "W", "hwmon", f"no chip in {place.sys}/class/hwmon tells its power")]


def _chips(place: Place) -> list[Path]:
    return sorted((place.sys / "class" / "hwmon").glob("hwmon*"), key=lambda path: (len(path.name), path.name))


def _channels(chip: Path) -> list[Sensor]:
    driver, found = text(chip / "name"), []
    for path in sorted(chip.glob("power*_input")) + sorted(chip.glob("power*_average")):
        label = _label(path)
        # Both are there on some chips: the average is what the energy follows from.
        if path.name.endswith("_input") and path.with_name(path.name.replace("_input", "_average")).exists():
            continue
        found.append(_sensor(path, "W", driver, label, _scope(_POWER, driver, label)))
    for path in sorted(chip.glob("energy*_input")):
        found.append(_sensor(path, "J", driver, _label(path), _scope(_ENERGY, driver, _label(path))))
    return found


def _label(path: Path) -> str:
    return text(path.with_name(f"{path.name.partition('_')[0]}_label"))


def _scope(known: dict[tuple[str, str], Scope], driver: str, label: str) -> Scope:
    return known.get((driver, label), "")


def _sensor(path: Path, unit: str, driver: str, label: str, scope: Scope) -> Sensor:
    channel = path.name.partition("_")[0]
    name = f"{path.parent.name}_{driver}_{label or channel}_{'energy' if unit == 'J' else 'power'}".replace(" ", "_")
    facts = SensorFacts(name, unit, f"hwmon {driver}", scope, unit == "J", _WRAPS_AT.get(driver, 0.0))
    return Sensor(facts, lambda: number(path, _MICRO))


def temperatures(place: Place) -> Sequence[Path]:
    """The files that tell the processor's temperature, in thousandths of a degree."""
    chips = [chip for chip in _chips(place) if text(chip / "name") in _PROCESSORS]
    files = [file for chip in chips for file in sorted(chip.glob("temp*_input"))]
    if files:
        return files
    zones = sorted((place.sys / "class" / "thermal").glob("thermal_zone*"))
    return [zone / "temp" for zone in zones if _is_processor(text(zone / "type"))]


def _is_processor(kind: str) -> bool:
    return any(part in kind.lower() for part in ("cpu", "x86_pkg", "soc", "acpitz"))
