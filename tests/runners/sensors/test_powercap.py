"""RAPL from trees as kernels make them: packages, memory, ranges, and who may read."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runners.sensor import Place, Sensor
from runners.sensors.powercap import sensors
from tests.runners.watched import tree

# /sys/class/powercap of a desktop with one package, and of a server's second package.
TREE = {
    "class/powercap/intel-rapl:0/name": "package-0",
    "class/powercap/intel-rapl:0/energy_uj": "123456789",
    "class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850",
    "class/powercap/intel-rapl:0:0/name": "core",
    "class/powercap/intel-rapl:0:0/energy_uj": "1",
    "class/powercap/intel-rapl:0:0/max_energy_range_uj": "262143328850",
    "class/powercap/intel-rapl:0:2/name": "dram",
    "class/powercap/intel-rapl:0:2/energy_uj": "5000000",
    "class/powercap/intel-rapl:0:2/max_energy_range_uj": "65712999613",
    "class/powercap/intel-rapl:1/name": "package-1",
    "class/powercap/intel-rapl:1/energy_uj": "2000000",
    "class/powercap/intel-rapl:1/max_energy_range_uj": "262143328850",
    "class/powercap/intel-rapl-mmio:0/name": "package-0",
    "class/powercap/intel-rapl-mmio:0/energy_uj": "7",
    "class/powercap/intel-rapl-mmio:0/max_energy_range_uj": "262143328850",
}


def found(root: Path) -> dict[str, Sensor]:
    return {one.facts.name: one for one in sensors(Place(1, root, root))}


def test_packages_and_their_memory_count_but_not_what_lies_within_a_package(tmp_path: Path) -> None:
    zones = found(tree(tmp_path, TREE))
    assert sorted(zones) == ["dram0_energy", "package0_energy", "package1_energy"]
    read = zones["package0_energy"].read
    assert read is not None
    assert read() == pytest.approx(123.456789)
    facts = zones["dram0_energy"].facts
    assert (facts.unit, facts.scope, facts.counter) == ("J", "package", True)
    assert facts.wraps_at == pytest.approx(65712.999613)


@contextmanager
def nobody() -> Iterator[None]:
    """Without root's right to read everything, where we have it."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_counter_for_root_only_names_the_command_that_grants_it() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = tree(Path(folder), TREE)
        root.chmod(0o755)
        (root / "class/powercap/intel-rapl:0/energy_uj").chmod(0)
        with nobody():
            zone = found(root)["package0_energy"]
    assert zone.read is None
    assert "root only" in zone.facts.reason
    assert "sudo chmod o+r" in zone.facts.reason


def test_a_machine_without_rapl_says_where_it_was_looked_for(tmp_path: Path) -> None:
    (only,) = sensors(Place(1, tmp_path, tmp_path))
    assert only.read is None
    assert "class/powercap" in only.facts.reason


def test_the_zones_of_this_machine_rise() -> None:
    zones = [one for one in sensors(Place(os.getpid())) if one.read is not None]
    if not zones:
        pytest.skip("this machine has no RAPL counter we may read")
    for zone in zones:
        assert zone.read is not None
        assert zone.read() > 0
