"""IOReport through zeus-apple-silicon: the sum of the parts a chip tells, in joules."""

import platform
from dataclasses import dataclass

import pytest

from runners.sensor import Unreadable
from runners.sensors import apple


@dataclass
class Metrics:
    """AppleEnergyMetrics of version 1.1: millijoules, None where the chip does not tell."""

    cpu_total_mj: int | None = 1500
    gpu_mj: int | None = 4000
    gpu_sram_mj: int | None = None
    dram_mj: int | None = 500
    ane_mj: int | None = 0


@dataclass
class Monitor:
    """AppleEnergyMonitor with a reading."""

    metrics: Metrics | None

    def get_cumulative_energy(self) -> Metrics:
        if self.metrics is None:
            raise RuntimeError("Failed to create IOReport subscription.")
        return self.metrics


def total(metrics: Metrics | None) -> float:
    (sensor,) = apple.of(Monitor(metrics))
    assert (sensor.facts.scope, sensor.facts.counter) == ("soc", True)
    assert sensor.read is not None
    return sensor.read()


def test_the_parts_that_a_chip_tells_are_added_up() -> None:
    assert total(Metrics()) == pytest.approx(6.0)


@pytest.mark.parametrize("metrics", [None, Metrics(None, None, None, None, None)])
def test_a_chip_that_tells_nothing_is_unreadable_and_not_zero(metrics: Metrics | None) -> None:
    with pytest.raises(Unreadable):
        total(metrics)


@pytest.mark.skipif(platform.system() != "Darwin", reason="only macOS has IOReport")
def test_this_mac_tells_its_energy_or_names_the_package() -> None:
    (sensor,) = apple.sensors()
    if sensor.read is None:
        assert "pip install" in sensor.facts.reason
        pytest.skip(sensor.facts.reason)
    assert sensor.read() > 0
