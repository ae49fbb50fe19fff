"""Mean differences: agreement with scipy and statsmodels, clusters, strata, few differences."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from harness.core.errors import InvalidScores
from harness.stats.paired import PairedTable, bounded_table, paired_mean, tango_interval
from harness.stats.resample import bca_interval

RNG = np.random.default_rng(11)
DIFFERENCES = RNG.uniform(-1, 1, 240)
GROUPS = RNG.integers(0, 20, 240)


def test_independent_items_give_the_paired_t_interval() -> None:
    found = paired_mean(DIFFERENCES, 0.95)
    expected = ttest_1samp(DIFFERENCES, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.dof == pytest.approx(239)
    assert found.method == "paired t"


def test_clusters_give_the_robust_error_of_statsmodels_without_its_small_sample_factor() -> None:
    found = paired_mean(DIFFERENCES, 0.95, clusters=GROUPS)
    fit = sm.OLS(DIFFERENCES, np.ones(240)).fit(cov_type="cluster", cov_kwds={"groups": GROUPS})
    groups = np.unique(GROUPS).size
    factor = math.sqrt(239 / 240)  # statsmodels: G/(G-1) (n-1)/(n-k) with k = 1, that is G/(G-1)
    assert found.stderr == pytest.approx(float(fit.bse[0]), rel=1e-9)
    assert found.dof == groups - 1
    assert factor < 1


def test_copies_of_items_in_clusters_add_nothing() -> None:
    once = paired_mean(DIFFERENCES[:60], 0.95)
    copied = paired_mean(np.repeat(DIFFERENCES[:60], 4), 0.95, clusters=np.repeat(np.arange(60), 4))
    assert (copied.delta, copied.stderr) == pytest.approx((once.delta, once.stderr))
    assert copied.low == pytest.approx(once.low)


def test_strata_take_the_spread_between_them_out() -> None:
    strata = np.repeat(["a", "b"], 120)
    shifted = 0.3 * DIFFERENCES + np.repeat([0.5, -0.5], 120)
    plain, stratified = paired_mean(shifted, 0.95), paired_mean(shifted, 0.95, strata=strata)
    assert stratified.delta == pytest.approx(plain.delta)
    assert stratified.stderr < plain.stderr / 2
    parts = [shifted[strata == name] for name in ("a", "b")]
    by_hand = math.sqrt(sum(part.var(ddof=1) / 120 / 4 for part in parts))
    assert stratified.stderr == pytest.approx(by_hand)


def test_macro_weights_make_small_strata_count_as_much_as_big_ones() -> None:
    strata = np.array([0] * 200 + [1] * 40)
    found = paired_mean(DIFFERENCES, 0.95, strata=strata, weights="macro")
    assert found.delta == pytest.approx((DIFFERENCES[:200].mean() + DIFFERENCES[200:].mean()) / 2)
    same = paired_mean(DIFFERENCES, 0.95, strata=strata, weights=[3, 3])
    assert same.delta == pytest.approx(found.delta)


def test_few_differences_are_not_trusted_to_t() -> None:
    values = np.zeros(1000)
    values[3] = -0.5
    found = paired_mean(values, 0.95)
    assert found.method == "Tango on bounded differences"
    assert found.low < -0.003
    assert found.high > 0.002


@pytest.mark.parametrize(
    "values", [np.zeros(40), np.full(40, 0.25), np.array([0.5]), np.array([-1.0]), np.array([0.1, 0.1])]
)
def test_no_spread_never_means_a_width_of_zero(values: np.ndarray) -> None:
    found = paired_mean(values, 0.95)
    assert found.low < found.delta < found.high or abs(found.delta) == 1
    assert found.stderr > 0


def test_one_cluster_is_worth_one_item() -> None:
    found = paired_mean(np.zeros(500), 0.95, clusters=["passage"] * 500)
    assert found.high == pytest.approx(tango_interval(PairedTable(1, 0, 0, 0), 0.95).high)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=200))
def test_for_right_or_wrong_scores_the_bounded_table_is_the_paired_table(values: list[float]) -> None:
    table = bounded_table(values)
    assert (table.gained, table.lost) == pytest.approx((values.count(1.0), values.count(-1.0)))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=100), st.permutations(range(5)))
def test_order_and_direction_do_not_matter(values: list[float], order: list[int]) -> None:
    found = paired_mean(values, 0.95)
    shuffled = paired_mean([values[i] for i in np.argsort([order[i % 5] for i in range(len(values))])], 0.95)
    mirrored = paired_mean([-value for value in values], 0.95)
    assert shuffled.low == pytest.approx(found.low, abs=1e-9)
    assert mirrored.high == pytest.approx(-found.low, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "extra", "message"),
    [
        ([], {}, "at least one"),
        ([0.1, math.nan], {}, "number 2 of 2 is nan"),
        ([0.1, 1.5], {}, "between -1 and 1"),
        ([0.1, 0.2], {"clusters": ["a"]}, "each of 2 items, but 1"),
        ([0.1, 0.2, 0.3], {"strata": ["a", "a", "b"]}, "at least two independent"),
        ([0.1, 0.2, 0.3, 0.4], {"strata": ["a", "a", "b", "b"], "weights": [1.0]}, "2 strata need"),
    ],
)
def test_input_that_has_no_mean_difference_is_refused_with_the_reason(
    values: list[float], extra: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(InvalidScores, match=message):
        paired_mean(values, 0.95, **extra)  # type: ignore[arg-type]  # the table above mixes keywords


def test_the_bootstrap_is_near_t_and_refuses_few_differences() -> None:
    found, t = bca_interval(DIFFERENCES, 0.95, np.random.default_rng(1)), paired_mean(DIFFERENCES, 0.95)
    assert (found.low, found.high) == pytest.approx((t.low, t.high), abs=0.01)
    with pytest.raises(InvalidScores, match="promises too much"):
        bca_interval(np.r_[np.zeros(100), np.ones(20)], 0.95, np.random.default_rng(1))
