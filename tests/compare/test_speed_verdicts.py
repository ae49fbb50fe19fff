"""Verdicts of speed: the margin of the protocol, steps apart, and rounds that flags speak against."""

import math

import msgspec
import pytest

from harness.compare.analyse import analyse
from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.plan import Plan
from harness.core.record import Flag, Reading, Step
from harness.core.verdict import SpeedComparison
from harness.store.items import LoadedRun
from tests.compare.arms import LOAD, choice, load_cell, measured, pair, plan_of, suite

SLOW = [100.0, 101.0, 99.0, 100.5]
HOG = Flag("invalid", "another process took a core")


def plan(rounds: int = 4, protocol: Protocol | None = None) -> tuple[Plan, list[tuple[Cell, Cell]]]:
    both = [(load_cell("f16", number), load_cell("q4_0", number)) for number in range(rounds)]
    pairs = [pair("speed", after, before) for before, after in both]
    return plan_of(suite(choice("triage")), [cell for one in both for cell in one], pairs, protocol), both


def reading(value: float, name: str = "decode", step: Step | None = None) -> Reading:
    return Reading(name, "tok/s", "higher", (value,), 1, step=step)


def rows(factors: list[float], flags: dict[int, Flag] | None = None, margin: float = 0.03) -> list[SpeedComparison]:
    """Rows where the candidate decodes `factors` times as fast, and what is said against its rounds."""
    of, both = plan(len(factors), Protocol(speed_margin=margin))
    records = []
    for number, (before, after) in enumerate(both):
        said = (flags or {}).get(number)
        records.append(measured(before, readings=(reading(SLOW[number]),)))
        fast = (reading(SLOW[number] * factors[number]),)
        records.append(measured(after, readings=fast, flags=(said,) if said else ()))
    return list(analyse(of, records).speed)


@pytest.mark.parametrize(
    ("factors", "said"),
    [([1.5, 1.52, 1.49, 1.5], "faster"), ([0.9, 0.91, 0.9, 0.89], "slower"), ([0.8, 1.3, 1.0, 1.1], "inconclusive")],
)
def test_a_row_says_what_its_ratio_shows(factors: list[float], said: str) -> None:
    (found,) = rows(factors)
    assert found.verdict == said
    assert (found.validity, found.load, found.reason) == ("valid", LOAD.key, "")


def test_the_margin_of_the_protocol_decides_what_is_the_same() -> None:
    factors = [1.049, 1.05, 1.051, 1.05]
    assert [one.verdict for one in rows(factors)] == ["faster"]
    (found,) = rows(factors, margin=0.1)
    assert found.verdict == "same"
    assert found.reason == "a small difference, but a real one"


def test_a_round_that_a_flag_calls_invalid_counts_nowhere_and_is_said() -> None:
    (clean,) = rows([1.5, 1.52, 1.49, 1.5])
    (found,) = rows([1.5, 1.52, 1.49, 0.1], {3: HOG})
    assert found.verdict == "faster"
    assert found.rounds == 3
    assert found.candidate is not None
    assert clean.candidate is not None
    assert found.candidate.score > 140
    assert found.validity == "valid"
    assert found.reason == "candidate invalid in round 4, left out of the verdict: another process took a core"


def test_where_every_round_is_invalid_the_figure_is_shown_without_a_verdict() -> None:
    (found,) = rows([1.5, 1.52], dict.fromkeys(range(2), HOG))
    assert (found.verdict, found.validity, found.ratio, found.rounds) == ("", "invalid", None, 0)
    assert found.candidate is not None
    assert "candidate invalid in rounds 1, 2" in found.reason


def test_a_figure_that_calls_itself_invalid_has_no_verdict() -> None:
    made, cells = plan(2)
    energy = Reading("energy", "J/tok", "lower", (1.0,), 1, "the window is too short", valid=False)
    short = [measured(cell, readings=(energy,)) for both in cells for cell in both]
    (found,) = analyse(made, short).speed
    assert (found.verdict, found.validity, found.ratio) == ("", "invalid", None)
    assert "the window is too short" in found.reason


