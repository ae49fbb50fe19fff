"""When rounds end: known well enough, the budget spent, all of them done; and what holds nobody up."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.compare.repeat import groups, repeats
from harness.core.cell import Cell
from harness.core.plan import Plan
from harness.core.record import Completed, Flag, Reading, RunRecord, Step
from harness.core.repetition import Repeated, Repetition
from harness.store.items import LoadedRun
from tests.compare.arms import choice, failed, load_cell, measured, pair, plan_of, suite

RULE = Repetition(rounds=3, max_rounds=10, precision=0.03, budget_minutes=0.0)
Speed = Callable[[str, int], Sequence[Reading]]


def decode(value: float, concurrency: int = 1) -> Reading:
    return Reading("decode", "tok/s", "higher", (value,), concurrency)


def a_plan(rule: Repetition | None = RULE, rounds: int = 10) -> tuple[Plan, list[list[Cell]]]:
    both = [[load_cell("f16", number), load_cell("q4_0", number)] for number in range(rounds)]
    pairs = [pair("speed", after, before) for before, after in both]
    of = plan_of(suite(choice("triage")), [cell for one in both for cell in one], pairs)
    return msgspec.structs.replace(of, repetition=rule), both


def run(rounds: list[list[Cell]], speed: Speed, seconds: float = 10.0) -> list[LoadedRun]:
    """Records of these rounds; `speed` gives a quantization's readings in a round."""
    found = []
    for number, cells in enumerate(rounds):
        for cell in cells:
            one = measured(cell, readings=tuple(speed(cell.quant, number)))
            timed = msgspec.structs.replace(one.record.run, seconds=seconds)
            found.append(LoadedRun(msgspec.structs.replace(one.record, run=timed), one.path, one.sha256))
    return found


def after(plan: Plan, loaded: Sequence[LoadedRun]) -> Repeated:
    """What is said of the plan's one group."""
    records: dict[str, RunRecord] = {one.record.run.cell.id: one.record for one in loaded}
    (found,) = repeats(plan, records.get)
    return found


def close(quant: str, number: int) -> list[Reading]:
    return [decode(100 + number / 2)]


def noisy(quant: str, number: int) -> list[Reading]:
    """The candidate swings by a fifth from round to round."""
    return [decode(100 + number / 2 if quant == "f16" else 100 + 20 * (number % 2))]


def test_rounds_end_when_every_arm_is_known_well_enough() -> None:
    of, rounds = a_plan()
    assert after(of, run(rounds[:2], close)).ended == "open"
    found = after(of, run(rounds[:3], close))
    assert (found.ended, found.rounds, found.planned, found.reading) == ("precise", 3, 10, "decode")
    assert found.precision == pytest.approx(4.302653 * 0.5 / 3**0.5 / 100.5, rel=1e-5)
    assert found.words == "precise to 1.2 % after 3 rounds (target 3 %)"
    assert set(found.not_needed) == {cell.id for cells in rounds[3:] for cell in cells}


def test_one_noisy_arm_keeps_all_going_until_the_plan_has_no_more() -> None:
    of, rounds = a_plan()
    for done in range(3, 10):
        assert after(of, run(rounds[:done], noisy)).ended == "open"
    found = after(of, run(rounds, noisy))
    assert (found.ended, found.arm, found.not_needed) == ("rounds", "pocket q4_0 llama_cpp", ())
    assert "after all 10 rounds of the plan (target 3 %)" in found.words


def test_a_round_that_would_pass_the_budget_is_not_begun() -> None:
    of, rounds = a_plan(msgspec.structs.replace(RULE, budget_minutes=2.0))
    assert after(of, run(rounds[:5], noisy)).ended == "open"  # 20 s a round, 6 of them are 120 s
    found = after(of, run(rounds[:6], noisy))
    assert (found.ended, found.seconds, len(found.not_needed)) == ("budget", 120, 8)
    assert found.words.startswith("budget of 2 min ended after 6 rounds and 2.0 min: precise to ")
    assert after(of, run(rounds[:1], noisy, seconds=600)).ended == "open", "the least number is measured in any case"


def test_a_broken_off_round_is_open_and_nothing_of_it_is_not_needed() -> None:
    of, rounds = a_plan()
    found = after(of, [*run(rounds[:3], noisy), *run(rounds[3:4], noisy)[:1]])
    assert (found.ended, found.rounds, found.not_needed) == ("open", 3, ())


