"""Throttling, falling clocks, lowered limits and batteries, and the silence of a box that keeps its speed."""

import pytest

from runners.meters.thermal import flags, largest_drop, readings
from runners.sensor import SensorFacts
from runners.series import Series
from tests.runners.watched import seen, series, window


def constant(name: str, value: float) -> Series:
    return series(SensorFacts(name, "1", "test"), lambda _: value)


def test_a_box_that_keeps_its_speed_is_not_flagged() -> None:
    steady = [constant("cpu_clock", 4.0e9), constant("gpu0_clock", 1.9e9), constant("gpu0_power_limit", 450.0),
              constant("gpu0_power_default", 450.0), constant("on_battery", 0.0)]
    # Idle, application clocks and the default power cap are how a GPU works.
    assert flags(seen(*steady, constant("gpu0_throttle", float(0x1 | 0x2 | 0x4)))) == ()


@pytest.mark.parametrize(
    ("bit", "told"), [(0x8, "hardware slowdown"), (0x20, "software thermal"), (0x40, "thermal"), (0x80, "power brake")]
)
def test_a_gpu_that_throttles_is_flagged_by_reason_and_by_share(bit: int, told: str) -> None:
    once = series(SensorFacts("gpu0_throttle", "1", "NVML"), lambda at: float(bit if at == 10 else 0))
    (flag,) = flags(seen(once))
    assert (flag.verdict, told in flag.reason, "5% of the readings" in flag.reason) == ("degraded", True, True)
    (flag,) = flags(seen(constant("gpu0_throttle", float(bit))))
    assert flag.verdict == "invalid"


def test_a_clock_that_falls_within_a_window_is_flagged_in_a_closed_loop_only() -> None:
    falling = series(SensorFacts("gpu0_clock", "Hz", "NVML"), lambda at: 2.0e9 if at < 15 else 1.5e9)
    (flag,) = flags(seen(falling))
    assert "25%" in flag.reason
    assert flags(seen(falling, windows=(window(concurrency=0),))) == ()
    assert flags(seen(falling, windows=(window(1, 14),))) == ()


def test_a_drop_is_found_between_any_quarters_and_not_in_single_readings() -> None:
    assert largest_drop([4, 4, 4, 3, 3, 3, 4, 4, 4, 4, 4, 4]) == pytest.approx(0.25)
    assert largest_drop([4, 1, 4, 4, 1, 4, 4, 4, 4, 4, 4, 4]) == 0
    assert largest_drop([3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]) == 0
    assert largest_drop([4, 1, 4, 1]) == 0


def test_a_lowered_power_limit_and_a_battery_hold_for_the_whole_cell() -> None:
    low = [constant("gpu0_power_limit", 250.0), constant("gpu0_power_default", 450.0), constant("on_battery", 1.0)]
    found = flags(seen(*low))
    assert {flag.step for flag in found} == {None}
    assert any("250 W, its default is 450 W" in flag.reason for flag in found)
    assert any("battery" in flag.reason for flag in found)


def test_throttle_events_count_in_the_window_they_fall_in() -> None:
    counted = series(SensorFacts("cpu_throttles", "1", "test", counter=True), lambda at: 7.0 if at < 20 else 9.0)
    given = seen(counted, windows=(window(1, 12), window(13, 28, concurrency=4)))
    (flag,) = flags(given)
    assert flag.step is not None
    assert (flag.step.concurrency, "2 times" in flag.reason) == (4, True)


def test_clocks_and_temperatures_are_read_at_each_window() -> None:
    warm = series(SensorFacts("gpu0_temperature", "C", "NVML"), lambda at: 50 + at)
    clock, heat = readings(seen(warm, constant("cpu_clock", 4.0e9)))
    assert (clock.samples, clock.unit, clock.better) == ((4000.0,), "MHz", "higher")
    assert (heat.samples, heat.unit) == ((75.0,), "°C")


def test_a_sensor_that_is_missing_is_said_once_whatever_the_windows() -> None:
    none = Series.of(SensorFacts("cpu_temperature", "C", "hwmon", reason="no sensor"), [])
    (only,) = readings(seen(none, windows=(window(), window(concurrency=8))))
    assert (only.samples, only.reason, only.step) == ((), "no sensor", None)
