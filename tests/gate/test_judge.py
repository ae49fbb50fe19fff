"""What is held against what, on nights made by hand: guards, verdicts that turned, parts left to other nights."""

import msgspec
import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.compare.summarize import summarize
from harness.core.gate import Finding, NightGate
from harness.core.plan import Plan, Skip
from harness.core.record import Reading, Skipped, Step
from harness.gate.judge import judge
from harness.gate.night import Night
from harness.gate.rules import Rules
from harness.gate.series import past
from harness.store.items import LoadedRun
from tests.compare.arms import (
    MACHINE,
    Arms,
    Scores,
    answers,
    choice,
    flipped,
    frame,
    load_cell,
    measured,
    plan_of,
    quality_cell,
    run_of,
    suite,
)

ARMS = Arms(suite(choice("triage")), replicate=False)
RIGHT = answers(np.random.default_rng(1), 2_000)


def a_night(name: str, plan: Plan, records: list[LoadedRun]) -> Night:
    named = msgspec.structs.replace(plan, night=name)
    return Night(summarize(analyse(named, records)), lambda: named, lambda _: records)


def answered(name: str, full: Scores, small: Scores, arms: Arms = ARMS, **columns: object) -> Night:
    """A night in which full precision and the candidate answered so; `columns` change the candidate's."""
    records = [measured(arms.baseline, frame("triage", {"acc": full})),
               measured(arms.candidate(), frame("triage", {"acc": small}, **columns))]
    return a_night(name, arms.plan, records)


def held(tonight: Night, *references: Night) -> NightGate:
    return judge(tonight, references, past([one.summary for one in references[::-1]]), Rules())


def found(gate: NightGate, kind: str, quant: str = "q4_k_m") -> list[Finding]:
    return [one for one in gate.findings if one.kind == kind and quant in one.arm]


def test_equal_answers_are_the_same_and_few_of_them_undecided() -> None:
    assert held(answered("b", RIGHT, RIGHT), answered("a", RIGHT, RIGHT)).outcome == "passed"
    few = RIGHT[:60]
    gate = held(answered("b", few, few), answered("a", few, few))
    assert gate.outcome == "undecided"
    assert "too few items" in found(gate, "quality")[0].reason


def test_a_small_real_loss_is_the_same_and_says_so() -> None:
    lost = RIGHT.copy()
    lost[np.flatnonzero(lost)[:14]] = 0
    (one,) = found(held(answered("b", RIGHT, lost), answered("a", RIGHT, RIGHT)), "quality")
    assert (one.status, one.lost, one.gained) == ("same", 14, 0)
    assert one.reason == "a small real loss, within the margin"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"prompt_hash": [f"q{n}" for n in range(2_000)]}, "prompts differ on 2000 of 2000 items"),
        ({"first_tokens": "1,1,9"}, "doubled or missing in one night"),
        ({"item_id": [f"j{n:05d}" for n in range(2_000)]}, "items are missing in tonight"),
        ({"finish_reason": "length"}, "cut-off rates differ"),
    ],
)
def test_whatever_keeps_nights_from_being_compared_is_broken(columns: dict[str, object], said: str) -> None:
    gate = held(answered("b", RIGHT, RIGHT, ARMS, **columns), answered("a", RIGHT, RIGHT))
    (one,) = found(gate, "quality")
    assert (gate.outcome, one.status) == ("broken", "broken")
    assert said in one.reason
    assert "baseline" not in one.reason
    assert "candidate" not in one.reason


def test_a_verdict_that_turned_asks_for_a_look_and_is_no_loss_by_itself() -> None:
    rng = np.random.default_rng(2)
    near, beyond = flipped(rng, RIGHT, 0.004, 0.0), flipped(rng, RIGHT, 0.04, 0.0)
    before = answered("a", RIGHT, near)
    (one,) = found(held(answered("b", RIGHT, beyond), before), "verdict")
    assert (one.status, one.reason.startswith("was equivalent, is degraded")) == ("undecided", True)
    assert found(held(answered("b", RIGHT, beyond), answered("a", RIGHT, beyond)), "verdict")[0].status == "same"
    assert found(held(before, answered("b", RIGHT, beyond)), "verdict")[0].status == "better"


def test_both_arms_worse_alike_is_seen_although_every_comparison_looks_fine() -> None:
    worse = flipped(np.random.default_rng(3), RIGHT, 0.05, 0.0)
    gate = held(answered("b", worse, worse), answered("a", RIGHT, RIGHT))
    assert gate.outcome == "worse"
    assert [one.status for one in found(gate, "quality", "f16")] == ["worse"]
    assert found(gate, "verdict")[0].status == "same"


def test_each_arm_is_held_against_the_newest_reference_that_has_it() -> None:
    whole, half = answered("a", RIGHT, RIGHT), plan_of(ARMS.suite, [ARMS.baseline], [])
    later = a_night("b", half, [measured(ARMS.baseline, frame("triage", {"acc": RIGHT}))])
    gate = held(answered("c", RIGHT, RIGHT), later, whole)
    by = {one.arm: one.reference for one in gate.findings if one.kind == "quality"}
    assert by == {ARMS.baseline.arm: later.plan.id, ARMS.candidate().arm: whole.plan.id}
    assert [one.night for one in gate.references] == ["b", "a"]


