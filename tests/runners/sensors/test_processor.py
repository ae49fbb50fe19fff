"""Clock, temperature, throttling and battery from trees as kernels make them."""

import os
import platform
from pathlib import Path

import pytest

from runners.sensor import Place, Sensor
from runners.sensors.processor import sensors
from tests.runners.watched import tree

CPU = "devices/system/cpu"


def found(root: Path) -> dict[str, Sensor]:
    return {one.facts.name: one for one in sensors(Place(1, root, root / "proc"))}


def value(root: Path, name: str) -> float:
    read = found(root)[name].read
    assert read is not None
    return read()


def test_the_clock_is_that_of_the_fastest_core(tmp_path: Path) -> None:
    for core, khz in enumerate(("800000", "4700000")):
        tree(tmp_path, {f"{CPU}/cpufreq/policy{core}/scaling_cur_freq": khz})
    assert value(tmp_path, "cpu_clock") == pytest.approx(4.7e9)


def test_without_cpufreq_the_clock_stands_in_cpuinfo(tmp_path: Path) -> None:
    tree(tmp_path, {"proc/cpuinfo": "processor\t: 0\ncpu MHz\t\t: 2596.148\nprocessor\t: 1\ncpu MHz\t\t: 2600.5"})
    assert value(tmp_path, "cpu_clock") == pytest.approx(2600.5e6)
    assert found(tmp_path)["cpu_clock"].facts.source == "/proc/cpuinfo"


def test_one_dead_temperature_sensor_does_not_hide_the_others(tmp_path: Path) -> None:
    tree(tmp_path, {"class/hwmon/hwmon0/name": "coretemp", "class/hwmon/hwmon0/temp1_input": "71000",
                    "class/hwmon/hwmon0/temp2_input": "No data"})
    assert value(tmp_path, "cpu_temperature") == pytest.approx(71.0)


def test_a_packages_throttling_counts_once_though_each_of_its_cores_counts_it(tmp_path: Path) -> None:
    for core in (0, 1):
        tree(tmp_path, {f"{CPU}/cpu{core}/thermal_throttle/core_throttle_count": "3",
                        f"{CPU}/cpu{core}/thermal_throttle/package_throttle_count": "10"})
    assert value(tmp_path, "cpu_throttles") == 16


@pytest.mark.parametrize(("status", "on_battery"), [("Discharging", 1.0), ("Charging", 0.0), ("Full", 0.0)])
def test_a_laptop_says_whether_its_battery_feeds_it(tmp_path: Path, status: str, on_battery: float) -> None:
    tree(tmp_path, {"class/power_supply/BAT0/type": "Battery", "class/power_supply/BAT0/status": status})
    assert value(tmp_path, "on_battery") == on_battery


def test_a_mouse_does_not_make_the_box_a_laptop(tmp_path: Path) -> None:
    tree(tmp_path, {"class/power_supply/hid/type": "Battery", "class/power_supply/hid/status": "Discharging",
                    "class/power_supply/hid/scope": "Device"})
    assert found(tmp_path)["on_battery"].read is None


def test_a_bare_tree_says_why_nothing_is_known(tmp_path: Path) -> None:
    assert all(one.read is None and one.facts.reason for one in found(tmp_path).values())


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_this_machine_tells_its_clock_or_why_not() -> None:
    clock = next(one for one in sensors(Place(os.getpid())) if one.facts.name == "cpu_clock")
    if clock.read is None:
        pytest.skip(clock.facts.reason)
    assert 1e8 < clock.read() < 1e10
