"""Paired intervals and tests: published values, agreement with other libraries, properties, degenerate tables."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as by_statsmodels

from harness.core.errors import InvalidScores
from harness.core.verdict import Interval
from harness.stats.paired import (
    PairedTable,
    dirichlet_interval,
    mcnemar,
    newcombe_interval,
    tango_interval,
    tango_limits,
    tango_statistic,
)
from tests.stats.tables import paired_tables, swapped

CAVO = PairedTable(59, 6, 16, 80)
AGRESTI = PairedTable(794, 150, 86, 570)
DEGENERATE = (
    PairedTable(1, 0, 0, 0),
    PairedTable(0, 1, 0, 0),
    PairedTable(0, 0, 1, 0),
    PairedTable(50, 0, 0, 0),
    PairedTable(0, 0, 0, 50),
    PairedTable(0, 50, 0, 0),
    PairedTable(0, 0, 50, 0),
    PairedTable(0, 25, 25, 0),
    PairedTable(999_999, 1, 0, 0),
)


def test_tango_gives_the_published_limits() -> None:
    cavo, agresti = tango_interval(CAVO, 0.95), tango_interval(AGRESTI, 0.95)
    # Published for (b - c)/n, the mirror of ours.
    assert (round(-cavo.high, 4), round(-cavo.low, 4)) == (-0.1240, -0.0054)
    assert (round(-agresti.high, 4), round(-agresti.low, 4)) == (0.0214, 0.0590)


def test_without_flips_the_correction_is_the_shift_in_items() -> None:
    """T(d) = (0 + 1/2 - n d) / sqrt(n d (1 - d)) at no flips: Wilson's limit with continuity correction."""
    d = tango_interval(PairedTable(70, 0, 0, 30), 0.95, correction=0.5).high
    assert (0.5 - 100 * d) / math.sqrt(100 * d * (1 - d)) == pytest.approx(-1.959964, abs=1e-5)


@given(paired_tables(60))
def test_a_correction_and_few_degrees_of_freedom_only_widen(table: PairedTable) -> None:
    plain = tango_interval(table, 0.95)
    for wider in (tango_interval(table, 0.95, correction=0.5), tango_interval(table, 0.95, dof=5)):
        assert -1 <= wider.low <= plain.low
        assert plain.high <= wider.high <= 1
    low, high = tango_limits(table.lost, table.gained, table.n, 0.95, 5, 0.5)
    single = tango_interval(table, 0.95, dof=5, correction=0.5)
    assert (float(low), float(high)) == pytest.approx((single.low, single.high), abs=1e-11)


def test_newcombe_gives_the_published_limits() -> None:
    cavo, agresti = newcombe_interval(CAVO, 0.95), newcombe_interval(AGRESTI, 0.95)
    assert (round(-cavo.high, 4), round(-cavo.low, 4)) == (-0.1186, -0.0046)
    assert (round(-agresti.high, 4), round(-agresti.low, 4)) == (0.0212, 0.0587)


def test_mcnemar_gives_the_published_pvalues() -> None:
    assert mcnemar(CAVO).exact == pytest.approx(0.052479, abs=5e-7)
    assert mcnemar(CAVO).midp == pytest.approx(0.034690, abs=5e-7)
    assert mcnemar(AGRESTI).exact == pytest.approx(3.716e-5, rel=2e-4)


@given(paired_tables(60))
def test_mcnemar_agrees_with_statsmodels(table: PairedTable) -> None:
    found = by_statsmodels([[table.both, table.lost], [table.gained, table.neither]], exact=True)
    assert mcnemar(table).exact == pytest.approx(min(1.0, float(found.pvalue)))
    assert mcnemar(table).midp <= mcnemar(table).exact


def test_the_exact_test_refuses_fractional_counts() -> None:
    with pytest.raises(InvalidScores, match="whole counts"):
        mcnemar(PairedTable(10, 1.5, 2, 0))


def _wald(table: PairedTable) -> Interval:
    half = 1.96 * math.sqrt(table.flips - table.delta**2) / math.sqrt(table.n)
    return Interval(table.delta - half, table.delta + half)


def test_tango_nears_wald_where_both_are_good() -> None:
    table = PairedTable(600_000, 30_000, 40_000, 330_000)
    assert tango_interval(table, 0.95).low == pytest.approx(_wald(table).low, abs=2e-6)
    assert tango_interval(table, 0.95).high == pytest.approx(_wald(table).high, abs=2e-6)


@given(paired_tables(), st.floats(0.5, 0.999))
def test_swapping_the_arms_mirrors_the_interval(table: PairedTable, confidence: float) -> None:
    there, back = tango_interval(table, confidence), tango_interval(swapped(table), confidence)
    assert (there.low, there.high) == (-back.high, -back.low)
    first, second = newcombe_interval(table, confidence), newcombe_interval(swapped(table), confidence)
    assert (first.low, first.high) == pytest.approx((-second.high, -second.low))


