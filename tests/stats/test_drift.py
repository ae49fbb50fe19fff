"""Drift over rounds agrees with scipy's regression, and is asked of enough rounds only."""

import numpy as np
import pytest
from scipy.stats import linregress

from harness.core.errors import InvalidScores
from harness.stats.drift import slope


def test_slope_and_p_value_are_those_of_scipy() -> None:
    rng = np.random.default_rng(2)
    x, y = np.array([1, 2, 4, 5, 8]), 100 - 2 * np.arange(5) + rng.normal(0, 1, 5)
    found = slope(x, y)
    assert found is not None
    moved, pvalue = found
    expected = linregress(x, y)
    assert pvalue == pytest.approx(expected.pvalue)
    assert moved.score == pytest.approx(expected.slope / y.mean())
    half = 3.182446305284263 * expected.stderr / y.mean()  # t at 3 degrees of freedom
    assert (moved.low, moved.high) == pytest.approx((moved.score - half, moved.score + half))


def test_a_falling_figure_below_zero_keeps_its_limits_in_order() -> None:
    found = slope([1, 2, 3, 4], [-1.0, -2.1, -2.9, -4.0])
    assert found is not None
    assert found[0].low < found[0].score < found[0].high


def test_two_rounds_and_rounds_without_spread_are_not_tested() -> None:
    assert slope([1, 2], [1.0, 2.0]) is None
    assert slope([1, 2, 3], [5.0, 5.0, 5.0]) is None


def test_a_perfect_line_is_no_accident() -> None:
    found = slope([1, 2, 3], [1.0, 2.0, 3.0])
    assert found is not None
    assert found[1] == pytest.approx(0, abs=1e-6)


def test_a_round_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidScores):
        slope([1, 1, 2], [1.0, 2.0, 3.0])
