"""The noise floor, the relabelling test and the interval with items fixed, against simulated truth and enumeration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import InvalidScores
from harness.stats.noise import flip_rate, noise_floor, one_more_run, this_benchmark
from harness.stats.table import Array


def runs(rng: np.random.Generator, chances: Array, count: int) -> Array:
    """0/1 scores (n, count) of runs in which item i is right with `chances[i]`."""
    return (rng.random((chances.size, count)) < chances[:, None]).astype(float)


def test_equal_runs_have_no_noise() -> None:
    floor = noise_floor(np.repeat([[1.0], [0.0], [1.0]], 4, axis=1))
    assert (floor.runs, floor.flip_rate, floor.largest, floor.band) == (4, 0.0, 0.0, 0.0)


def test_what_too_few_runs_cannot_tell_is_nan() -> None:
    one = noise_floor(np.ones((5, 1)))
    assert math.isnan(one.flip_rate)
    two = noise_floor(np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert (two.flip_rate, two.largest) == (0.5, 0.5)
    assert math.isnan(two.band)


def test_the_band_is_that_of_run_to_run_scores() -> None:
    rng = np.random.default_rng(1)
    chances = np.where(np.arange(2_000) % 10 == 0, 0.5, 1.0)
    floor = noise_floor(runs(rng, chances, 400))
    assert floor.band == pytest.approx(1.96 * math.sqrt(200 * 0.25) / 2_000, rel=0.15)
    assert floor.flip_rate == pytest.approx(0.05, rel=0.1)


def test_flips_between_two_arms_are_averaged_over_their_runs() -> None:
    assert flip_rate(np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])) == 0.25


def test_one_more_run_of_the_baseline_is_seldom_called_another_arm() -> None:
    rng = np.random.default_rng(2)
    chances = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0], size=200)
    found = [one_more_run(runs(rng, chances, 1), runs(rng, chances, 4), rng, 999) for _ in range(400)]
    assert np.mean(np.array(found) < 0.05) <= 0.07
    assert np.mean(np.array(found) < 0.5) > 0.3


@pytest.mark.parametrize("k", [1, 3])
def test_an_arm_that_lost_items_is_told_from_a_run(k: int) -> None:
    rng = np.random.default_rng(3)
    chances = rng.choice([0.1, 0.5, 0.9, 1.0], size=400)
    assert one_more_run(runs(rng, chances * 0.8, k), runs(rng, chances, 4), rng) < 0.001


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3), min_size=1, max_size=4))
def test_relabelling_agrees_with_full_enumeration(rows: list[tuple[float, float, float]]) -> None:
    both = np.array(rows)
    sums = [sum(picked) for picked in itertools.product(*rows)]  # the candidate may be any of each item's answers
    centre, seen = both.sum() / 3, both[:, 0].sum()
    exact = np.mean([abs(one - centre) >= abs(seen - centre) - 1e-9 for one in sums])
    drawn = one_more_run(both[:, :1], both[:, 1:], np.random.default_rng(4), 4_000)
    assert drawn == pytest.approx(exact, abs=0.05)


def test_many_varying_items_give_the_same_answer_as_relabelling_them() -> None:
    rng = np.random.default_rng(5)
    first, second = runs(rng, np.full(900, 0.48), 2), runs(rng, np.full(900, 0.5), 4)
    few = one_more_run(first, second, rng)
    more = one_more_run(np.tile(first, (2, 1)), np.tile(second, (2, 1)), rng)
    z = -math.sqrt(2) * np.interp(few, *_inverse())
    assert more == pytest.approx(math.erfc(abs(z)), abs=0.03)


def _inverse() -> tuple[Array, Array]:
    """p-values, ascending, and minus the |z| / sqrt(2) each stands for."""
    z = np.linspace(5, 0, 2_000)
    return np.array([math.erfc(one) for one in z]), -z


def test_with_items_fixed_the_interval_covers_the_difference_of_their_chances() -> None:
    rng = np.random.default_rng(6)
    before = rng.choice([0.0, 0.1, 0.5, 1.0], size=150)
    after = np.clip(before - rng.choice([0.0, 0.1], size=150), 0, 1)
    truth, covered = float((after - before).mean()), 0
    for _ in range(400):
        found = this_benchmark(runs(rng, after, 4), runs(rng, before, 4), 0.95)
        assert found is not None
        covered += found.low <= truth <= found.high
    assert covered / 400 >= 0.94


def test_noise_that_was_not_seen_still_has_a_width() -> None:
    same = np.ones((100, 3))
    found = this_benchmark(np.ones((100, 1)), same, 0.95)
    assert found is not None
    assert found.low < 0 < found.high
    assert found.high < 0.03


def test_one_answer_an_item_in_each_arm_says_nothing_about_noise() -> None:
    assert this_benchmark(np.ones((9, 1)), np.ones((9, 1)), 0.95) is None


@pytest.mark.parametrize("bad", [np.ones(3), np.full((2, 2), np.nan), np.full((2, 2), 1.5), np.ones((0, 2))])
def test_scores_that_are_none_are_refused(bad: Array) -> None:
    with pytest.raises(InvalidScores):
        noise_floor(bad)
