"""The pocket data generator: the same from a seed, and nothing of the test items in the training stream."""

import hashlib
import random
from pathlib import Path

import pytest

from tools.pocket import items, stream
from tools.pocket.arithmetic import work
from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id, is_held_out

CHUNKS = 15  # about thirty thousand samples
TASKS = {"pocket_triage", "pocket_extract", "pocket_passage", "pocket_completion", "pocket_arithmetic", "pocket_prose"}


def digest(sample: Sample) -> bytes:
    """What makes two samples the same: the text the model reads before it answers."""
    return hashlib.sha256((sample.prompt or sample.answer).encode()).digest()


@pytest.fixture(scope="module")
def training() -> list[Sample]:
    """The first chunks of the training stream."""
    return [sample for number in range(CHUNKS) for sample in stream.chunk(0, number)]


@pytest.fixture(scope="module")
def tests_items() -> list[Sample]:
    """Every item of the suite, made again."""
    return [sample for module, levels in items.GRADES for sample in items.graded(module, levels)]


def test_a_chunk_is_the_same_from_the_same_seed_and_another_from_another() -> None:
    first = stream.chunk(3, 7)
    assert first == stream.chunk(3, 7)
    assert first != stream.chunk(4, 7)
    assert first != stream.chunk(3, 8)


def test_the_stream_has_every_task_and_level(training: list[Sample]) -> None:
    assert {sample.task for sample in training} == TASKS
    wanted = {(module, level) for module, _, levels in stream.MIX for level in levels}
    assert len({(sample.task, sample.level) for sample in training}) == len(wanted)


def test_no_item_stands_in_the_training_stream(training: list[Sample], tests_items: list[Sample]) -> None:
    assert not {digest(sample) for sample in training} & {digest(sample) for sample in tests_items}


def test_no_wording_crosses_the_fence(training: list[Sample], tests_items: list[Sample]) -> None:
    assert not {sample.template for sample in training} & {sample.template for sample in tests_items}
    assert all(is_held_out(sample.template) for sample in tests_items)
    assert not any(is_held_out(sample.template) for sample in training)


def test_no_entity_or_operand_crosses_the_fence(training: list[Sample], tests_items: list[Sample]) -> None:
    seen = {word.lower() for sample in training for word in sample.held}
    asked = {word.lower() for sample in tests_items for word in sample.held}
    assert len(seen) > 10_000
    assert len(asked) > 1_000
    assert not seen & asked
    assert all(is_held_out(word) for word in asked)


def test_the_stored_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    stored = Path(__file__).parents[2] / "suites" / "data" / "pocket"
    made = items.write(tmp_path)
    assert sorted(path.name for path in made) == sorted(path.name for path in stored.glob("*.jsonl"))
    for path in made:
        assert path.read_bytes() == (stored / path.name).read_bytes()


def test_a_draw_keeps_to_its_side() -> None:
    for side in (True, False):
        draw = Draw(random.Random(1), held_out=side)
        assert all(is_held_out(word) is side for word in draw.words(50))
        assert is_held_out(frame_id("any", draw.frame("any", 9, 9, 9))) is side


@pytest.mark.parametrize(("first", "sign", "second", "steps", "result"), [
    (47, "+", 38, ["7+8=15", "4+3+1=8"], 85),
    (52, "-", 27, ["12-7=5", "5-2-1=2"], 25),
    (100, "-", 1, ["10-1=9", "10-0-1=9", "1-0-1=0"], 99),
    (47, "*", 6, ["7*6=42", "4*6=24", "24+4=28"], 282),
])
def test_worked_steps_are_those_of_column_arithmetic(
        first: int, sign: str, second: int, steps: list[str], result: int) -> None:
    assert work(first, sign, second) == (steps, result)