def test_an_arm_that_failed_or_is_invalid_from_the_start_holds_nobody_up() -> None:
    of, rounds = a_plan()
    ended = [failed(cells[1]) for cells in rounds[:3]]
    well = [one for one in run(rounds[:3], close) if one.record.run.cell.quant == "f16"]
    assert after(of, [*well, *ended]).ended == "precise"
    hogged = [measured(cells[1], readings=(decode(1),), flags=(Flag("invalid", "x"),)) for cells in rounds[:3]]
    assert after(of, [*well, *hogged]).ended == "precise"
    found = after(of, [failed(cell) for cells in rounds[:3] for cell in cells])
    assert (found.ended, found.words) == ("unmeasured", "no arm has a valid speed in 3 rounds")


def test_an_invalid_round_is_no_evidence_of_precision() -> None:
    of, rounds = a_plan()
    records = run(rounds[:3], close)
    last = records[-1].record
    assert isinstance(last, Completed)
    outcome = msgspec.structs.replace(last.outcome, flags=(Flag("invalid", "x"),))
    records[-1] = LoadedRun(msgspec.structs.replace(last, outcome=outcome), "", "")
    assert after(of, records).precision > after(of, run(rounds[:3], close)).precision


def test_the_headline_is_decode_at_the_lowest_step_else_throughput() -> None:
    of, rounds = a_plan()
    many = lambda _, number: [decode(10.0 * (number + 1), 8), decode(100 + number / 2, 1)]  # noqa: E731
    assert after(of, run(rounds[:3], many)).step == Step(concurrency=1)
    assert after(of, run(rounds[:3], many)).ended == "precise"
    none = lambda _, number: [Reading("decode", "tok/s", "higher", (), 1, "one token"),  # noqa: E731
                              Reading("throughput", "tok/s", "higher", (50 + number / 4,), 1)]
    assert after(of, run(rounds[:3], none)).reading == "throughput"


def test_equal_rounds_claim_no_precision() -> None:
    of, rounds = a_plan()
    found = after(of, run(rounds[:3], lambda quant, number: [decode(100)]))
    assert found.ended == "open"
    assert "of unknown precision" in found.words


def test_without_a_rule_all_rounds_run_and_their_precision_is_told() -> None:
    of, rounds = a_plan(None, 3)
    assert after(of, run(rounds[:2], close)).ended == "open"
    assert after(of, run(rounds, close)).words == "precise to 1.2 % after all 3 rounds of the plan (target 3 %)"
    assert after(of, run(rounds, noisy)).ended == "rounds"


def test_the_order_of_records_and_the_unit_of_speed_decide_nothing() -> None:
    of, rounds = a_plan()
    rng = np.random.default_rng(1)
    records = run(rounds[:4], noisy)
    shuffled = [records[index] for index in rng.permutation(len(records))]
    assert after(of, shuffled) == after(of, records)
    scaled = run(rounds[:4], lambda quant, number: [decode(1000 * one.samples[0]) for one in noisy(quant, number)])
    assert after(of, scaled).precision == pytest.approx(after(of, records).precision)


def test_rounds_that_were_not_needed_are_no_gap_in_the_comparison() -> None:
    of, rounds = a_plan()
    found = analyse(of, run(rounds[:3], close))
    assert [(one.rounds, one.reason) for one in found.speed] == [(3, "")]
    assert found.repeats[0].ended == "precise"


def test_a_plan_has_one_group_for_each_model_and_load_in_its_order() -> None:
    of, rounds = a_plan()
    (group,) = groups(of)
    assert [list(cells) for cells in group.rounds] == rounds


def test_a_report_says_of_the_rounds_what_those_who_measured_them_saw() -> None:
    """A box that proves slow only beside later cells makes a round invalid, and no ended run a broken-off one."""
    of, rounds = a_plan()
    slow = lambda quant, number: [  # noqa: E731
        *close(quant, number), Reading("canary_copy", "GB/s", "higher", (5.0 if number == 0 else 10.0,) * 2)]
    records = run(rounds[:3], slow)
    found = analyse(of, records)
    assert after(of, records).ended == "precise"
    assert found.repeats == (after(of, records),)
    assert any("memory bandwidth 50 % below" in one.reason for one in found.speed)
