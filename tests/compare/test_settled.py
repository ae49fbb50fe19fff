"""When a task needs no further items, and what verdicts at an early look are made of."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.compare.settled import settled
from harness.core.config import Protocol
from harness.core.look import Asked, items_at
from harness.core.record import Completed
from harness.core.verdict import Analysis, Comparison, Verdict
from harness.store.items import LoadedRun
from tests.compare.arms import Arms, Scores, answers, choice, frame, measured, pair, plan_of, suite

TASK = choice("triage")


def at_look(look: int, planned: int, lost: int, gained: int, protocol: Protocol | None = None) -> Comparison:
    """One comparison at a look (0: not staged) whose answers flipped so often."""
    n = items_at(look, planned) if look else planned
    before = answers(np.random.default_rng(1), n, 0.7)
    after = before.copy()
    after[np.flatnonzero(before == 1)[:lost]] = 0
    after[np.flatnonzero(before == 0)[:gained]] = 1
    return analysed(look, planned, (before, after), protocol).comparisons[0]


def analysed(look: int, planned: int, scores: Sequence[Scores], protocol: Protocol | None = None) -> Analysis:
    arms = Arms(suite(TASK), replicate=False, protocol=protocol or Protocol())
    cells = [arms.baseline, arms.candidate()]
    if look:
        cells = [msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, staged=True)) for cell in cells]
    runs = [measured(c, frame("triage", {"acc": values})) for c, values in zip(cells, scores, strict=True)]
    if look:
        asked = Asked("triage", look, scores[0].size, planned)
        runs = [_with_asked(run, asked) for run in runs]
    plan = plan_of(arms.suite, cells, [pair("quality", cells[1], cells[0])], arms.protocol)
    return analyse(plan, runs)


def _with_asked(run: LoadedRun, asked: Asked) -> LoadedRun:
    assert isinstance(run.record, Completed)
    outcome = msgspec.structs.replace(run.record.outcome, asked=(asked,))
    return LoadedRun(msgspec.structs.replace(run.record, outcome=outcome), run.path, run.sha256, run.items)


def is_settled(one: Comparison, family: int = 1) -> bool:
    others = [msgspec.structs.replace(one, task=f"t{n}", candidate_cell="other") for n in range(1, family)]
    return bool(settled([one, *others], frozenset([one.candidate_cell]), 0.05))


def test_the_same_answers_say_less_at_an_early_look_than_as_the_whole_task() -> None:
    early, whole = at_look(1, 1_600, 12, 0), at_look(0, 400, 12, 0)
    assert early.delta == whole.delta
    assert early.low < whole.low < whole.high < early.high
    assert early.low90 < whole.low90 < whole.high90 < early.high90
    assert early.pvalue > whole.pvalue
    assert [row.pvalue for row in early.margins] > [row.pvalue for row in whole.margins]
    assert early.stderr == whole.stderr
    assert (early.look, early.n_planned, early.ended_early) == (1, 1_600, True)
    assert (whole.look, whole.n_planned, whole.ended_early) == (0, 0, False)


def test_the_margin_of_a_big_task_hangs_on_its_planned_items() -> None:
    early = at_look(1, 10_000, 5, 5)
    assert early.n_items == 2_500
    assert early.margin == 0.01
    assert 0.01 in [row.margin for row in early.margins]


@pytest.mark.parametrize(
    ("look", "planned", "lost", "gained", "verdict", "ends"),
    [
        (1, 4_000, 1, 1, Verdict.EQUIVALENT, True),
        (1, 4_000, 20, 20, Verdict.INCONCLUSIVE, False),
        (1, 4_000, 80, 5, Verdict.DEGRADED, True),
        (1, 4_000, 5, 80, Verdict.IMPROVED, True),
        (2, 6_000, 50, 8, Verdict.DEGRADED, False),  # a real loss of 1.4 points: may yet be shown to fit into 2
        (1, 400, 30, 0, Verdict.DEGRADED, True),
        (1, 400, 5, 0, Verdict.INCONCLUSIVE, False),
    ],
)
def test_equivalence_ends_a_task_and_so_does_a_change_beyond_the_margin(
    look: int, planned: int, lost: int, gained: int, verdict: Verdict, ends: bool
) -> None:
    found = at_look(look, planned, lost, gained, Protocol(margin=0.02))
    assert found.verdict is verdict
    assert is_settled(found) is ends


def test_a_change_ends_a_task_only_if_no_other_task_can_take_it_back() -> None:
    found = at_look(2, 400, 14, 1, Protocol(margin=0.02))
    assert found.verdict is Verdict.DEGRADED
    assert is_settled(found, family=2)
    assert not is_settled(found, family=200)


def test_one_open_candidate_keeps_the_task_open_for_all() -> None:
    done, other = (at_look(1, 4_000, flips, flips, Protocol(margin=0.02)) for flips in (1, 20))
    still_open = msgspec.structs.replace(other, candidate_cell="b")
    family = [done, still_open]
    assert settled(family, frozenset([done.candidate_cell]), 0.05) == {"triage"}
    assert settled(family, frozenset([done.candidate_cell, "b"]), 0.05) == frozenset()


def test_arms_that_cannot_be_compared_hold_up_nobody() -> None:
    before = answers(np.random.default_rng(1), 100)
    broken = analysed(1, 400, (before, before[:-1])).comparisons[0]
    assert broken.verdict is Verdict.BROKEN
    assert is_settled(broken)


def test_a_baseline_that_looks_like_chance_at_first_is_asked_on() -> None:
    rng = np.random.default_rng(4)
    before = answers(rng, 100, 0.27)
    found = analysed(1, 400, (before, before), Protocol(margin=0.2)).comparisons[0]
    assert found.note.startswith("no information")
    assert not is_settled(found)


def test_the_claim_names_tasks_that_were_stopped_early() -> None:
    before = answers(np.random.default_rng(1), 1_000)
    claim = analysed(1, 4_000, (before, before)).claims[0]
    assert "stopped early: triage (1,000 of 4,000 items)" in claim.qualifiers
