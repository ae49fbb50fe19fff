"""What happens in a run, as events: read back from a real store."""

from pathlib import Path

import msgspec
import pytest

from harness.core.cell import Cell
from harness.core.events import CellEnded, CellStarted, PlanEvent, ProgressEvent, RoundsEnded, VerdictEvent
from harness.core.look import Asked
from harness.core.progress import FILE, Progress, TaskProgress
from harness.core.record import Flag, Reading, Sample, Skipped, Step
from harness.core.repetition import Repeated
from harness.live.box import SAMPLES
from tests.live.feed import LOADS, PLAN, QUALITY, Scene, completed, failure, items


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def say(folder: Path, done: int, *, resumed: int = 0, tokens: int = 0) -> None:
    tasks = (TaskProgress("tiny_triage", done, 60, 20, 15.0), TaskProgress("tiny_passage", 0, 40))
    (folder / FILE).write_bytes(msgspec.json.encode(Progress("tiny_triage", tasks, resumed, 10 * tokens, tokens)))


def test_the_plan_is_told_first_with_the_cells_that_may_not_be_needed(scene: Scene) -> None:
    scene.teller.begin()
    (event,) = scene.view.events
    assert isinstance(event, PlanEvent)
    assert [one.cell for one in event.cells] == [cell.id for cell in PLAN.cells]
    assert event.optional == tuple(cell.id for cell in LOADS[4:])


def test_answers_come_with_their_rate_and_what_is_left_of_them(scene: Scene) -> None:
    scene.teller.started(QUALITY[0], 1, 10)
    for scene.clock.now, done in ((1.0, 20), (2.0, 21), (5.0, 60)):
        say(scene.folder, done, resumed=20, tokens=done)
        scene.teller.ticked(scene.folder)
    _, first, second, last = scene.view.events
    assert isinstance(first, ProgressEvent)
    assert isinstance(second, ProgressEvent)
    assert isinstance(last, ProgressEvent)
    assert first.per_second is second.per_second is None, "of the first few answers nothing is said"
    assert (last.done, last.planned, last.per_second, last.cell_left) == (60, 100, 10.0, 4.0)
    assert (last.prompt_tokens_per_second, last.output_tokens_per_second) == (100.0, 10.0)
    assert last.tasks[0].mean == 0.75
    assert last.left.latest == 4.0 + 9.0, "the other quality cell takes as long; of loads nothing is known"
    assert last.left.unknown == 8


def test_in_its_first_half_a_cell_is_thought_to_take_as_long_as_its_sibling_took(scene: Scene) -> None:
    scene.end(completed(QUALITY[0], 50.0))
    scene.teller.started(QUALITY[1], 2, 10)
    for scene.clock.now, done in ((1.0, 1), (10.0, 10), (20.0, 60)):
        say(scene.folder, done)
        scene.teller.ticked(scene.folder)
    lefts = [event.cell_left for event in scene.view.events if isinstance(event, ProgressEvent)]
    assert lefts[:2] == [49.0, 40.0]
    assert lefts[2] == pytest.approx(40 / (59 / 19))


def test_a_log_that_asks_once_knows_a_slow_cells_own_pace_from_its_half(scene: Scene) -> None:
    scene.end(completed(QUALITY[0], 30.0))
    scene.teller.started(QUALITY[1], 2, 10)
    scene.clock.now = 100.0
    say(scene.folder, 60, resumed=10)
    scene.teller.ticked(scene.folder)
    last = scene.view.events[-1]
    assert isinstance(last, ProgressEvent)
    assert (last.per_second, last.cell_left) == (None, 40 / 0.5)


def test_how_long_others_take_is_not_learned_from_a_cell_that_was_resumed(scene: Scene) -> None:
    resumed = completed(QUALITY[0], 3.0)
    scene.end(msgspec.structs.replace(resumed, outcome=msgspec.structs.replace(resumed.outcome, resumed=79)))
    scene.teller.started(QUALITY[1], 2, 10)
    last = scene.view.events[-1]
    assert isinstance(last, CellStarted)
    assert last.expected is None


def test_a_cell_that_is_asked_look_by_look_is_one_cell_and_left_until_its_last(tmp_path: Path) -> None:
    def staged(cell: Cell) -> Cell:
        return msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, staged=True))

    cells = tuple(map(staged, QUALITY))
    scene = Scene(tmp_path, msgspec.structs.replace(PLAN, cells=cells, pairs=()))

    def look(cell: Cell, number: int) -> None:
        scene.teller.started(cell, 1, 2)
        record = completed(cell, 5.0)
        asked = tuple(Asked(task, number, 10 * number, 40) for task in ("tiny_triage", "tiny_passage"))
        outcome = msgspec.structs.replace(record.outcome, asked=asked)
        run = msgspec.structs.replace(record.run, run_id=f"{number}{cell.quant}")
        scene.end(msgspec.structs.replace(record, outcome=outcome, run=run))

    def unknown() -> int:
        ended = scene.view.events[-1]
        assert isinstance(ended, CellEnded)
        assert ended.left is not None
        return ended.left.unknown

    for cell in cells:
        look(cell, 1)
    assert (scene.teller.done, unknown()) == (0, 2)
    scene.teller.looked(1, ["tiny_triage"], ["tiny_passage"])
    look(cells[0], 2)
    assert (scene.teller.done, unknown()) == (0, 2)
    look(cells[1], 3)
    assert (scene.teller.done, unknown()) == (1, 1)
    scene.teller.looked(2, ["tiny_passage"], [])
    assert scene.teller.done == 2


