"""The noise floor: what nights teach, what they must not, and how a night is held against it."""

import numpy as np
import pytest
from scipy import stats

from harness.stats.floor import LEVEL_NIGHTS, RESOLUTION, Floor, learn, new_era, nothing, shift


def taught(*eras: list[float]) -> Floor:
    floor = nothing()
    for values in eras:
        floor = new_era(floor)
        for value in values:
            floor = learn(floor, value)
    return floor


def noise(count: int, seed: int = 1, spread: float = 0.01) -> list[float]:
    return list(np.random.default_rng(seed).normal(3, spread, count))


def test_the_spread_is_pooled_within_eras_whatever_their_levels() -> None:
    first, second = noise(6, 1), [one + 0.5 for one in noise(5, 2)]
    floor = taught(first, second)
    squares = np.var(first) * 6 + np.var(second) * 5
    assert floor.dof == 9
    assert floor.spread == pytest.approx(np.sqrt(squares / 9))
    assert floor.level == pytest.approx(np.mean(second))


def test_seven_degrees_of_freedom_are_needed() -> None:
    assert not taught(noise(7)).learned
    assert taught(noise(8)).learned
    assert not taught(noise(4), noise(4)).learned, "an era's level costs a night"


def test_the_level_is_that_of_the_first_nights_so_a_creep_does_not_move_it() -> None:
    still = noise(LEVEL_NIGHTS)
    creeping = [*still, *(3 - 0.002 * night for night in range(1, 40))]
    floor = taught(creeping)
    assert floor.level == pytest.approx(np.mean(still))
    away = shift(floor, 3 - 0.08, floor.level, floor.level_nights)
    assert float(away.deviation) == pytest.approx(-0.08, abs=0.01)
    since_last_night = shift(floor, creeping[-1], creeping[-2], 1)
    assert abs(float(since_last_night.deviation)) < 0.01, "no single night shows it"


def test_a_change_that_stays_does_not_widen_the_floor() -> None:
    before = taught(noise(20))
    after = before
    for value in noise(20, seed=2):
        after = learn(after, value - 0.1)
    assert after.spread == before.spread
    assert after.nights == before.nights
    back = learn(after, 3.0)
    assert back.nights == before.nights + 1, "what returns to the level teaches again"
    assert back.spread < 1.1 * before.spread


def test_a_night_that_came_back_was_noise_and_teaches() -> None:
    before = taught(noise(20))
    waiting = learn(before, 3.2)
    assert waiting.spread == before.spread
    returned = learn(waiting, 3.0)
    assert returned.spread > 1.2 * before.spread
    assert returned.dof == before.dof + 2


def test_a_night_without_a_usable_figure_teaches_nothing() -> None:
    before = taught(noise(9))
    after = learn(before, np.nan)
    assert (after.spread, after.dof, after.level) == (before.spread, before.dof, before.level)


def test_a_figure_that_never_moves_is_believed_to_a_thousandth() -> None:
    floor = taught([3.0] * 12)
    assert floor.spread == RESOLUTION
    assert float(shift(floor, 3.0, floor.level, 8).above()) == pytest.approx(0.5)


def test_the_test_is_that_of_a_prediction_by_t() -> None:
    values = noise(12)
    floor = taught(values)
    away = shift(floor, 3.03, floor.level, floor.level_nights)
    stderr = np.std(values, ddof=1) * np.sqrt(1 + 1 / LEVEL_NIGHTS)
    assert float(away.above()) == pytest.approx(stats.t.sf((3.03 - np.mean(values[:8])) / stderr, 11))
    assert float(away.half(0.95)) == pytest.approx(stats.t.ppf(0.975, 11) * stderr)
    noisier = shift(floor, 3.03, floor.level, floor.level_nights, within=0.05)
    assert float(noisier.stderr) == pytest.approx(np.hypot(0.05, np.std(values, ddof=1) / np.sqrt(8)))


def test_many_series_at_once_are_as_each_by_itself() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 0.01, (30, 4))
    values[12:, 1] += 0.2
    values[15, 2] = 0.3
    values[4, 3] = np.nan
    together = nothing((4,))
    for row in values:
        together = learn(together, row)
    for column in range(4):
        alone = taught(list(values[:, column]))
        for name in ("spread", "dof", "level", "level_nights", "nights"):
            assert getattr(together, name)[column] == pytest.approx(float(getattr(alone, name)))
