"""Others on the processors: flagged by how much they take, silent on an idle box."""

import pytest

from harness.core.runtime import ELSEWHERE
from runners.meters.contention import flags, readings
from runners.sensor import SensorFacts
from runners.series import Series
from tests.runners.watched import seen, series, window


def time_of(name: str, cores: float) -> Series:
    return series(SensorFacts(name, "s", "test", counter=True), lambda at: cores * at)


def test_cores_of_others_are_what_is_not_ours() -> None:
    (found,) = readings(seen(time_of("cpu_busy", 2.9), time_of("cpu_own", 2.0)))
    assert found.samples == pytest.approx((0.9,))
    assert (found.name, found.unit, found.at.concurrency) == ("other_cpu", "cores", 1)


def test_a_hogged_core_is_flagged() -> None:
    hogged = seen(time_of("cpu_busy", 2.9), time_of("cpu_own", 2.0))
    (flag,) = flags(hogged)
    assert "0.9 of" in flag.reason
    assert flag.step == hogged.load.windows[0].step


def test_an_idle_desktop_is_not_flagged() -> None:
    assert flags(seen(time_of("cpu_busy", 2.2), time_of("cpu_own", 2.0))) == ()
    # Both are counted in whole ticks, so ours may seem more than all.
    assert flags(seen(time_of("cpu_busy", 1.99), time_of("cpu_own", 2.0))) == ()


def test_stolen_and_denied_time_is_flagged() -> None:
    told = [flag.reason for flag in flags(seen(time_of("cpu_steal", 50.0), time_of("cpu_throttled", 0.2)))]
    assert len(told) == 2
    assert "other machines" in told[0]
    assert "0.20 s of each second" in told[1]


def test_only_the_window_in_which_it_happened_is_flagged() -> None:
    late = series(SensorFacts("cpu_busy", "s", "test", counter=True), lambda at: max(at - 16, 0))
    given = seen(late, time_of("cpu_own", 0.0), windows=(window(2, 14), window(17, 29, concurrency=8)))
    assert [flag.step.concurrency for flag in flags(given) if flag.step] == [8]


def test_behind_somebodys_endpoint_it_cannot_be_told_and_is_not_flagged() -> None:
    given = seen(time_of("cpu_busy", 2.9), time_of("cpu_own", 0.1), device=ELSEWHERE)
    (found,) = readings(given)
    assert (found.samples, bool(found.reason)) == ((), True)
    assert flags(given) == ()


def test_an_unwatched_load_says_so() -> None:
    (found,) = readings(seen())
    assert "did not start" in found.reason
