"""Arithmetic on what a sensor gave: counters that wrap, power with gaps, windows at the edge of what was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.sensor import SensorFacts
from runners.series import Series, Unknown, unwrapped
from tests.runners.watched import SECOND, series

COUNTER = SensorFacts("energy", "J", "test", counter=True, wraps_at=1000.0)
POWER = SensorFacts("power", "W", "test")


def test_a_counter_rises_on_a_straight_line_between_readings() -> None:
    assert series(COUNTER, lambda at: 10 * at).rise(int(2.25 * SECOND), int(4.75 * SECOND)) == pytest.approx(25)


@given(st.lists(st.floats(0, 900), min_size=2, max_size=40))
def test_a_counter_that_wraps_gives_what_was_really_spent(steps: list[float]) -> None:
    total, raw = 0.0, []
    for step in steps:
        total += step
        raw.append(total % 1000.0)
    found = unwrapped(tuple(raw), 1000.0)
    assert found[-1] - found[0] == pytest.approx(sum(steps[1:]), abs=1e-6)


def test_a_counter_of_unknown_range_that_fell_began_anew() -> None:
    assert unwrapped((100.0, 150.0, 20.0, 30.0), 0.0) == (100.0, 150.0, 170.0, 180.0)


def test_power_is_integrated_by_the_trapezoid_rule() -> None:
    ramp = series(POWER, lambda at: 10 * at)
    assert ramp.integral(0, 10 * SECOND) == pytest.approx(500)
    assert ramp.integral(int(2.5 * SECOND), int(3.5 * SECOND)) == pytest.approx(30)


def test_a_gap_of_more_than_three_seconds_makes_integrated_power_unknown() -> None:
    gap = series(POWER, lambda _: 10.0, [0, 1, 2, 6, 7, 8])
    with pytest.raises(Unknown, match="not read for 4.0 s"):
        gap.integral(SECOND, 7 * SECOND)
    assert gap.integral(6 * SECOND, 8 * SECOND) == pytest.approx(20)


def test_a_gap_within_the_window_does_not_harm_a_counter_but_one_at_its_edge_does() -> None:
    gap = series(COUNTER, lambda at: 10 * at, [0, 1, 2, 6, 7, 8])
    assert gap.rise(SECOND, 7 * SECOND) == pytest.approx(60)
    with pytest.raises(Unknown, match="edge"):
        gap.rise(SECOND, 4 * SECOND)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 31)])
def test_a_window_beyond_what_was_read_is_unknown(start: int, end: int) -> None:
    with pytest.raises(Unknown, match="whole window"):
        series(COUNTER, lambda at: at).rise(start * SECOND, end * SECOND)


def test_a_series_without_values_says_why() -> None:
    empty = Series.of(SensorFacts("energy", "J", "test", counter=True, reason="GPU is lost"), [])
    with pytest.raises(Unknown, match="GPU is lost"):
        empty.rise(0, SECOND)
    with pytest.raises(Unknown, match="GPU is lost"):
        empty.rate(0, SECOND)


def test_a_rate_is_taken_over_the_readings_around_a_window_however_short() -> None:
    ticks = series(COUNTER, lambda at: float(int(at)), [0, 2, 4, 6])
    assert ticks.rate(int(2.5 * SECOND), int(2.51 * SECOND)) == pytest.approx(1.0)
    assert ticks.within(int(2.5 * SECOND), int(2.51 * SECOND)) == (2.0, 4.0)
