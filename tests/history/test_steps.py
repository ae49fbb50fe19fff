"""A step is marked where there is one, with what it amounts to, and noise has none."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.false_steps import KINDS, false_share
from harness.history.series import Place, Point, Series
from harness.history.steps import FEWEST, changes

Floats = NDArray[np.float64]


def _series(values: Floats, kind: str = "reading", validity: str = "valid") -> Series:
    place = Place("box", "fp", "m", "q", "r", kind, "decode", "load")  # type: ignore[arg-type]
    points = tuple(
        Point(f"p{n}", f"2026-01-{n + 1:02}", float(one), None, None, 0.0, validity, f"b{n // 10}")  # type: ignore[arg-type]
        for n, one in enumerate(values)
    )
    return Series(place, "tok/s", "higher", points)


def _noise(n: int, seed: int = 1) -> Floats:
    return 50 * np.exp(np.random.default_rng(seed).normal(0, 0.01, n))


def test_a_step_of_eight_per_cent_is_found_at_its_run_with_an_interval_that_holds_it() -> None:
    values = _noise(30)
    values[20:] *= 0.92
    (one,) = changes(_series(values))
    assert (one.since.plan, one.until.plan, one.runs) == ("p20", "p19", (20, 10))
    assert one.low is not None
    assert one.high is not None
    assert one.low < -0.08 < one.high < 0
    assert one.change == pytest.approx(one.after / one.before - 1)
    assert one.worse
    assert one.engines == ("b1", "b2")


def test_it_is_known_from_the_third_run_on_and_not_before() -> None:
    values = _noise(30)
    values[27:] *= 0.92
    assert [one.since.plan for one in changes(_series(values))] == ["p27"]
    assert changes(_series(values[:29])) == []


def test_two_steps_are_two_and_the_second_is_measured_from_the_first() -> None:
    values = _noise(40)
    values[15:] *= 0.92
    values[28:] /= 0.92
    assert [(one.since.plan, one.worse) for one in changes(_series(values))] == [("p15", True), ("p28", False)]


def test_a_lone_outlier_is_no_step() -> None:
    values = _noise(30)
    values[12] *= 0.5
    assert changes(_series(values)) == []


def test_invalid_runs_are_not_looked_at() -> None:
    values = _noise(30)
    values[20:] *= 0.92
    assert changes(_series(values, validity="invalid")) == []


def test_values_that_repeat_have_a_step_without_an_interval() -> None:
    values = np.r_[np.full(10, 0.812), np.full(5, 0.8)]
    (one,) = changes(_series(values, "score"))
    assert one.change == pytest.approx(-0.012)
    assert (one.low, one.high) == (None, None)
    assert changes(_series(np.full(20, 0.812), "score")) == []


def test_few_runs_and_readings_that_are_not_positive_have_none() -> None:
    values = np.r_[np.full(4, 50.0), np.full(FEWEST - 5, 20.0)]
    assert changes(_series(values)) == []
    assert changes(_series(np.r_[np.zeros(10), np.full(10, 5.0)])) == []


def test_the_noise_within_a_run_is_never_taken_for_a_step() -> None:
    values = _noise(12, seed=3)
    values[6:] *= 1.03
    rough = Series(_series(values).place, "tok/s", "higher",
                   tuple(one._replace(stderr=2.0) for one in _series(values).points))
    assert changes(rough) == []


@pytest.mark.parametrize("runs", [30, 100])
def test_pure_noise_is_marked_in_less_than_one_series_of_fifty(runs: int) -> None:
    found = {kind: false_share(kind, runs, 250, seed=5) for kind in KINDS}
    assert found["normal"] <= 0.004
    assert max(found.values()) <= 0.02 + 3 * math.sqrt(0.02 / 250)
