"""Power and temperature from hwmon trees: an AMD GPU, a DGX Spark with spark_hwmon, a chip nobody knows."""

from pathlib import Path

import pytest

from runners.sensor import Place, Unreadable
from runners.sensors.hwmon import sensors, temperatures
from tests.runners.watched import tree

AMD = {
    "class/hwmon/hwmon0/name": "nvme",
    "class/hwmon/hwmon0/temp1_input": "38850",
    "class/hwmon/hwmon3/name": "amdgpu",
    "class/hwmon/hwmon3/power1_average": "85000000",
    "class/hwmon/hwmon3/power1_input": "90000000",
    "class/hwmon/hwmon3/power1_label": "PPT",
    "class/hwmon/hwmon10/name": "k10temp",
    "class/hwmon/hwmon10/temp1_input": "61500",
}
SPARK = {
    "class/hwmon/hwmon2/name": "spbm",
    "class/hwmon/hwmon2/power1_input": "26000000",
    "class/hwmon/hwmon2/power1_label": "sys_total",
    "class/hwmon/hwmon2/power8_input": "5000000",
    "class/hwmon/hwmon2/power8_label": "gpu",
    "class/hwmon/hwmon2/energy1_input": "4294967295000",
    "class/hwmon/hwmon2/energy1_label": "pkg",
}


def test_an_amd_gpu_tells_its_average_power_once(tmp_path: Path) -> None:
    (power,) = sensors(Place(1, tree(tmp_path, AMD)))
    assert power.read is not None
    assert power.read() == pytest.approx(85.0)
    assert (power.facts.scope, power.facts.source, power.facts.counter) == ("gpu", "hwmon amdgpu", False)


def test_a_spark_tells_of_the_box_and_of_its_chip_in_32_bits_of_millijoules(tmp_path: Path) -> None:
    found = {one.facts.name: one for one in sensors(Place(1, tree(tmp_path, SPARK)))}
    wall, part, chip = (found[f"hwmon2_spbm_{name}"] for name in ("sys_total_power", "gpu_power", "pkg_energy"))
    assert (wall.facts.scope, part.facts.scope, chip.facts.scope) == ("wall", "", "soc")
    assert chip.facts.counter
    assert chip.facts.wraps_at == pytest.approx(2**32 / 1000)
    assert chip.read is not None
    assert chip.read() == pytest.approx(4294967.295)


def test_power_of_a_chip_nobody_knows_is_recorded_and_counts_for_nothing(tmp_path: Path) -> None:
    root = tree(tmp_path, {"class/hwmon/hwmon0/name": "ucsi", "class/hwmon/hwmon0/power1_input": "1000000"})
    (power,) = sensors(Place(1, root))
    assert (power.facts.name, power.facts.scope) == ("hwmon0_ucsi_power1_power", "")


def test_a_chip_that_goes_away_is_unreadable(tmp_path: Path) -> None:
    (power,) = sensors(Place(1, tree(tmp_path, AMD)))
    (tmp_path / "class/hwmon/hwmon3/power1_average").unlink()
    assert power.read is not None
    with pytest.raises(Unreadable, match="No such file"):
        power.read()


def test_the_processors_temperature_is_not_the_disks(tmp_path: Path) -> None:
    assert [path.parent.name for path in temperatures(Place(1, tree(tmp_path, AMD)))] == ["hwmon10"]


def test_thermal_zones_stand_in_where_no_chip_tells(tmp_path: Path) -> None:
    zones = {"class/thermal/thermal_zone0/type": "iwlwifi", "class/thermal/thermal_zone0/temp": "1",
             "class/thermal/thermal_zone1/type": "x86_pkg_temp", "class/thermal/thermal_zone1/temp": "70000"}
    assert [path.parent.name for path in temperatures(Place(1, tree(tmp_path, zones)))] == ["thermal_zone1"]
