"""Speed by rounds of fresh processes."""

import math

import msgspec

from harness.compare.analyse import analyse
from harness.core.cell import Cell
from harness.core.plan import Plan
from harness.core.record import Reading
from harness.core.verdict import SpeedComparison
from harness.store.items import LoadedRun
from tests.compare.arms import MACHINE, choice, failed, load_cell, measured, pair, plan_of, suite


def plan(rounds: int) -> tuple[Plan, list[tuple[Cell, Cell]]]:
    """f16 and q4_0 in turn."""
    both = [(load_cell("f16", number), load_cell("q4_0", number)) for number in range(rounds)]
    cells = [cell for one in both for cell in one]
    return plan_of(suite(choice("triage")), cells, [pair("speed", after, before) for before, after in both]), both


def decode(*samples: float) -> tuple[Reading, ...]:
    """A decode reading at one sequence."""
    return (Reading("decode", "tok/s", "higher", samples, 1, "" if samples else "no sensor"),)


def rows(of: Plan, records: list[LoadedRun]) -> dict[str, SpeedComparison]:
    """Speed comparisons by reading."""
    return {one.name: one for one in analyse(of, records).speed}


def test_rounds_are_paired_so_that_a_slowing_box_does_not_hide_the_ratio() -> None:
    of, both = plan(3)
    records = []
    for number, (before, after) in enumerate(both):
        speed = 100 - 20 * number
        records.append(measured(before, readings=decode(speed, speed + 1, 3 * speed)))
        records.append(measured(after, readings=decode(2 * speed + 2 + number / 10)))
    found = rows(of, records)["decode"]
    assert found.rounds == 3
    assert found.baseline is not None
    assert found.baseline.score == 81  # the median of each round, then the mean
    assert found.ratio is not None
    assert 1.99 < found.ratio.low < 2 < found.ratio.high < 2.01
    assert found.reason == ""


def test_one_round_gives_values_without_an_interval_and_says_why() -> None:
    of, [(before, after)] = plan(1)
    found = rows(of, [measured(before, readings=decode(10)), measured(after, readings=decode(20))])["decode"]
    assert found.candidate is not None
    assert found.candidate.score == 20
    assert math.isnan(found.candidate.low)
    assert found.ratio is None
    assert "one round in common" in found.reason


def test_a_failed_round_is_named_and_the_others_still_count() -> None:
    of, both = plan(3)
    records = [measured(before, readings=decode(10 + n)) for n, (before, _) in enumerate(both)]
    records += [measured(after, readings=decode(20 + n)) for n, (_, after) in enumerate(both[:2])]
    found = rows(of, [*records, failed(both[2][1])])["decode"]
    assert found.rounds == 2
    assert found.baseline is not None
    assert found.baseline.score == 11
    assert found.reason == "round 3 cannot be compared: the candidate failed (memory): killed"


def test_a_reading_that_cannot_be_known_keeps_its_reason() -> None:
    of, both = plan(2)
    records = [measured(cell, readings=decode()) for one in both for cell in one]
    found = rows(of, records)["decode"]
    assert (found.baseline, found.candidate, found.ratio) == (None, None, None)
    assert found.reason == "no sensor"


def test_equal_readings_claim_no_certainty() -> None:
    of, both = plan(2)
    memory = (Reading("peak_memory", "B", "lower", (1024.0,)),)
    found = rows(of, [measured(cell, readings=memory) for one in both for cell in one])["peak_memory"]
    assert found.ratio is not None
    assert found.ratio.score == 1
    assert math.isnan(found.ratio.low)
    assert found.reason == ""


def test_arms_from_different_boxes_are_not_compared() -> None:
    of, both = plan(2)
    other = msgspec.structs.replace(MACHINE, fingerprint="box-b")
    records = [measured(before, readings=decode(1)) for before, _ in both]
    records += [measured(after, readings=decode(2), machine=other) for _, after in both]
    found = rows(of, records)["all readings"]
    assert found.ratio is None
    assert "different boxes" in found.reason
