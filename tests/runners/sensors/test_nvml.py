"""NVML as a box with NVIDIA GPUs, one without a driver, and a DGX Spark would answer."""

import os
from pathlib import Path

import pytest

from runners.sensor import Place, Sensor, Unreadable
from runners.sensors import nvml
from tests.runners.simulated_nvml import LOST, NOT_SUPPORTED, Gpu, SimulatedNvml

HERE = Place(os.getpid())


def found(*gpus: Gpu) -> dict[str, Sensor]:
    return {one.facts.name: one for one in nvml.of(SimulatedNvml(*gpus), HERE)}


def values(sensors: dict[str, Sensor]) -> dict[str, float]:
    return {name: one.read() for name, one in sensors.items() if one.read is not None}


def test_everything_is_told_in_units_without_prefix() -> None:
    assert values(found(Gpu())) == {
        "gpu0_energy": 5000.0, "gpu0_power": 250.0, "gpu0_clock": 1.98e9, "gpu0_temperature": 61.0,
        "gpu0_throttle": 0.0, "gpu0_power_limit": 450.0, "gpu0_power_default": 450.0,
    }  # fmt: skip
    facts = found(Gpu())["gpu0_energy"].facts
    assert (facts.unit, facts.scope, facts.counter) == ("J", "gpu", True)


def test_what_a_gpu_does_not_support_is_missing_in_nvmls_own_words() -> None:
    spark = found(Gpu(energy=NOT_SUPPORTED, limit=NOT_SUPPORTED, default=NOT_SUPPORTED))
    assert spark["gpu0_energy"].read is None
    assert spark["gpu0_energy"].facts.reason == "NVML: Not Supported"
    assert set(values(spark)) == {"gpu0_power", "gpu0_clock", "gpu0_temperature", "gpu0_throttle"}


def test_a_gpu_lost_midway_is_unreadable_with_nvmls_words() -> None:
    gpu = Gpu()
    energy = found(gpu)["gpu0_energy"]
    gpu.energy = LOST
    assert energy.read is not None
    with pytest.raises(Unreadable, match="GPU is lost"):
        energy.read()


def test_of_several_gpus_those_count_on_which_we_run() -> None:
    both = found(Gpu(pids=[1]), Gpu(pids=[os.getpid()]))
    assert {name.partition("_")[0] for name in both} == {"gpu1"}


def test_all_gpus_count_where_process_ids_are_not_ours() -> None:
    both = found(Gpu(pids=[1]), Gpu())
    assert {name.partition("_")[0] for name in both} == {"gpu0", "gpu1"}


def test_no_gpu_is_said() -> None:
    (only,) = nvml.of(SimulatedNvml(), HERE)
    assert "no GPU" in only.facts.reason


def test_the_real_package_has_every_function_the_simulated_one_has() -> None:
    real = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    assert [name for name in vars(SimulatedNvml) if name.startswith(("nvml", "NVML")) and not hasattr(real, name)] == []


def test_a_real_gpu_or_the_reason_why_there_is_none(tmp_path: Path) -> None:
    found = nvml.sensors(HERE)
    if found[0].read is None:
        assert found[0].facts.reason
        pytest.skip(found[0].facts.reason)
    assert values({one.facts.name: one for one in found})["gpu0_power"] > 1
