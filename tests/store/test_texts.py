"""Texts come back as they were kept, of the items that are asked for, few of them in memory at once."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.core.record import ItemText
from harness.store import texts


def _text(number: int, task: str = "t", reply: str = "r", **more: object) -> ItemText:
    return ItemText(task, f"i{number}", f"prompt {number}", "target", reply, **more)  # type: ignore[arg-type]


def _kept(folder: Path, *found: ItemText) -> Path:
    texts.write(found, folder / texts.NAME)
    return folder / texts.NAME


def test_texts_come_back_whole(tmp_path: Path) -> None:
    hostile = ["\x00", "\u202e\u2028", "half \\ud83d", "a\r\n\tb", "é" * 500_000]
    kept = [_text(n, reply=reply, sample=n, answer="x") for n, reply in enumerate(hostile)]
    kept.append(_text(9, choices=(" a", " b"), logprobs=(-0.5, None)))
    path = _kept(tmp_path, *kept)
    assert list(texts.read(path, "t", [f"i{n}" for n in range(10)])) == kept


def test_only_what_is_asked_for_comes_back(tmp_path: Path) -> None:
    path = _kept(tmp_path, _text(1), _text(2), _text(2, sample=1), _text(2, task="t2"), _text(1, task="u"))
    found = [(one.task, one.item_id, one.sample) for one in texts.read(path, "t", {"i2", "i7"})]
    assert found == [("t", "i2", 0), ("t", "i2", 1)]


def test_members_of_a_group_are_named_as_in_its_pooled_table(tmp_path: Path) -> None:
    path = _kept(tmp_path, _text(1, task="mmlu_law"), _text(1, task="mmlu_art"), _text(1, task="arc"))
    found = list(texts.read(path, "mmlu", {"mmlu_art/i1"}))
    assert [(one.task, one.item_id, one.prompt) for one in found] == [("mmlu", "mmlu_art/i1", "prompt 1")]


def test_a_file_without_texts_has_none(tmp_path: Path) -> None:
    assert list(texts.read(_kept(tmp_path), "t", {"i1"})) == []


@pytest.fixture
def pool() -> Iterator[pa.MemoryPool]:
    """Where Arrow's memory comes from in this test alone; tracemalloc sees nothing of it."""
    usual = pa.default_memory_pool()
    pa.set_memory_pool(one := pa.proxy_memory_pool(usual))
    yield one
    pa.set_memory_pool(usual)


@pytest.mark.slow
def test_three_hundred_long_replies_are_not_held_at_once(tmp_path: Path, pool: pa.MemoryPool) -> None:
    def long_ones() -> Iterator[ItemText]:
        for number in range(300):
            yield _text(number, reply=f"{number} " * 200_000)

    tracemalloc.start()
    texts.write(long_ones(), tmp_path / texts.NAME)
    count = sum(len(one.reply) >= 400_000 for one in texts.read(tmp_path / texts.NAME, "t", {"i1", "i299"}))
    assert count == 2
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    assert 1_000_000 < pool.max_memory() < 60_000_000
    tracemalloc.stop()
    assert pq.ParquetFile(tmp_path / texts.NAME).num_row_groups > 10