@given(paired_tables(), st.floats(0.05, 0.999))
def test_the_interval_holds_the_estimate_and_is_never_of_width_zero(table: PairedTable, confidence: float) -> None:
    found = tango_interval(table, confidence)
    assert -1 <= found.low <= table.delta <= found.high <= 1
    assert found.low < found.high


@given(paired_tables(), st.floats(0.5, 0.9))
def test_more_confidence_means_a_wider_interval(table: PairedTable, confidence: float) -> None:
    narrow, wide = tango_interval(table, confidence), tango_interval(table, confidence + 0.09)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(paired_tables())
def test_ten_times_the_items_shrink_the_interval(table: PairedTable) -> None:
    more = PairedTable(10 * table.both, 10 * table.lost, 10 * table.gained, 10 * table.neither)
    few, many = tango_interval(table, 0.95), tango_interval(more, 0.95)
    assert many.high - many.low < few.high - few.low


@given(paired_tables())
def test_the_limits_are_where_the_statistic_reaches_the_quantile(table: PairedTable) -> None:
    found = tango_interval(table, 0.95)
    if found.high < 1:
        assert tango_statistic(table, found.high) == pytest.approx(-1.959964, abs=1e-4)
    if found.low > -1:
        assert tango_statistic(table, found.low) == pytest.approx(1.959964, abs=1e-4)


@pytest.mark.parametrize("table", DEGENERATE)
def test_degenerate_tables_have_honest_limits(table: PairedTable) -> None:
    found = tango_interval(table, 0.95)
    assert -1 <= found.low <= table.delta <= found.high <= 1
    assert found.high - found.low > 1e-6
    assert newcombe_interval(table, 0.95).low < newcombe_interval(table, 0.95).high


def test_without_a_flip_the_limit_is_the_closed_form() -> None:
    z2 = 1.959963984540054**2
    assert tango_interval(PairedTable(70, 0, 0, 30), 0.95).high == pytest.approx(z2 / (100 + z2), abs=1e-12)


def test_many_intervals_at_once_equal_the_single_ones_and_are_fast() -> None:
    rng = np.random.default_rng(5)
    n = rng.integers(1, 3_000, 10_000)
    lost = rng.binomial(n, rng.choice([0.0, 0.02, 0.3, 1.0], 10_000))
    gained = rng.binomial(n - lost, rng.choice([0.0, 0.02, 0.3, 1.0], 10_000))
    started = time.process_time()
    low, high = tango_limits(lost, gained, n, 0.95)
    assert time.process_time() - started < 2
    for i in range(0, 10_000, 40):
        one = tango_interval(PairedTable(float(n[i] - lost[i] - gained[i]), lost[i], gained[i], 0), 0.95)
        assert (low[i], high[i]) == pytest.approx((one.low, one.high), abs=1e-11)


def test_ten_thousand_single_intervals_take_under_two_seconds() -> None:
    started = time.process_time()
    for gained in range(10_000):
        tango_interval(PairedTable(20_000, 40, gained, 0), 0.95)
    assert time.process_time() - started < 2


def test_limits_of_impossible_tables_are_refused() -> None:
    with pytest.raises(InvalidScores, match="flips"):
        tango_limits([3], [4], [5], 0.95)


@settings(max_examples=20)
@given(paired_tables(60))
def test_the_posterior_interval_is_near_tango(table: PairedTable) -> None:
    found = dirichlet_interval(table, 0.95, np.random.default_rng(3))
    assert found.low < found.high
    assert found.low == pytest.approx(tango_interval(table, 0.95).low, abs=0.06 + 1 / table.n)


def test_a_table_counts_what_two_score_arrays_say() -> None:
    table = PairedTable.of([1, 1, 0, 0, 1], [1, 0, 1, 0, 1])
    assert table == PairedTable(2, 1, 1, 1)
    assert (table.n, table.delta, table.flips) == (5, 0.0, 0.4)


@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [
        ([], [], "at least one"),
        ([1, 0], [1], "cannot be paired"),
        ([1, 0.5], [1, 0], "0 or 1"),
        ([1, math.nan], [1, 0], "number 2 of 2 is nan"),
        ([1, 0], [1, 7], "between 0 and 1"),
    ],
)
def test_scores_that_make_no_table_are_refused_with_the_reason(
    baseline: list[float], candidate: list[float], message: str
) -> None:
    with pytest.raises(InvalidScores, match=message):
        PairedTable.of(baseline, candidate)


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (1, -1, 0, 0), (math.nan, 0, 0, 1)])
def test_counts_that_make_no_table_are_refused(counts: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidScores):
        PairedTable(*counts)


def test_a_confidence_in_percent_is_refused() -> None:
    with pytest.raises(InvalidScores, match="between 0 and 1"):
        tango_interval(CAVO, 95)
