"""The simulated rule is the product's, and the simulation sees what stopping does."""

import numpy as np

from benchmarks.coverage_rounds import ends, interval, row
from harness.compare.repeat import repeats
from harness.core.record import RunRecord
from harness.core.repetition import Repetition
from harness.stats.spread import mean_interval
from tests.compare.test_repeat import a_plan, decode, run


def test_rounds_end_where_the_harness_ends_them() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(1, 0.02, (30, 2, 8))
    taken = ends(values, 3, 0.03)
    assert len(set(taken.tolist())) > 3
    of, rounds = a_plan(Repetition(3, 8, 0.03, 0.0), 8)
    for one, expected in zip(values, taken, strict=True):
        speed = lambda quant, number, one=one: [decode(one[int(quant != "f16"), number])]  # noqa: E731
        for done in range(1, 9):
            records: dict[str, RunRecord] = {
                loaded.record.run.cell.id: loaded.record for loaded in run(rounds[:done], speed)
            }
            (found,) = repeats(of, records.get)
            if found.ended != "open":
                break
        assert done == expected


def test_intervals_are_those_of_the_harness() -> None:
    values = np.random.default_rng(2).normal(1, 0.1, (4, 2, 6))
    mean, half = interval(values, np.array([3, 4, 5, 6]))
    for at, rounds in enumerate((3, 4, 5, 6)):
        for arm in range(2):
            found = mean_interval(values[at, arm, :rounds])
            np.testing.assert_allclose((mean[at, arm], half[at, arm]), (found.score, found.high - found.score))


def test_an_arm_that_stops_when_it_looks_precise_is_less_sure_than_it_says() -> None:
    found = row(3, 0.05, 8_000, np.random.default_rng(3))
    assert found.alone < 0.93
    assert 0.94 < found.fixed < 0.96
    assert found.alone < found.covered
