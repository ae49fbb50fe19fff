"""Clock, temperature and throttling of the processor, and what feeds the box, from sysfs, procfs or psutil.

The clock is that of the fastest core: the one that works, while others may sleep. Sources: cpufreq and
thermal_throttle of Documentation/admin-guide/pm and Documentation/ABI/testing/sysfs-devices-system-cpu of the kernel.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import psutil

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, missing, number, text
from runners.sensors.hwmon import temperatures

_KILO, _MEGA, _MILLI = 1e3, 1e6, 1e-3
# Asking an idle core for its clock wakes it: of many, some are enough to see what the limits do to all.
_CORES_READ = 16


def sensors(place: Place) -> Sequence[Sensor]:
    """Fastest clock, highest temperature, throttle events counted so far, and whether a battery feeds the box."""
    return (_clock(place), _temperature(place), _throttles(place), _battery(place))


def _clock(place: Place) -> Sensor:
    facts = SensorFacts("cpu_clock", "Hz", "cpufreq")
    files = sorted((place.sys / "devices/system/cpu/cpufreq").glob("policy*/scaling_cur_freq"))[:_CORES_READ]
    if files:
        return Sensor(facts, lambda: max(number(file, _KILO) for file in files))
    info = place.proc / "cpuinfo"
    if "cpu MHz" in text(info):
        named = SensorFacts("cpu_clock", "Hz", "/proc/cpuinfo")
        return Sensor(named, lambda: _fastest(info))
    return missing("cpu_clock", "Hz", "cpufreq", f"neither {place.sys} nor {info} tells the processor's clock")


def _fastest(info: Path) -> float:
    found = re.findall(r"^cpu MHz\s*: ([\d.]+)", text(info), re.MULTILINE)
    if not found:
        raise Unreadable(f"{info} tells no clock any more")
    return max(map(float, found)) * _MEGA


def _temperature(place: Place) -> Sensor:
    files = temperatures(place)
    if not files:
        reason = f"no sensor of the processor in {place.sys}/class/hwmon or thermal"
        return missing("cpu_temperature", "C", "hwmon", reason)
    return Sensor(SensorFacts("cpu_temperature", "C", "hwmon"), lambda: _highest(files), every=2)


def _highest(files: Sequence[Path]) -> float:
    """Of the sensors that answer: some are off while their core sleeps."""
    values, last = [], None
    for file in files:
        try:
            values.append(number(file, _MILLI))
        except Unreadable as error:
            last = error
    if not values:
        raise last or Unreadable("no temperature sensor")
    return max(values)


def _throttles(place: Place) -> Sensor:
    """A package's cores each count the package's events, so the highest count says how often it happened."""
    cpus = place.sys / "devices/system/cpu"
    cores = sorted(cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    packages = sorted(cpus.glob("cpu[0-9]*/thermal_throttle/package_throttle_count"))
    if not cores:
        reason = f"no thermal_throttle below {cpus}: only Intel's processors count there"
        return missing("cpu_throttles", "1", "thermal_throttle", reason)
    facts = SensorFacts("cpu_throttles", "1", "thermal_throttle", counter=True)
    return Sensor(facts, lambda: sum(map(number, cores)) + max(map(number, packages), default=0.0), every=4)


def _battery(place: Place) -> Sensor:
    """1 while the box runs on its battery; a mouse's battery (scope Device) is none of the box's."""
    supplies = place.sys / "class" / "power_supply"
    own = [path for path in sorted(supplies.glob("*")) if text(path / "scope") != "Device"]
    batteries = [path for path in own if text(path / "type") == "Battery"]
    if batteries:
        facts = SensorFacts("on_battery", "1", "power_supply")
        return Sensor(facts, lambda: float(any(text(path / "status") == "Discharging" for path in batteries)), every=10)
    if psutil.MACOS and psutil.sensors_battery() is not None:
        return Sensor(SensorFacts("on_battery", "1", "IOKit"), _unplugged, every=10)
    return missing("on_battery", "1", "power_supply", "the box has no battery")


def _unplugged() -> float:
    battery = psutil.sensors_battery()
    if battery is None:
        raise Unreadable("the battery is gone")
    return float(not battery.power_plugged)
