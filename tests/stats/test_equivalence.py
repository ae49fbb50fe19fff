"""Equivalence: agreement of test and interval, the error rate on the margin, planning figures as published."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.weightstats import ttost_paired

from harness.core.errors import InvalidScores
from harness.stats.equivalence import items_for_noninferiority, items_needed, items_to_detect, noninferiority, tost
from harness.stats.paired import PairedTable, tango_interval, tango_limits
from harness.stats.planning import EQUIVALENCE, ONE_SIDED, Z90, Z95, detection, items_to_decide, smallest_margin
from tests.stats.tables import paired_tables, swapped


@given(paired_tables(2_000), st.floats(0.002, 0.3))
def test_the_tost_pvalue_and_the_90_percent_interval_agree(table: PairedTable, margin: float) -> None:
    found, limits = tost(table, margin), tango_interval(table, 0.90)
    assume(abs(found.pvalue - 0.05) > 1e-9)
    assert found.equivalent == (-margin < limits.low and limits.high < margin)
    assert found.equivalent == (found.pvalue < 0.05)


@given(paired_tables(), st.floats(0.01, 0.2))
def test_equivalence_does_not_depend_on_which_arm_is_first(table: PairedTable, margin: float) -> None:
    assert tost(table, margin).pvalue == pytest.approx(tost(swapped(table), margin).pvalue)


@given(paired_tables(), st.floats(0.01, 0.2))
def test_a_wider_margin_is_never_harder(table: PairedTable, margin: float) -> None:
    assert tost(table, margin + 0.02).pvalue <= tost(table, margin).pvalue + 1e-12


def test_differences_that_are_not_right_or_wrong_go_by_the_paired_t_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.uniform(0, 1, 300), rng.uniform(0, 1, 300)
    expected = float(ttost_paired(second, first, -0.05, 0.05)[0])
    assert tost(second - first, 0.05).pvalue == pytest.approx(expected)


def test_identical_scores_are_equivalent_only_with_enough_items() -> None:
    assert not tost(np.zeros(100), 0.02).equivalent
    assert tost(np.zeros(200), 0.02).equivalent
    assert not tost(PairedTable(60, 0, 0, 40), 0.02).equivalent


def test_with_the_truth_on_the_margin_tango_keeps_the_error_rate_where_wald_does_not() -> None:
    """Exact over the number of flips: n = 500, true delta -2 points, flip rate 2 to 10 %, nominal 5 %."""
    n, margin, worst = 500, 0.02, []
    for flips in (0.02, 0.025, 0.03, 0.05, 0.1):
        share_lost = (flips + margin) / 2 / flips
        total = np.arange(0, 130)
        lost, all_flips = np.meshgrid(total, total)
        possible = lost <= all_flips
        weight = binom.pmf(all_flips, n, flips) * binom.pmf(lost, all_flips, share_lost) * possible
        gained = np.where(possible, all_flips - lost, 0)
        low, high = tango_limits(np.where(possible, lost, 0), gained, n, 0.90)
        equivalent = (low > -margin) & (high < margin)
        delta = (gained - lost) / n
        half = 1.645 * np.sqrt(np.maximum(all_flips / n - delta**2, 0) / n)
        wald = (delta - half > -margin) & (delta + half < margin)
        assert weight.sum() == pytest.approx(1, abs=1e-6)
        worst.append((float((weight * equivalent).sum()), float((weight * wald).sum())))
    assert max(tango for tango, _ in worst) < 0.05
    assert max(wald for _, wald in worst) > 0.08


def test_noninferiority_asks_only_the_lower_side() -> None:
    gained_a_lot = PairedTable(500, 5, 60, 435)
    found = noninferiority(gained_a_lot, 0.02)
    assert found.noninferior
    assert found.low == pytest.approx(tango_interval(gained_a_lot, 0.90).low)
    assert not tost(gained_a_lot, 0.02).equivalent


@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 0.05), (2.0, 0.05), (0.02, 0.0), (0.02, 0.5), (math.nan, 0.05)])
def test_a_margin_or_alpha_that_makes_no_test_is_refused(margin: float, alpha: float) -> None:
    with pytest.raises(InvalidScores):
        tost(PairedTable(1, 1, 1, 1), margin, alpha)


@pytest.mark.parametrize(
    ("n", "five", "ten"),
    [
        (30, 12, 17),
        (164, 5.1, 7.2),
        (198, 4.7, 6.6),
        (500, 2.9, 4.1),
        (541, 2.8, 4.0),
        (1_319, 1.8, 2.6),
        (10_042, 0.65, 0.92),
        (12_032, 0.60, 0.84),
        (14_042, 0.55, 0.78),
    ],
)
def test_the_smallest_margins_are_the_published_ones(n: int, five: float, ten: float) -> None:
    tolerance = {30: 0.5}.get(n, 0.06 if n < 10_000 else 0.006)
    assert 100 * smallest_margin(n, 0.05) == pytest.approx(five, abs=tolerance)
    assert 100 * smallest_margin(n, 0.10) == pytest.approx(ten, abs=tolerance)


def test_sample_sizes_follow_the_published_factors() -> None:
    assert (round(EQUIVALENCE, 2), round(ONE_SIDED, 2), round(detection(), 2)) == (8.56, 6.18, 7.85)
    assert (round(Z90, 4), round(Z95, 4)) == (1.6449, 1.96)
    assert items_needed(0.05, 0.02) == math.ceil(8.5638 * 0.05 / 0.02**2)
    assert items_for_noninferiority(0.05, 0.02) == math.ceil(6.1826 * 0.05 / 0.02**2)
    assert items_to_detect(0.05, 0.02) == math.ceil(7.8489 * (0.05 - 0.0004) / 0.0004)


@given(st.floats(0, 1), st.floats(0.005, 0.2))
def test_margin_and_items_are_inverse(flips: float, margin: float) -> None:
    n = items_needed(flips, margin)
    assert smallest_margin(n, flips) <= margin * (1 + 1e-9)


def test_without_flips_the_items_are_those_that_tango_needs() -> None:
    n = items_needed(0.0, 0.02)
    assert tost(PairedTable(n + 1, 0, 0, 0), 0.02).equivalent
    assert not tost(PairedTable(n - 1, 0, 0, 0), 0.02).equivalent


@given(st.integers(1, 5_000), st.floats(0, 1), st.floats(-0.1, 0.1), st.floats(0.005, 0.05))
def test_an_open_question_always_needs_more_items(n: int, flips: float, delta: float, margin: float) -> None:
    assert items_to_decide(n, flips, delta, margin) > n


@pytest.mark.parametrize(("flips", "margin"), [(-0.1, 0.02), (1.1, 0.02), (0.05, 0.0), (0.05, 2.0)])
def test_rates_and_margins_in_percent_are_refused(flips: float, margin: float) -> None:
    with pytest.raises(InvalidScores):
        items_needed(flips, margin)
