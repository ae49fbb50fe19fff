"""Joules per token from known powers: which instrument is believed, what makes it invalid, what makes it unknown."""

from collections.abc import Callable, Sequence

import pytest
from msgspec import structs

from harness.core.runtime import ELSEWHERE
from runners.meters.energy import chosen, readings
from runners.sensor import Scope, SensorFacts
from runners.series import Series, Unknown
from tests.runners.watched import BOX, by_name, seen, series, window

IDLE, BUSY = 50.0, 250.0


def spent(at: float) -> float:
    """Joules up to a second: at rest until the fourth, busy after."""
    return IDLE * at if at <= 4 else IDLE * 4 + BUSY * (at - 4)


def counter(name: str = "gpu0_energy", scope: Scope = "gpu", source: str = "NVML", wraps_at: float = 0.0,
            of: Callable[[float], float] = spent) -> Series:
    facts = SensorFacts(name, "J", source, scope, counter=True, wraps_at=wraps_at)
    return series(facts, (lambda at: of(at) % wraps_at) if wraps_at else of)


def power(name: str = "gpu0_power", scope: Scope = "gpu", source: str = "NVML",
          seconds: Sequence[float] = range(31)) -> Series:
    facts = SensorFacts(name, "W", source, scope)
    return series(facts, lambda at: IDLE if at < 4.5 else BUSY, seconds)


def test_energy_per_token_is_the_counters_rise_over_the_tokens_of_the_window() -> None:
    found = by_name(readings(seen(counter(), device="NVIDIA H200")))
    assert found["energy"].samples == pytest.approx((BUSY * 20 / 100,))
    assert found["energy_idle_subtracted"].samples == pytest.approx(((BUSY - IDLE) * 20 / 100,))
    assert found["power"].samples == pytest.approx((BUSY,))
    assert found["idle_power"].samples == pytest.approx((IDLE,))
    assert found["tokens_per_kwh"].samples == pytest.approx((3.6e6 / 50,))
    assert {one.valid for one in found.values()} == {True}
    assert (found["energy"].source, found["energy"].scope) == ("NVML energy counter", "gpu")


def test_a_counter_goes_before_power_and_power_stands_in_where_there_is_none() -> None:
    assert chosen(seen(power(), counter(), device="NVIDIA H200")).counter
    unsupported = Series.of(SensorFacts("gpu0_energy", "J", "NVML", reason="NVML: Not Supported"), [])
    found = by_name(readings(seen(power(), unsupported, device="NVIDIA GB10")))
    assert found["energy"].samples == pytest.approx((50.0,))
    assert found["energy"].source == "NVML power, integrated"
    assert "smooths" in found["energy_decode"].reason


def test_a_counter_that_wraps_within_the_window_gives_the_same() -> None:
    found = by_name(readings(seen(counter("package0_energy", "package", "RAPL", wraps_at=999.0))))
    assert found["energy"].samples == pytest.approx((BUSY * 20 / 100,))


def test_two_gpus_and_a_package_with_its_memory_are_added_up() -> None:
    both = seen(counter("gpu0_energy"), counter("gpu1_energy"), device="NVIDIA H200")
    assert by_name(readings(both))["power"].samples == pytest.approx((2 * BUSY,))
    cpu = seen(counter("package0_energy", "package", "RAPL"), counter("dram0_energy", "package", "RAPL"))
    assert by_name(readings(cpu))["power"].samples == pytest.approx((2 * BUSY,))


def test_the_processor_is_no_measure_of_a_gpu_nor_the_gpu_of_the_processor() -> None:
    package, gpu = counter("package0_energy", "package", "RAPL"), counter()
    assert chosen(seen(package, gpu, device="NVIDIA H200")).scope == "gpu"
    assert chosen(seen(package, gpu, device="CPU: AMD EPYC")).scope == "package"


def test_the_whole_chip_goes_before_the_gpu_and_amds_package_power_is_the_chips_where_both_are_one() -> None:
    chip, gpu = counter("soc_energy", "soc", "hwmon spbm"), counter()
    assert chosen(seen(gpu, chip, device="NVIDIA GB10")).scope == "soc"
    amd = power("hwmon3_amdgpu_PPT_power", "gpu", "hwmon amdgpu")
    assert chosen(seen(amd, device="AMD Radeon")).scope == "gpu"
    assert chosen(seen(amd, device="AMD Radeon", box=structs.replace(BOX, kind="unified"))).scope == "soc"


def test_a_window_under_ten_seconds_is_shown_and_not_valid() -> None:
    found = by_name(readings(seen(counter(), device="GPU", windows=(window(5, 14.5),))))
    assert found["energy"].samples
    assert not found["energy"].valid
    assert "9.5 s" in found["energy"].reason
    assert found["idle_power"].valid


def test_a_gap_in_power_is_unknown_and_never_zero() -> None:
    gap = power(seconds=[*range(10), *range(15, 31)])
    found = by_name(readings(seen(gap, device="GPU")))
    assert found["energy"].samples == ()
    assert "not read for 6.0 s" in found["energy"].reason


def test_a_driver_lost_midway_is_unknown_with_its_words() -> None:
    facts = SensorFacts("gpu0_energy", "J", "NVML", "gpu", counter=True, reason="NVML: GPU is lost")
    lost = Series.of(facts, [(at * 10**9, spent(at)) for at in range(12)])
    found = by_name(readings(seen(lost, device="GPU")))
    assert (found["energy"].samples, found["energy"].reason) == ((), "NVML: GPU is lost")
    assert found["idle_power"].samples


def test_no_sensor_is_said_once_with_what_stands_in_the_way_of_each() -> None:
    closed = Series.of(SensorFacts("package0_energy", "J", "RAPL", reason="for root only; sudo chmod"), [])
    (only,) = readings(seen(closed, windows=(window(), window(concurrency=8))))
    assert (only.name, only.samples, only.reason) == ("energy", (), "for root only; sudo chmod")
    with pytest.raises(Unknown, match="not watched"):
        chosen(seen())
    with pytest.raises(Unknown, match="no sensor covers"):
        chosen(seen(counter()))


def test_a_model_elsewhere_and_a_window_without_tokens_have_no_energy_per_token() -> None:
    (only,) = readings(seen(counter(), device=ELSEWHERE))
    assert "elsewhere" in only.reason
    found = by_name(readings(seen(counter(), device="GPU", windows=(window(tokens=0),))))
    assert "no token" in found["energy"].reason
    assert found["power"].samples
