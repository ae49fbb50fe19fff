"""lm_eval over the fake runtime: items, resumption, order."""

from pathlib import Path

import msgspec
import pytest

from harness.core.cell import Cell, QualityWork
from harness.core.errors import HarnessError
from harness.core.record import ItemResult
from harness.core.runtime import Sampling
from harness.core.suite import Suite
from runners import quality
from runners.journal import Journal
from runners.progress import Reporter
from runners.runtimes import fake
from tests.cells import job, quality_cell


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`measure` changes the working folder, as only a child may."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))


def _run(suite: Suite, cell: Cell, folder: Path) -> tuple[dict[tuple[str, str], ItemResult], quality.SessionLM]:
    assert isinstance(cell.work, QualityWork)
    with fake.open_session(job(cell, folder)) as session, Journal(folder / "journal", "owner") as journal:
        lm = quality.SessionLM(session, journal, cell.work, Reporter(folder / "progress"))
        items = {(item.task, item.item_id): item for item, _ in quality.measure(lm, suite, cell.work)}
    return items, lm


def test_every_item_of_every_task_gets_a_result(suite: Suite, tmp_path: Path) -> None:
    items, lm = _run(suite, quality_cell(suite, skill=1.0), tmp_path)
    assert len(items) == 180
    assert lm.answered == 60 * 2 + 60 + 60
    choice, generated = items["tiny_choice", "i1"], items["tiny_generate", "i1"]
    assert choice.scores == {"acc": 1.0}
    assert generated.scores == {"exact_match": 1.0}
    assert (generated.finish_reason, generated.cluster) == ("stop", "t1")
    assert generated.first_tokens == tuple(b"say gree")


def test_a_rolling_item_keeps_what_corpus_perplexity_needs(suite: Suite, tmp_path: Path) -> None:
    item = _run(suite, quality_cell(suite), tmp_path)[0]["tiny_rolling", "i3"]
    text = "the word is green, number i3"
    assert item.scores["words"] == len(text.split())
    assert item.scores["bytes"] == len(text.encode())
    assert item.scores["loglikelihood"] < 0


def test_a_child_that_died_is_resumed_without_asking_twice(suite: Suite, tmp_path: Path) -> None:
    whole, _ = _run(suite, quality_cell(suite), _made(tmp_path / "whole"))
    broken = quality_cell(suite, fail="raise", fail_after=100)
    with pytest.raises(HarnessError, match="told to fail"):
        _run(suite, broken, _made(tmp_path / "broken"))
    resumed, lm = _run(suite, quality_cell(suite), tmp_path / "broken")
    assert lm.resumed == 100
    assert lm.resumed + lm.answered == 240
    assert resumed == whole


def test_another_order_gives_the_same_items(suite: Suite, tmp_path: Path) -> None:
    cell = quality_cell(suite)
    assert isinstance(cell.work, QualityWork)
    shuffled = msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, order_seed=7))
    assert _run(suite, cell, _made(tmp_path / "a"))[0] == _run(suite, shuffled, _made(tmp_path / "b"))[0]


def test_a_limit_takes_the_first_items(suite: Suite, tmp_path: Path) -> None:
    cell = quality_cell(suite)
    assert isinstance(cell.work, QualityWork)
    limited = msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, limit=4, tasks=("tiny_choice",)))
    items, _ = _run(suite, limited, tmp_path)
    assert sorted(items) == [("tiny_choice", f"i{n}") for n in range(4)]


def test_a_reply_cut_at_the_limit_says_so(suite: Suite, tmp_path: Path) -> None:
    path = Path(suite.include) / "tiny_generate.yaml"
    path.write_text(path.read_text().replace("max_gen_toks: 8", "max_gen_toks: 3"))
    items, _ = _run(suite, quality_cell(suite, skill=1.0), tmp_path)
    assert {items["tiny_generate", f"i{n}"].finish_reason for n in (0, 1)} == {"stop", "length"}


def test_sampling_options_of_a_task_reach_the_runtime_with_a_seed_of_their_own(suite: Suite, tmp_path: Path) -> None:
    path = Path(suite.include) / "tiny_generate.yaml"
    path.write_text(path.read_text().replace("max_gen_toks: 8", "max_gen_toks: 8, temperature: 0.6, top_p: 0.9"))
    seen = []

    class Spy(fake.FakeSession):
        def generate(self, requests):  # type: ignore[no-untyped-def]
            seen.extend(requests)
            return super().generate(requests)

    work = quality_cell(suite).work
    assert isinstance(work, QualityWork)
    with Journal(tmp_path / "journal", "owner") as journal:
        lm = quality.SessionLM(Spy(fake.FakeSettings(), 1.0), journal, work, Reporter(tmp_path / "progress"))
        list(quality.measure(lm, suite, work))
    assert {request.sampling for request in seen} == {Sampling(temperature=0.6, top_p=0.9)}
    assert len({request.seed for request in seen}) == len(seen) == 60


def test_samples_are_drawn_anew_for_generated_items_and_once_for_choices(suite: Suite, tmp_path: Path) -> None:
    cell = quality_cell(suite, skill=0.5)
    assert isinstance(cell.work, QualityWork)
    work = msgspec.structs.replace(cell.work, samples=4, temperature=1.0)
    with fake.open_session(job(cell, tmp_path)) as session, Journal(tmp_path / "journal", "owner") as journal:
        lm = quality.SessionLM(session, journal, work, Reporter(tmp_path / "progress"))
        found = [item for item, _ in quality.measure(lm, suite, work)]
    drawn = [item for item in found if item.task == "tiny_generate"]
    assert sorted({item.sample for item in drawn}) == [0, 1, 2, 3]
    assert len(drawn) == 4 * 60
    assert {item.sample for item in found if item.task == "tiny_choice"} == {0}
    by_item: dict[str, set[float]] = {}
    for item in drawn:
        by_item.setdefault(item.item_id, set()).add(item.scores["exact_match"])
    assert {frozenset(scores) for scores in by_item.values()} >= {frozenset({0.0, 1.0})}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
