"""Random-effects pooling: agreement with statsmodels, coverage of the prediction interval, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from harness.core.errors import InvalidScores
from harness.stats.pooling import random_effects, share_within

DELTAS = [-0.031, 0.002, -0.012, 0.006, -0.045, -0.020]
STDERRS = [0.008, 0.006, 0.010, 0.005, 0.012, 0.007]


def test_the_mean_its_limits_and_the_spread_between_tasks_are_those_of_statsmodels() -> None:
    found = random_effects(DELTAS, STDERRS)
    theirs = combine_effects(np.array(DELTAS), np.array(STDERRS) ** 2, method_re="iterated", use_t=True, atol=1e-14)
    assert found.tau == pytest.approx(math.sqrt(theirs.tau2), rel=1e-4)
    assert (found.estimate, found.stderr) == pytest.approx((theirs.mean_effect_re, theirs.sd_eff_w_re), rel=1e-4)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.conf_int(use_t=True)[1]), rel=1e-3)


def test_the_prediction_interval_is_that_of_higgins_thompson_and_spiegelhalter() -> None:
    found = random_effects(DELTAS, STDERRS)
    half = 2.7764451 * math.hypot(found.tau, found.stderr)
    assert found.prediction_high - found.estimate == pytest.approx(half)
    assert found.estimate - found.prediction_low == pytest.approx(half)
    assert found.prediction_low < found.low < found.high < found.prediction_high


def test_tasks_that_agree_have_no_spread_and_still_an_interval() -> None:
    found = random_effects([0.001] * 5, [0.01] * 5)
    assert found.tau == 0
    assert found.stderr == pytest.approx(0.01 / math.sqrt(5))
    assert found.low < 0 < found.high


def test_the_prediction_interval_holds_the_next_task_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    runs, hits = 1_500, 0
    for _ in range(runs):
        se = rng.uniform(0.004, 0.012, 8)
        truth = rng.normal(-0.01, 0.015, 9)
        found = random_effects(truth[:8] + rng.normal(0, se), se)
        hits += found.prediction_low <= truth[8] <= found.prediction_high
    assert 0.92 < hits / runs < 0.98


@given(st.permutations(range(6)))
def test_the_order_of_tasks_does_not_matter(order: list[int]) -> None:
    shuffled = random_effects([DELTAS[i] for i in order], [STDERRS[i] for i in order])
    assert shuffled.estimate == pytest.approx(random_effects(DELTAS, STDERRS).estimate)


def test_fewer_than_five_tasks_are_listed_and_not_pooled() -> None:
    with pytest.raises(InvalidScores, match="list 4 tasks, don't pool"):
        random_effects(DELTAS[:4], STDERRS[:4])


@pytest.mark.parametrize("wrong", [[0.0] * 6, [math.nan] * 6, [0.01] * 5])
def test_standard_errors_that_are_none_are_refused(wrong: list[float]) -> None:
    with pytest.raises(InvalidScores, match="pooling needs"):
        random_effects(DELTAS, wrong)


@pytest.mark.parametrize("margin", [0.0, math.nan, [0.01, 0.02]])
def test_margins_that_are_none_are_refused(margin: float) -> None:
    with pytest.raises(InvalidScores, match="margin above 0"):
        share_within(DELTAS, STDERRS, margin)
