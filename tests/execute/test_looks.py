"""Groups answer look by look: who is asked what, when a task ends, and that a second pass decides the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from harness.core.cell import Cell, QualityWork
from harness.core.config import Protocol
from harness.core.look import Asked, items_at
from harness.core.plan import Plan
from harness.core.record import Completed
from harness.core.suite import Task
from harness.execute.looks import answer_by_looks, groups
from harness.store.items import LoadedRun
from tests.compare.arms import Scores, choice, failed, frame, measured, pair, plan_of, quality_cell, suite

N = 2_400
CALM, ROUGH = choice("calm"), choice("rough")
DOCUMENTS = Task("documents", "perplexity", "word_perplexity", "rolling", higher_is_better=False)


def staged(cell: Cell) -> Cell:
    return msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, staged=True))


def a_plan(*tasks: Task, quants: Sequence[str] = ("q8_0", "q2_k"), paired: bool = True) -> tuple[Plan, list[Cell]]:
    """A baseline, candidates and the baseline's replicate, margin 2 points."""
    content = suite(*(tasks or (CALM, ROUGH)))
    cells = [staged(quality_cell(content, quant)) for quant in ("f16", *quants)]
    cells.append(staged(quality_cell(content, "f16", replicate=1)))
    pairs = [pair("quality", cell, cells[0]) for cell in cells[1:-1]] + [pair("aa", cells[-1], cells[0])]
    return plan_of(content, cells, pairs if paired else [], Protocol(margin=0.02)), cells


@dataclass
class Engine:
    """Answers from a table, `lost[quant][task]` of the right ones wrong; remembers who was asked what."""

    lost: Mapping[str, Mapping[str, float]]
    breaks: str = ""
    asked: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    told: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    def answer(self, cell: Cell, looks: tuple[int, ...]) -> LoadedRun:
        name = cell.quant + "'" * cell.replicate
        self.asked.append((name, looks))
        if name == self.breaks:
            return failed(cell)
        assert isinstance(cell.work, QualityWork)
        going = list(zip(cell.work.tasks, looks, strict=True))
        run = measured(cell, *(frame(task, {"acc": self._scores(name, task, look)}) for task, look in going))
        assert isinstance(run.record, Completed)
        asked = tuple(Asked(task, look, items_at(look, N), N) for task, look in going)
        outcome = msgspec.structs.replace(run.record.outcome, asked=asked)
        return LoadedRun(msgspec.structs.replace(run.record, outcome=outcome), run.path, run.sha256, run.items)

    def _scores(self, name: str, task: str, look: int) -> Scores:
        rng = np.random.default_rng(len(task))
        right, draw = rng.random(N) < 0.8, rng.random(N)
        found = right & (draw >= self.lost.get(name, {}).get(task, 0.0))
        return found[: items_at(look, N)].astype(float)

    def looked(self, number: int, ended: Sequence[str], going_on: Sequence[str]) -> None:
        self.told.append((number, tuple(ended), tuple(going_on)))


def test_a_settled_task_ends_for_all_arms_and_an_open_one_goes_to_all_items() -> None:
    plan, cells = a_plan()
    engine = Engine({"q2_k": {"calm": 0.3, "rough": 0.025}})
    answer_by_looks(plan, cells, engine.answer, engine)
    arms = ("f16", "q8_0", "q2_k", "f16'")
    assert engine.asked == [(arm, looks) for looks in ((1, 1), (1, 2), (1, 3)) for arm in arms]
    assert engine.told == [(1, ("calm",), ("rough",)), (2, (), ("rough",)), (3, ("rough",), ())]


def test_where_every_verdict_is_settled_nothing_more_is_asked() -> None:
    plan, cells = a_plan()
    engine = Engine({})
    answer_by_looks(plan, cells, engine.answer, engine)
    assert {looks for _, looks in engine.asked} == {(1, 1)}
    assert engine.told == [(1, ("calm", "rough"), ())]


def test_an_arm_that_failed_is_not_asked_again_and_holds_up_nobody() -> None:
    plan, cells = a_plan()
    engine = Engine({"q2_k": {"calm": 0.025}, "q8_0": {"rough": 0.025}}, breaks="q2_k")
    answer_by_looks(plan, cells, engine.answer, engine)
    assert [name for name, _ in engine.asked].count("q2_k") == 1
    assert engine.told[0] == (1, ("calm",), ("rough",))
    assert engine.asked[-1] == ("f16'", (1, 3))


def test_without_a_baseline_that_works_no_second_look_is_taken() -> None:
    plan, cells = a_plan()
    engine = Engine({"q2_k": {"calm": 0.025}}, breaks="f16")
    answer_by_looks(plan, cells, engine.answer, engine)
    assert len(engine.asked) == 4


def test_documents_that_get_no_verdict_are_read_to_the_end_at_once() -> None:
    plan, cells = a_plan(CALM, DOCUMENTS)
    engine = Engine({})
    answer_by_looks(plan, cells, engine.answer, engine)
    assert {looks for _, looks in engine.asked} == {(1, 3)}


def test_where_nothing_is_compared_everything_is_asked_at_once() -> None:
    plan, cells = a_plan(paired=False)
    engine = Engine({})
    answer_by_looks(plan, cells[:1], engine.answer, engine)
    assert engine.asked == [("f16", (3, 3))]
    assert engine.told == []


def test_arms_that_are_compared_make_a_group_and_cells_that_ask_everything_are_in_none() -> None:
    plan, cells = a_plan()
    lonely = staged(quality_cell(plan.suite, "f16", runtime="other"))
    whole = quality_cell(plan.suite, "q4_0")
    wider = msgspec.structs.replace(plan, cells=(lonely, *plan.cells, whole))
    assert groups(wider) == [[lonely], cells]
