"""The simulated gate is the product's, and keeps its promise on a few hundred nights."""

import numpy as np
import pytest

from benchmarks.gate import LEARNING, REAL, alarms, evidence, holm_rows, nights, quality_night, unstable
from harness.stats.multiple import holm
from harness.stats.paired import PairedTable, mcnemar


def test_holm_over_rows_is_that_of_the_product_where_some_were_not_tested() -> None:
    rng = np.random.default_rng(1)
    pvalues = rng.random((20, 6)) ** 3
    tested = rng.random((20, 6)) < 0.7
    found = holm_rows(np.where(tested, pvalues, 1.0), tested.sum(axis=-1))
    for row, inside, adjusted in zip(pvalues, tested, found, strict=True):
        np.testing.assert_allclose(adjusted[inside], holm(row[inside]))


def test_pure_noise_raises_no_more_alarms_than_promised() -> None:
    called = alarms(*nights(REAL, LEARNING + 101, 30, np.random.default_rng(4)))[LEARNING + 1 :].any(axis=2)
    assert called.sum(axis=0).mean() <= 1
    reckless = alarms(*nights(REAL, LEARNING + 101, 30, np.random.default_rng(4)), speed_margin=0.0)
    assert reckless.sum() >= called.sum()


def test_eight_per_cent_are_caught_on_a_quiet_box_and_nothing_before_them() -> None:
    logs, within = nights(REAL, 31, 30, np.random.default_rng(5))
    logs[30, :, :8] += np.log(1.08)
    called = alarms(logs, within)
    assert called[30, :, :8].any(axis=1).mean() > 0.9
    assert called[30, :, 8:].any(axis=1).mean() < 0.1


def test_simulated_answers_are_pairs_of_nights() -> None:
    one = evidence(600, 12, 3)
    assert one.delta == pytest.approx(-9 / 600)
    assert one.pvalue == mcnemar(PairedTable(388, 12, 3, 197)).exact
    assert quality_night(1_000, [(25, 2), (0, 0), (3, 3)]) == ["worse", "same", "same"]


def test_tossed_coins_are_no_loss() -> None:
    drawn = unstable(1_000, 0.04, 15, 200, np.random.default_rng(6)).astype(int)
    said = [quality_night(1_000, [tuple(one) for one in night]) for night in drawn.tolist()]
    assert sum("worse" in night for night in said) <= 2
    assert abs(drawn[..., 0].mean() - drawn[..., 1].mean()) < 3
