"""What is kept of prompts, targets and replies: that which was asked and said, and nothing made up."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.core.cell import Cell, QualityWork
from harness.core.digest import text_digest
from harness.core.errors import HarnessError
from harness.core.record import ItemText
from harness.core.runtime import Generation, Score
from harness.core.suite import Suite
from runners import items, quality
from runners.journal import Journal
from runners.progress import Reporter
from runners.runtimes import fake
from runners.texts import text_of
from tests.cells import job, quality_cell

HOSTILE = ["\x00nul", "half \ud83d", "\u202eright to left", "</script><script>", "a\r\nb\tc", "x" * 1_000_000]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`measure` changes the working folder, as only a child may."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))


def _answers(cell: Cell, suite: Suite, folder: Path) -> list[items.Answer]:
    assert isinstance(cell.work, QualityWork)
    folder.mkdir(exist_ok=True)
    with fake.open_session(job(cell, folder)) as session, Journal(folder / "journal", "owner") as journal:
        lm = quality.SessionLM(session, journal, cell.work, Reporter(folder / "progress"))
        return list(quality.measure(lm, suite, cell.work))


def _of(task: str, suite: Suite, folder: Path) -> list[items.Answer]:
    found = _answers(quality_cell(suite, skill=0.5), suite, folder)
    return [answer for answer in found if answer.item.task == task]


def test_a_generated_item_keeps_the_texts_its_hashes_name(suite: Suite, tmp_path: Path) -> None:
    found = _of("tiny_generate", suite, tmp_path)
    assert len(found) == 60
    for item, text in found:
        assert text is not None
        assert (text.item_id, text.prompt) == (item.item_id, f"say {text.target}")
        assert (text_digest(text.prompt), text_digest(text.reply)) == (item.prompt_hash, item.reply_hash)
        assert (text.reply == text.target) == bool(item.scores["exact_match"])


def test_a_choice_keeps_all_choices_the_likeliest_and_the_right_one(suite: Suite, tmp_path: Path) -> None:
    found = _of("tiny_choice", suite, tmp_path)
    assert {bool(item.scores["acc"]) for item, _ in found} == {True, False}
    for item, text in found:
        assert text is not None
        assert (text.prompt, text.choices) == (f"pick{text.target}", (" red", " green"))
        assert text.reply == text.choices[text.logprobs.index(max(filter(None, text.logprobs)))]
        assert (text.reply == text.target) == bool(item.scores["acc"])


def test_a_rolled_text_is_not_kept(suite: Suite, tmp_path: Path) -> None:
    assert {text for _, text in _of("tiny_rolling", suite, tmp_path)} == {None}


def test_a_resumed_child_writes_the_texts_of_replies_it_did_not_ask_for(suite: Suite, tmp_path: Path) -> None:
    whole = _answers(quality_cell(suite), suite, tmp_path / "whole")
    with pytest.raises(HarnessError, match="told to fail"):
        _answers(quality_cell(suite, fail="raise", fail_after=150), suite, tmp_path / "broken")
    assert _answers(quality_cell(suite), suite, tmp_path / "broken") == whole


def _generated(reply: str, **sample: Any) -> ItemText:
    answered = [Generation(reply, 1, 1, "stop", ())]
    made = text_of("t", "i", {"arguments": [("ask", {})], "target": "42", **sample}, answered)
    assert made is not None
    return made


@pytest.mark.parametrize("reply", HOSTILE)
def test_whatever_a_model_says_can_be_written_and_read_again(reply: str, tmp_path: Path) -> None:
    text = _generated(reply)
    line = msgspec.json.encode(text)
    assert msgspec.json.decode(line, type=ItemText) == text
    assert text_digest(text.reply) == text_digest(reply)
    assert text.reply == reply or text.reply == "half \\ud83d"


def test_what_a_filter_took_is_kept_where_it_is_not_the_whole_reply() -> None:
    assert _generated("so it is 42.", filtered_resps=["42"]).answer == "42"
    assert _generated("42", filtered_resps=["42"]).answer == ""
    assert _generated("42", filtered_resps=[["42", "43"]]).answer == ""


def test_several_right_answers_have_a_line_each() -> None:
    assert _generated("x", target=["Paris", "paris"]).target == "Paris\nparis"
    assert _generated("x", target=None).target == ""


def _chosen(arguments: list[tuple[str, str]], logprobs: list[float], target: Any) -> ItemText:
    answered = [Score(logprob, False, 1, 1, ()) for logprob in logprobs]
    made = text_of("t", "i", {"arguments": arguments, "target": target}, answered)
    assert made is not None
    return made


def test_choices_that_differ_before_their_end_are_told_apart() -> None:
    said = _chosen([("Ann thanked Bo, for Ann", " was glad"), ("Ann thanked Bo, for Bo", " was glad")], [-2, -1], 0)
    assert (said.prompt, said.choices) == ("Ann thanked Bo, for ", ("Ann was glad", "Bo was glad"))
    assert (said.reply, said.target) == ("Bo was glad", "Ann was glad")


def test_requests_that_only_normalise_are_no_choices() -> None:
    said = _chosen([("Q", " a"), ("Q", " b"), ("", " a"), ("", " b")], [-3, float("-inf"), -1, -1], 1)
    assert (said.choices, said.logprobs, said.reply, said.target) == ((" a", " b"), (-3.0, None), " a", " b")


def test_a_continuation_that_is_not_the_likeliest_is_no_reply() -> None:
    assert _chosen([("The cat sat on the", " mat")], [-1.0], " mat").reply == ""
