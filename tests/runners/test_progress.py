"""What a quality child tells while it answers: items by task, and how right they are so far."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from harness.core.cell import QualityWork
from harness.core.progress import Progress, TaskProgress
from harness.core.record import ItemResult
from harness.core.runtime import Generation, Score
from harness.core.suite import Suite, Task
from runners import progress, quality
from runners.journal import Journal
from runners.progress import Reporter
from runners.runtimes import fake
from tests.cells import job, quality_cell


class Clock:
    """Moves by `step` seconds with every look at it."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def run(suite: Suite, folder: Path, clock: Clock, limit: int | None = None) -> tuple[list[ItemResult], Progress]:
    """A cell answered with a reporter on that clock, and what it wrote last."""
    cell = quality_cell(suite, skill=0.5)
    assert isinstance(cell.work, QualityWork)
    work = msgspec.structs.replace(cell.work, limit=limit)
    folder.mkdir()
    with fake.open_session(job(cell, folder)) as session, Journal(folder / "journal", "owner") as journal:
        reporter = Reporter(folder / "progress.json", clock)
        lm = quality.SessionLM(session, journal, work, reporter)
        found = [answer.item for answer in quality.measure(lm, suite, work)]
        reporter._written_at = -1e9
        reporter._write()
    written = (folder / "progress.json").read_bytes()
    return found, msgspec.json.decode(written, type=Progress)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))


def test_items_scored_in_passing_score_as_they_do_in_the_end(suite: Suite, tmp_path: Path) -> None:
    found, told = run(suite, tmp_path / "seen", Clock(1e-5))
    assert (told.done, told.planned) == (180, 180)
    for task in told.tasks:
        metric = next(one.metric for one in suite.tasks if one.task == task.task)
        scores = [one.scores[metric] for one in found if one.task == task.task and metric in one.scores]
        if scores:
            assert task.scored == 60, task.task
            assert task.score == sum(scores), task.task
    assert 0 < told.output_tokens < told.prompt_tokens


def test_scoring_in_passing_changes_nothing_that_is_recorded(suite: Suite, tmp_path: Path) -> None:
    often, _ = run(suite, tmp_path / "often", Clock(0.004))
    never, _ = run(suite, tmp_path / "never", Clock(0.0))
    assert often == never


def test_a_limit_is_known_before_the_first_answer(suite: Suite, tmp_path: Path) -> None:
    _, told = run(suite, tmp_path / "limited", Clock(1e-5), limit=7)
    assert [one.planned for one in told.tasks] == [7] * len(suite.tasks)


class Ensemble:
    """lm_eval's filter that takes the first of an item's replies."""

    def apply(self, instances: list[Any]) -> None:
        for one in instances:
            one.filtered_resps["none"] = one.resps[0]


class Dear:
    """A task whose items take as long as `clock` says to score, and that plays with what it is given."""

    def __init__(self, count: int, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds, self.asked = clock, seconds, 0
        self._filters = [Ensemble()]
        self.instances = [
            SimpleNamespace(task_name="dear", doc_id=n, idx=0, repeats=1, doc={"n": n}, resps=[], filtered_resps={})
            for n in range(count)
        ]

    def process_results(self, doc: dict[str, int], _: list[str]) -> dict[str, float]:
        self.asked += 1
        self._clock.now += self._seconds
        random.random()
        np.random.random()
        return {"acc": float(doc.pop("n") % 2)}


def answer(task: Dear, clock: Clock, folder: Path, owners: tuple[str, ...] = ("dear",)) -> Progress:
    reporter = Reporter(folder / "p", clock)
    reporter.plan({Task(name, "", "acc", "generate"): 0 for name in owners})
    reporter.load({"dear": task})
    reporter.ask()
    for one in task.instances:
        clock.now += 1.5
        reporter.saw(one, Generation("x", 1, 2, "stop", ()), "x")
    return msgspec.json.decode((folder / "p").read_bytes(), type=Progress)


def test_a_task_whose_items_take_long_to_score_is_left_to_the_end(tmp_path: Path) -> None:
    clock = Clock(0.0)
    task = Dear(20, clock, 2 * progress.DEAREST_SECONDS)
    told = answer(task, clock, tmp_path)
    assert task.asked == 1
    assert told.tasks[0].done == 20


def test_scoring_leaves_documents_and_random_numbers_as_they_were(tmp_path: Path) -> None:
    clock = Clock(0.0)
    task = Dear(20, clock, 0.001)
    random.seed(5)
    np.random.seed(5)
    expected = random.Random(5).random(), np.random.RandomState(5).random_sample()
    told = answer(task, clock, tmp_path)
    assert (random.random(), np.random.random()) == expected
    assert all("n" in one.doc and not one.resps for one in task.instances)
    assert (told.tasks[0].scored, told.tasks[0].mean) == (20, 0.5)


def test_scoring_takes_its_share_of_a_second_and_no_more(tmp_path: Path) -> None:
    clock = Clock(0.0)
    task = Dear(20, clock, 2 * progress.SCORING_SECONDS)
    reporter = Reporter(tmp_path / "p", clock)
    reporter.plan({Task("dear", "", "acc", "generate"): 20})
    reporter.load({"dear": task})
    reporter.ask()
    for one in task.instances:
        clock.now += 0.3
        reporter.saw(one, Score(-1.0, True, 1, 2, ()), (-1.0, True))
    assert task.asked == 5, "one at each time of writing"


def test_an_item_that_cannot_be_scored_alone_ends_nothing(tmp_path: Path) -> None:
    clock = Clock(0.0)
    task = Dear(5, clock, 0.0)
    for one in task.instances:
        one.doc.clear()
    assert answer(task, clock, tmp_path).tasks[0] == TaskProgress("dear", 5, 5)


def test_members_of_a_group_are_told_under_its_name(tmp_path: Path) -> None:
    clock = Clock(0.0)
    task = Dear(4, clock, 0.0)
    for one in task.instances:
        one.task_name = "group_dear"
    reporter = Reporter(tmp_path / "p", clock)
    reporter.plan({Task("group", "", "acc", "generate"): 0})
    reporter.load({"group_dear": task})
    reporter.ask()
    for one in task.instances:
        clock.now += 1.5
        reporter.saw(one, Generation("x", 1, 2, "stop", ()), "x", resumed=True)
    told = msgspec.json.decode((tmp_path / "p").read_bytes(), type=Progress)
    assert [(one.task, one.done, one.planned, one.scored) for one in told.tasks] == [("group", 4, 4, 4)]
    assert (told.resumed, told.output_tokens) == (4, 0)
