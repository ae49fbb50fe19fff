"""Three looks cost no more false verdicts than one: the boundary, its limits, and what they promise together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binom, multivariate_normal

from harness.core.errors import InvalidScores
from harness.stats.sequential import WHOLE, Look, Sides, boundary, crossing, looks, overall
from harness.stats.tango import tango_limits

RUNS = 20_000
Counts = NDArray[np.int64]


def test_looks_are_at_a_quarter_half_and_all_and_never_empty() -> None:
    assert looks(400) == (100, 200, 400)
    assert looks(7) == (2, 4, 7)
    assert looks(1) == (1, 1, 1)


def test_the_boundary_is_the_published_one() -> None:
    assert boundary(0.05, 2) == pytest.approx((3.96, 2.80, 1.98), abs=0.005)
    assert boundary(0.05, 1) == pytest.approx((3.36, 2.37, 1.68), abs=0.005)


@pytest.mark.parametrize(("alpha", "sides"), [(0.05, 1), (0.05, 2), (0.01, 1), (0.2, 2)])
def test_the_chance_of_crossing_agrees_with_the_trivariate_normal(alpha: float, sides: Sides) -> None:
    shares = np.array([0.25, 0.5, 1.0])
    normal = multivariate_normal(cov=np.minimum.outer(shares, shares), seed=1)
    high = np.full(3, boundary(alpha, sides)[2])
    inside = normal.cdf(high) if sides == 1 else normal.cdf(high, lower_limit=-high)
    assert 1 - inside == pytest.approx(alpha, abs=2e-4)
    assert crossing(float(high[0]), sides) == pytest.approx(alpha, abs=1e-9)


def test_a_last_look_costs_two_percent_more_items() -> None:
    """Equivalence at 5 % and 80 % power, truth 0: (z + 1.28)^2 against 8.56."""
    assert (boundary(0.05, 1)[2] + 1.2816) ** 2 / 8.564 == pytest.approx(1.02, abs=0.005)


@given(st.floats(1e-12, 1 - 1e-9), st.integers(1, 3), st.sampled_from([1, 2]))
def test_a_pvalue_over_all_looks_is_larger_and_small_exactly_beyond_the_boundary(
    pvalue: float, look: int, sides: Sides
) -> None:
    found = overall(pvalue, look, sides)
    assert pvalue <= found <= 1
    beyond = -ndtri(pvalue / sides) - boundary(0.05, sides)[look - 1]
    if abs(beyond) > 1e-6:
        assert (found < 0.05) == (beyond > 0)


def test_degenerate_pvalues_stay_what_they_are() -> None:
    assert overall(0.0, 1, 2) == 0
    assert overall(1.0, 2, 1) == 1
    assert math.isnan(overall(math.nan, 1, 2))
    assert overall(1e-300, 3, 2) >= 1e-300


def test_without_early_looks_nothing_is_widened() -> None:
    assert (WHOLE.interval(0.95), WHOLE.inner(0.90)) == (0.95, 0.90)
    assert (WHOLE.two_sided(0.03), WHOLE.one_sided(0.03)) == (0.03, 0.03)


def test_early_limits_are_wider_than_late_ones() -> None:
    levels = [(Look(number).interval(0.95), Look(number).inner(0.90)) for number in (1, 2, 3)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1][0] > 0.95
    assert levels[-1][1] > 0.90


def test_an_alpha_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidScores, match="alpha lies between 0 and 0.5"):
        boundary(0.5, 2)


def _flips_at_looks(n: int, lost: float, gained: float, seed: int) -> list[tuple[Counts, Counts, int]]:
    """(lost, gained, items) at each look of RUNS runs; a later look holds the flips of the earlier ones."""
    rng = np.random.default_rng(seed)
    counts = np.diff((0, *looks(n)))
    parts = [rng.multinomial(count, [lost, gained, 1 - lost - gained], RUNS) for count in counts]
    sums = np.cumsum(parts, axis=0)
    return [(sums[at, :, 0], sums[at, :, 1], size) for at, size in enumerate(looks(n))]


@pytest.mark.parametrize(
    ("n", "margin", "flips"), [(100, 0.1, 0.2), (400, 0.05, 0.1), (1_319, 0.02, 0.05), (5_000, 0.01, 0.03)]
)
def test_equivalence_is_falsely_shown_at_any_look_in_under_six_percent(n: int, margin: float, flips: float) -> None:
    """The truth lies on the margin. Tested at each look: both one-sided tests, as limits inside the margin."""
    shown = np.zeros(RUNS, dtype=bool)
    for number, (lost, gained, size) in enumerate(_flips_at_looks(n, (flips + margin) / 2, (flips - margin) / 2, n), 1):
        low, high = tango_limits(lost, gained, size, Look(number, n).inner(0.90))
        shown |= (low > -margin) & (high < margin)
    assert 0.01 < shown.mean() < 0.06


@pytest.mark.parametrize(("n", "flips"), [(100, 0.2), (400, 0.05), (1_319, 0.1), (5_000, 0.02)])
def test_a_change_is_falsely_shown_at_any_look_in_under_six_percent(n: int, flips: float) -> None:
    """A/A. Tested at each look: the exact test of any change, together with limits that exclude 0, either way."""
    shown = np.zeros(RUNS, dtype=bool)
    for number, (lost, gained, size) in enumerate(_flips_at_looks(n, flips / 2, flips / 2, n + 1), 1):
        look = Look(number, n)
        exact = np.minimum(1, 2 * binom.cdf(np.minimum(lost, gained), lost + gained, 0.5))
        low, high = tango_limits(lost, gained, size, look.interval(0.95))
        found = {p: look.two_sided(p) < 0.05 for p in np.unique(exact).tolist()}
        shown |= np.array([found[p] for p in exact.tolist()]) & ((low > 0) | (high < 0))
    assert shown.mean() < 0.06
    assert shown.any()