def test_a_cell_in_which_the_box_was_slower_than_in_the_others_counts_nowhere() -> None:
    made, cells = plan(4)
    probes = [Reading("canary_copy", "GB/s", "higher", (speed,)) for speed in (10.0, 10.0, 10.0, 6.0)]
    both = [(cell, probe) for of, probe in zip(cells, probes, strict=True) for cell in of]
    rounds = [measured(cell, readings=(reading(100.0), probe)) for cell, probe in both]
    found = next(one for one in analyse(made, rounds).speed if one.name == "decode")
    assert found.rounds == 3
    assert "memory bandwidth 40 % below what this box reached in 7 other cells" in found.reason


def test_a_degraded_round_counts_and_is_said() -> None:
    (found,) = rows([1.5, 1.52, 1.49, 1.5], {0: Flag("degraded", "on battery"), 2: Flag("degraded", "on battery")})
    assert (found.verdict, found.validity, found.rounds) == ("faster", "degraded", 4)
    assert found.reason == "candidate flagged in rounds 1, 3: on battery"


def test_a_flag_of_one_step_leaves_the_others_alone() -> None:
    of, both = plan(2)
    steps = Step(rate=1.0), Step(rate=2.0)
    late = Flag("invalid", "lag", steps[1])
    readings = [tuple(reading(10 + n, step=step) for step in steps) for n in range(2)]
    records = [measured(cell, readings=readings[n], flags=(late,)) for n, one in enumerate(both) for cell in one]
    calm, busy = analyse(of, records).speed
    assert [(one.step, one.validity) for one in (calm, busy)] == [(steps[0], "valid"), (steps[1], "invalid")]
    assert calm.baseline is not None
    assert calm.baseline.score == 10.5


def test_sizes_that_repeat_to_the_byte_have_a_verdict_and_others_that_repeat_have_none() -> None:
    of, both = plan(2)
    def readings(cell: Cell) -> tuple[Reading, ...]:
        size = 4e9 if cell.quant == "f16" else 1e9
        return Reading("weights_memory", "B", "lower", (size,)), Reading("power", "W", "lower", (size,))
    found = {one.name: one for one in analyse(of, [measured(c, readings=readings(c)) for b in both for c in b]).speed}
    assert found["weights_memory"].verdict == "faster"  # less, as of all amounts
    assert found["power"].verdict == "inconclusive"
    ratio = found["weights_memory"].ratio
    assert ratio is not None
    assert ratio.score == pytest.approx(0.25)
    assert math.isnan(ratio.low)


def test_what_the_box_does_is_no_merit_of_an_arm() -> None:
    of, both = plan(3)
    records = [
        measured(cell, readings=(reading(value * (1 + n / 100), "canary_copy"),))
        for n, one in enumerate(both)
        for cell, value in zip(one, (10.0, 20.0), strict=True)
    ]
    assert [one.verdict for one in analyse(of, records).speed] == [""]


def test_an_arm_without_a_baseline_has_its_figures_too() -> None:
    cells = [load_cell("f16", number) for number in range(3)]
    of = plan_of(suite(choice("triage")), cells, [])
    (found,) = analyse(of, [measured(cell, readings=(reading(10 + n),)) for n, cell in enumerate(cells)]).speed
    assert (found.candidate_arm, found.baseline_arm, found.rounds) == (cells[0].arm, "", 3)
    assert found.candidate is not None
    assert found.candidate.score == 11
    assert found.candidate.low > 5
    assert (found.baseline, found.ratio, found.verdict) == (None, None, "")
    assert found.reason == "nothing is compared with this arm"


def test_two_loads_of_one_plan_stay_apart() -> None:
    def other(cell: Cell) -> Cell:
        load = msgspec.structs.replace(LOAD, key="long", prompt_tokens=64)
        return msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, load=load))
    _, both = plan(2)
    both += [(other(before), other(after)) for before, after in both]
    cells = [cell for one in both for cell in one]
    of = plan_of(suite(choice("triage")), cells, [pair("speed", after, before) for before, after in both])
    records: list[LoadedRun] = [measured(cell, readings=(reading(10.0 + n),)) for n, cell in enumerate(cells)]
    assert [(one.load, one.rounds) for one in analyse(of, records).speed] == [("tiny", 2), ("long", 2)]
