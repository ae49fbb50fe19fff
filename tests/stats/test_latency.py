"""Percentiles with enough requests only, curves, and stalls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from harness.stats.latency import ENOUGH, curve, quantiles, stalls


@pytest.mark.parametrize(("share", "needed"), ENOUGH.items())
def test_enough_is_the_least_number_of_which_two_lie_beyond_with_99_percent(share: float, needed: int) -> None:
    assert binom.cdf(1, needed, 1 - share) <= 0.01
    assert binom.cdf(1, needed - 1, 1 - share) > 0.01


def test_a_percentile_appears_with_its_last_request() -> None:
    values = np.arange(130, dtype=float)
    assert [share for share, _ in quantiles(values, 129)] == [0.5, 0.9]
    assert dict(quantiles(values, 130))[0.95] == pytest.approx(np.percentile(values, 95))
    assert quantiles(values, 10) == ()


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=900))
def test_a_curve_keeps_both_ends_rises_and_is_short(values: list[float]) -> None:
    found = curve(np.array(values))
    shares, seconds = zip(*found, strict=True)
    assert len(found) <= 200
    assert (seconds[0], seconds[-1], shares[-1]) == (min(values), max(values), 1.0)
    assert list(seconds) == sorted(seconds)
    assert list(shares) == sorted(shares)


@given(st.lists(st.floats(0.01, 100), min_size=3, max_size=60), st.integers(-8, 8))
def test_stalls_do_not_depend_on_the_unit(values: list[float], power: int) -> None:
    found = np.array(values)
    assert stalls(found, 3).tolist() == stalls(found * 2.0**power, 3).tolist()


def test_one_long_gap_among_many_short_ones_is_a_stall() -> None:
    gaps = np.full(1_000, 0.02)
    gaps[[17, 500]] = 0.3, 0.15  # 15 and 7.5 times the median
    assert stalls(gaps, 10).tolist() == [17]


def test_long_values_among_others_as_long_are_none() -> None:
    spread = np.array([0.01, 0.01, 0.02, 0.1, 0.2, 0.3, 0.3, 0.02])  # the longest is 5 times the median
    assert stalls(spread, 3).size == 0
