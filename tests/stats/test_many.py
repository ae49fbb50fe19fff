"""Many p-values, many tasks, many rounds."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import InvalidScores
from harness.stats.multiple import benjamini_hochberg, holm, partial_conjunction
from harness.stats.paired import PairedTable, mcnemar
from harness.stats.pooling import share_within
from harness.stats.proportion import wilson
from harness.stats.spread import corpus_ratio, mean_interval, ratio_interval

pvalues = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_holm_multiplies_the_smallest_most() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).size == 0


def test_adjusted_pvalues_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    for found in ([0.5], [0.01, 0.04, 0.03, 0.005, 0.04], list(np.random.default_rng(2).beta(0.3, 2, 40))):
        assert holm(found) == pytest.approx(multipletests(found, method="holm")[1])
        assert benjamini_hochberg(found) == pytest.approx(multipletests(found, method="fdr_bh")[1])


@given(pvalues)
def test_adjusted_pvalues_are_never_smaller_and_keep_the_order(found: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(found)
        assert (adjusted >= np.asarray(found) - 1e-12).all()
        assert (np.diff(adjusted[np.argsort(found)]) >= -1e-12).all()


@pytest.mark.parametrize(("n", "flips"), [(250, 0.01), (1_000, 0.05), (1_000, 0.2)])
def test_a_family_of_replicates_is_called_changed_in_under_five_percent_of_runs(n: int, flips: float) -> None:
    """Exact McNemar and Holm on five tasks where losses and gains are equally likely; 2,000 runs."""
    rng = np.random.default_rng(12)
    all_flips = rng.binomial(n, flips, (2_000, 5))
    lost = rng.binomial(all_flips, 0.5)
    tables = [
        [PairedTable(n - total, some, total - some, 0) for total, some in zip(row, part, strict=True)]
        for row, part in zip(all_flips.tolist(), lost.tolist(), strict=True)
    ]
    alarms = np.mean([holm([mcnemar(table).exact for table in run]).min() < 0.05 for run in tables])
    assert alarms < 0.05


def test_partial_conjunction_asks_the_u_th_smallest() -> None:
    found = [0.001, 0.01, 0.02, 0.5, 0.9]
    assert partial_conjunction(found, 3) == pytest.approx(3 * 0.02)
    assert partial_conjunction(found, 1) == pytest.approx(5 * 0.001)
    assert partial_conjunction(found, 5) == pytest.approx(0.9)


def test_partial_conjunction_keeps_its_error_rate() -> None:
    """Of 5 tasks 2 are truly within: "most are" must be claimed in at most 5 % of runs."""
    rng = np.random.default_rng(8)
    runs = np.concatenate([rng.uniform(0, 1e-6, (4_000, 2)), rng.uniform(0, 1, (4_000, 3))], axis=1)
    claimed = np.mean([partial_conjunction(run, 3) < 0.05 for run in runs])
    assert claimed < 0.06


@pytest.mark.parametrize("wrong", [[0.1, math.nan], [1.2], [-0.1], [[0.1]]])
def test_what_is_not_a_pvalue_is_refused(wrong: list[float]) -> None:
    with pytest.raises(InvalidScores, match="between 0 and 1"):
        holm(wrong)


def test_more_conjunctions_than_hypotheses_are_refused() -> None:
    with pytest.raises(InvalidScores, match="3 of 2"):
        partial_conjunction([0.1, 0.2], 3)


def test_tasks_well_within_the_margin_share_it_and_tasks_far_out_do_not() -> None:
    near = share_within([0.0, 0.001, -0.002, 0.001], [0.004] * 4, 0.02)
    far = share_within([-0.08, -0.07, -0.09, -0.06], [0.004] * 4, 0.02)
    assert near.most > 0.99
    assert near.share > 0.98
    assert far.most < 0.01


def test_the_share_on_the_margin_is_near_a_half() -> None:
    assert share_within([0.02] * 5, [0.004] * 5, 0.02).share == pytest.approx(0.5, abs=0.03)


def test_the_posterior_agrees_with_brute_force() -> None:
    """Importance sampling from the same prior, written down once more without any algebra."""
    delta, se = np.array([-0.03, 0.0, 0.005, -0.01]), np.array([0.01, 0.008, 0.012, 0.006])
    rng = np.random.default_rng(4)
    draws = 400_000
    mu, tau = rng.uniform(-0.1, 0.1, draws), np.abs(rng.normal(0, 0.02, draws))
    theta = mu[:, None] + tau[:, None] * rng.normal(size=(draws, 4))
    weight = np.exp(-(((delta - theta) / se) ** 2).sum(axis=1) / 2)
    inside = (np.abs(theta) < 0.02).sum(axis=1)
    found = share_within(delta, se, 0.02)
    assert found.most == pytest.approx(float(np.average(inside > 2, weights=weight)), abs=0.02)
    assert found.share == pytest.approx(float(np.average(inside / 4, weights=weight)), abs=0.02)


@pytest.mark.parametrize(
    ("deltas", "stderrs"), [([0.1], [0.1]), ([0.1, 0.2], [0.1, 0.0]), ([0.1, math.nan], [0.1, 0.1])]
)
def test_tasks_that_cannot_be_pooled_are_refused(deltas: list[float], stderrs: list[float]) -> None:
    with pytest.raises(InvalidScores):
        share_within(deltas, stderrs, 0.02)


def test_wilson_is_the_score_interval_of_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(17, 40, 0.05, "wilson")
    found = wilson(17 / 40, 40, 0.95)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert wilson(0.0, 40, 0.95).low == 0.0
    assert wilson(1.0, 40, 0.95).high == 1.0


def test_rounds_give_a_t_interval_and_one_round_none() -> None:
    found = mean_interval([10.0, 11.0, 12.0])
    half = 4.302652729696142 / math.sqrt(3)
    assert (found.score, found.low, found.high) == pytest.approx((11, 11 - half, 11 + half))
    assert math.isnan(mean_interval([10.0]).low)


def test_a_ratio_by_round_takes_the_drift_out() -> None:
    baseline = np.array([10.0, 15.0, 20.0])
    found = ratio_interval(2 * baseline * np.array([1.01, 0.99, 1.0]), baseline)
    assert found.score == pytest.approx(2, rel=1e-3)
    assert 1.9 < found.low < 2 < found.high < 2.1
    with pytest.raises(InvalidScores, match="positive"):
        ratio_interval([1.0, 0.0], [1.0, 1.0])


def test_a_perplexity_ratio_is_that_of_the_corpus_with_both_arms_moving_together() -> None:
    rng = np.random.default_rng(6)
    words = rng.integers(50, 500, 200).astype(float)
    baseline = -3 * words + rng.normal(0, 40, 200)
    candidate = baseline - 0.02 * words + rng.normal(0, 1, 200)
    found = corpus_ratio(baseline, candidate, words)
    assert found.score == pytest.approx(math.exp((baseline.sum() - candidate.sum()) / words.sum()))
    assert 1.015 < found.low < found.high < 1.025
    assert math.isnan(corpus_ratio(baseline, baseline, words).low)


def test_the_perplexity_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(400):
        words = rng.integers(20, 200, 40).astype(float)
        gap = 0.05 * words + rng.normal(0, 0.1 * words)
        found = corpus_ratio(np.zeros(40), -gap, words)
        hits += found.low < math.exp(0.05) < found.high
    assert 0.915 < hits / 400 < 0.985


def test_planning_starts_without_numpy() -> None:
    code = "import sys, harness.stats.planning; sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
