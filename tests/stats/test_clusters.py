"""Items that come in clusters: what they are worth, the exact test by cluster, and where both meet the simple case."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import InvalidScores
from harness.stats import clusters
from harness.stats.clusters import INDEPENDENT, design, sign_flip
from harness.stats.equivalence import noninferiority, tost
from harness.stats.paired import PairedTable, bounded_table, mcnemar, paired_mean, tango_interval

FLIPS = st.lists(st.sampled_from([-1.0, 0.0, 0.0, 1.0]), min_size=2, max_size=120)


def in_tens(n: int) -> np.ndarray:
    """Clusters of ten items each."""
    return np.arange(n) // 10


@given(FLIPS)
def test_clusters_of_one_item_are_independent_items_and_the_test_is_mcnemars(values: list[float]) -> None:
    alone = np.arange(len(values))
    assert design(values, alone) == INDEPENDENT
    table = PairedTable(1, values.count(-1.0), values.count(1.0), 0)
    assert sign_flip(values, alone) == pytest.approx(mcnemar(table).exact)


@given(FLIPS, st.integers(1, 8))
def test_the_exact_test_agrees_with_trying_all_signs(values: list[float], size: int) -> None:
    groups = np.arange(len(values)) // size
    nets = np.bincount(groups, values)
    nets = nets[nets != 0][:10]
    if not nets.size:
        return
    sums = [abs(sum(s * net for s, net in zip(signs, nets, strict=True))) for signs in
            itertools.product((-1, 1), repeat=nets.size)]
    kept = np.repeat(np.sign(nets), np.abs(nets).astype(int))
    names = np.repeat(np.arange(nets.size), np.abs(nets).astype(int))
    assert sign_flip(kept, names) == pytest.approx(np.mean(np.array(sums) >= abs(nets.sum())))


def test_with_very_many_flips_the_normal_curve_takes_over_without_a_jump() -> None:
    table = PairedTable(0, 100_700, 99_800, 0)
    values = np.r_[np.full(100_700, -1.0), np.ones(99_800)]
    assert table.n > clusters.EXACT_FLIPS
    assert sign_flip(values, np.arange(values.size)) == pytest.approx(mcnemar(table).exact, rel=1e-3)


def test_a_table_that_copies_each_item_ten_times_is_worth_the_items_copied() -> None:
    rng = np.random.default_rng(2)
    once = rng.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.8, 0.1])
    found = design(np.repeat(once, 10), np.repeat(np.arange(400), 10))
    assert found.groups == 400
    assert found.effect == pytest.approx(10, rel=0.1)
    assert sign_flip(np.repeat(once, 10), np.repeat(np.arange(400), 10)) == pytest.approx(
        sign_flip(once, np.arange(400))
    )


def test_with_many_flips_the_effect_is_that_of_the_cluster_robust_error() -> None:
    rng = np.random.default_rng(3)
    shift = np.repeat(rng.normal(0, 0.3, 500), 8)
    values = np.clip(shift + rng.normal(0, 0.3, 4_000), -1, 1)
    groups = np.repeat(np.arange(500), 8)
    robust = paired_mean(values, 0.95, clusters=groups).stderr / paired_mean(values, 0.95).stderr
    assert design(values, groups).effect == pytest.approx(robust**2, rel=0.02)


def test_flips_spread_evenly_over_clusters_are_never_worth_more_than_independent_ones() -> None:
    values = np.where(np.arange(2_000) % 10 == 0, -1.0, 0.0)
    assert design(values, in_tens(2_000)).effect == 1


def test_without_a_flip_the_prior_speaks_and_the_interval_has_a_width() -> None:
    found = design(np.zeros(500), in_tens(500))
    assert found.effect == pytest.approx(1 + 9 * 0.15)
    assert found.dof == 49
    assert tost(np.zeros(500), 0.02, design=found).high > tost(np.zeros(500), 0.02).high > 0


def test_a_single_cluster_is_worth_one_item() -> None:
    found = design(np.zeros(500), np.zeros(500, dtype=np.int64))
    assert (found.groups, found.effect) == (1, 500)
    limits = tost(np.zeros(500), 0.02, design=found)
    assert limits.high == pytest.approx(tango_interval(PairedTable(1, 0, 0, 0), 0.90).high)


@given(FLIPS, st.integers(2, 9))
def test_order_names_and_arms_of_clusters_do_not_matter(values: list[float], size: int) -> None:
    groups = np.arange(len(values)) // size
    order = np.random.default_rng(len(values)).permutation(len(values))
    there, back = design(values, groups), design(-np.array(values)[order], 7 + 3 * groups.max() - groups[order])
    assert (there.effect, there.dof) == pytest.approx((back.effect, back.dof))
    assert sign_flip(values, groups) == pytest.approx(sign_flip(-np.array(values)[order], groups[order]))
    assert 1 <= there.effect <= len(values)
    assert there.dof > 0


@given(FLIPS, st.integers(2, 9), st.floats(0.01, 0.3))
def test_the_clustered_tost_and_its_interval_agree(values: list[float], size: int, margin: float) -> None:
    worth = design(values, np.arange(len(values)) // size)
    found = tost(bounded_table(values), margin, design=worth)
    if abs(found.pvalue - 0.05) > 1e-9:
        assert found.equivalent == (-margin < found.low and found.high < margin)
    plain = tost(bounded_table(values), margin)
    assert found.low <= plain.low
    assert found.high >= plain.high
    assert noninferiority(bounded_table(values), margin, design=worth).low == found.low


def test_partial_scores_in_clusters_widen_the_t_interval() -> None:
    rng = np.random.default_rng(4)
    values = np.clip(np.repeat(rng.normal(0, 0.1, 60), 10) + rng.normal(0, 0.1, 600), -1, 1)
    worth = design(values, in_tens(600))
    clustered, plain = tost(values, 0.05, design=worth), tost(values, 0.05)
    assert clustered.high - clustered.low > 1.5 * (plain.high - plain.low)


def test_clusters_that_do_not_fit_and_fractional_flips_are_refused() -> None:
    with pytest.raises(InvalidScores, match="each of 3 items, but 2"):
        design([0.0, 1.0, 0.0], np.array([0, 1]))
    with pytest.raises(InvalidScores, match="0 or 1"):
        sign_flip([0.5, 0.0], np.array([0, 0]))
    with pytest.raises(InvalidScores, match="nan"):
        design([math.nan, 0.0], np.array([0, 0]))