def test_an_arm_that_no_reference_has_is_named_and_is_not_compared() -> None:
    half = plan_of(ARMS.suite, [ARMS.baseline], [])
    first = a_night("a", half, [measured(ARMS.baseline, frame("triage", {"acc": RIGHT}))])
    gate = held(answered("b", RIGHT, RIGHT), first)
    assert gate.outcome == "passed"
    assert [one.status for one in gate.findings if "q4_k_m" in one.arm] == ["not compared"]
    alone = plan_of(ARMS.suite, [ARMS.candidate()], [])
    nothing = held(a_night("b", alone, [measured(ARMS.candidate(), frame("triage", {"acc": RIGHT}))]), first)
    assert nothing.outcome == "broken", "a night of which nothing could be compared has not passed"


def test_other_options_are_compared_and_named() -> None:
    changed = [msgspec.structs.replace(cell, options={"n_ctx": 512}) for cell in (ARMS.baseline, ARMS.candidate())]
    records = [measured(cell, frame("triage", {"acc": RIGHT})) for cell in changed]
    gate = held(a_night("b", plan_of(ARMS.suite, changed, []), records), answered("a", RIGHT, RIGHT))
    assert gate.outcome == "passed"
    assert gate.changed == (f"options: n_ctx None -> 512 ({changed[0].arm}, {changed[1].arm})",)


def test_other_limits_are_other_questions() -> None:
    cell = quality_cell(ARMS.suite, "f16", limit=100)
    tonight = a_night("b", plan_of(ARMS.suite, [cell], []), [measured(cell, frame("triage", {"acc": RIGHT[:100]}))])
    gate = held(tonight, answered("a", RIGHT, RIGHT))
    assert gate.outcome == "broken"
    assert "item limits differ" in gate.findings[0].reason


def speed(name: str, *readings: Reading, fingerprint: str = "box-a") -> Night:
    cell = load_cell("f16", 0)
    machine = msgspec.structs.replace(MACHINE, fingerprint=fingerprint)
    return a_night(name, plan_of(ARMS.suite, [cell], []), [measured(cell, readings=readings, machine=machine)])


def decode(value: float) -> Reading:
    return Reading("decode", "tok/s", "higher", (value,), 1)


DECODE = decode(50.0)
ENERGY = Reading("energy", "J/tok", "lower", (2.0,), 1)


def test_a_figure_that_is_gone_is_broken() -> None:
    gone = Reading("energy", "J/tok", "lower", (), 1, reason="no sensor")
    gate = held(speed("b", DECODE, gone), speed("a", DECODE, ENERGY))
    assert [(one.name, one.status) for one in gate.findings] == [("energy", "broken"), ("decode", "learning")]


def test_a_new_step_and_a_figure_that_only_informs_fail_nothing() -> None:
    step = Step(concurrency=8)
    more = (msgspec.structs.replace(DECODE, concurrency=8, step=step), Reading("load_time", "s", "lower", (9.0,)))
    gate = held(speed("b", DECODE, *more), speed("a", DECODE, Reading("load_time", "s", "lower", (1.0,))))
    assert gate.outcome == "passed"
    by = {(one.name, one.step.concurrency): (one.status, one.gated) for one in gate.findings}
    assert by == {("decode", 1): ("learning", True), ("decode", 8): ("not compared", True),
                  ("load_time", 0): ("learning", False)}


def test_speed_on_other_hardware_is_broken() -> None:
    gate = held(speed("b", DECODE, fingerprint="box-b"), speed("a", DECODE))
    assert gate.outcome == "broken"
    assert {one.name: one.status for one in gate.findings} == {"hardware": "broken", "decode": "not compared"}


def test_a_reference_that_taught_this_box_nothing_is_another_boxs() -> None:
    own = [speed(f"n{number}", decode(50.0 + number % 2)) for number in range(12)]
    gate = judge(speed("b", DECODE), [speed("a", DECODE)], past([one.summary for one in own]), Rules())
    (one,) = [one for one in gate.findings if one.kind == "figure"]
    assert (one.status, one.reason, one.change) == ("not compared", "the reference is another box's", None)


def test_a_night_of_which_only_what_decides_nothing_could_be_compared_is_broken() -> None:
    slow = Reading("load_time", "s", "lower", (1.0,))
    gate = held(speed("b", DECODE, slow), speed("a", slow))
    assert {one.name: one.status for one in gate.findings} == {
        "night": "broken", "decode": "not compared", "load_time": "learning"}
    assert gate.outcome == "broken"


def test_flips_are_counted_of_right_and_wrong_alone() -> None:
    partial = np.full(RIGHT.size, 0.5)
    (one,) = found(held(answered("b", RIGHT, partial), answered("a", RIGHT, partial * 1.5)), "quality")
    assert (one.lost, one.gained, one.before, one.after) == (None, None, 0.75, 0.5)


def test_what_is_left_to_another_night_is_said_and_fails_nothing() -> None:
    later = Skipped(run_of(ARMS.candidate()), "the night was over", later=True)
    plan = msgspec.structs.replace(ARMS.plan, skips=(Skip("q8_0", "does not fit into 6 h"),))
    tonight = a_night("b", plan, [measured(ARMS.baseline, frame("triage", {"acc": RIGHT})),
                                  LoadedRun.of(later, "results/x", "cd" * 32, None)])
    gate = held(tonight, answered("a", RIGHT, RIGHT))
    assert gate.elsewhere == ("q8_0: does not fit into 6 h", f"{ARMS.candidate().label}: the night was over")
    assert gate.outcome == "passed"
    assert {one.arm for one in gate.findings} == {ARMS.baseline.arm}