def test_a_progress_that_is_being_written_is_passed_over(scene: Scene) -> None:
    scene.teller.started(QUALITY[0], 1, 10)
    (scene.folder / FILE).write_text('{"task": "tr')
    scene.teller.ticked(scene.folder)
    last = scene.view.events[-1]
    assert isinstance(last, ProgressEvent)
    assert (last.done, last.planned) == (0, 0)


def test_of_a_load_the_sampler_tells_what_the_box_is_like(scene: Scene) -> None:
    scene.teller.started(LOADS[0], 3, 10)
    lines = [Sample(1, "cpu_temperature", 50.0, "C"), Sample(2, "gpu0_temperature", 61.0, "C"),
             Sample(3, "gpu0_power", 250.0, "W"), Sample(4, "cpu_temperature", 52.0, "C")]
    whole = b"".join(msgspec.json.encode(one) + b"\n" for one in lines)
    (scene.folder / SAMPLES).write_bytes(whole + b'{"at_ns": 5, "sens')
    scene.clock.now = 10.0
    scene.teller.ticked(scene.folder)
    last = scene.view.events[-1]
    assert isinstance(last, ProgressEvent)
    assert (last.box.temperature, last.box.power_watts, last.box.memory_used) == (61.0, 250.0, None)
    assert (last.seconds, last.planned) == (10.0, 0)


def test_a_quality_cell_ends_with_its_score_and_a_candidate_with_its_verdicts(scene: Scene) -> None:
    scene.end(completed(QUALITY[0]), *items("tiny_triage", 30), *items("tiny_passage", 20))
    scene.clock.now = 60.0
    scene.end(completed(QUALITY[1]), *items("tiny_triage", 30), *items("tiny_passage", 2))
    first, second, verdict = scene.view.events
    assert isinstance(first, CellEnded)
    assert isinstance(second, CellEnded)
    assert isinstance(verdict, VerdictEvent)
    assert [(one.task, one.value) for one in first.figures] == [
        ("", 0.625), ("tiny_triage", 0.75), ("tiny_passage", 0.5)
    ]
    assert [(one.task, one.verdict) for one in verdict.tasks] == [
        ("tiny_triage", "inconclusive"), ("tiny_passage", "degraded")
    ]
    assert not verdict.final


def test_a_load_ends_with_its_speed_and_what_speaks_against_it(scene: Scene) -> None:
    readings = (Reading("decode", "tok/s", "higher", (40.0,), step=Step(concurrency=8)),
                Reading("decode", "tok/s", "higher", (90.0, 110.0), step=Step(concurrency=1)),
                Reading("ttft", "s", "lower", (), reason="not known"))
    scene.end(completed(LOADS[0], 3.0, readings, Flag("invalid", "lag"), Flag("invalid", "lag"), Flag("degraded", "x")))
    (event,) = scene.view.events
    assert isinstance(event, CellEnded)
    assert [(one.name, one.value) for one in event.figures] == [("decode", 100.0)]
    assert (event.invalid, event.degraded, event.state) == (("lag",), ("x",), "completed")


def test_failures_skips_and_what_was_there_before_say_so(scene: Scene) -> None:
    scene.end(failure(LOADS[0], "out of memory"))
    scene.end(Skipped(failure(LOADS[1]).run, "an earlier round failed"))
    scene.teller.reused(LOADS[2], 5, 10, scene.keep(completed(LOADS[2])))
    states = [(one.state, one.reason) for one in scene.view.events if isinstance(one, CellEnded)]
    assert states == [("failed", "out of memory"), ("skipped", "an earlier round failed"), ("reused", "")]
    assert scene.teller.done == 1


def test_rounds_that_are_not_needed_shorten_what_is_left(scene: Scene) -> None:
    for cell in LOADS[:4]:
        scene.end(completed(cell, 10.0))
    not_needed = tuple(cell.id for cell in LOADS[4:])
    scene.teller.repeated(Repeated("pocket", "tiny", "decode", Step(), "a", 2, 4, float("nan"), 0.03, 40.0, "precise",
                                   "precise", not_needed))
    scene.teller.started(QUALITY[0], 1, 10)
    *_, rounds, started = scene.view.events
    assert isinstance(rounds, RoundsEnded)
    assert isinstance(started, CellStarted)
    assert rounds.precision is None
    assert (started.left.latest, started.left.unknown) == (0.0, 2)
