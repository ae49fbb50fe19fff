"""What the page loads: plain ASCII JSON, every text as it was said or said to be cut, the same bytes every time."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.items.shards import Limits
from harness.report.items.shown import cut, literal, prompt
from tests.browser.hostile import PAYLOADS
from tests.report.items.made import compared, extraction, index, row, said, shards, written

HOSTILE = [*PAYLOADS, "\u2028\u2029", "a\u202eb\u2066", "\x00\x07", "tab\tline\nend\r\n", "&amp;", "é 漢字 \U0001f469"]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_data_of_plain_letters(text: str) -> None:
    line = literal([text])
    assert line.isascii()
    assert not set(line) & set("<>&\x7f\n")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # halves that meet are one
    assert json.loads(line) == [whole]


@given(st.text())
def test_any_text_comes_back_from_its_literal(text: str) -> None:
    assert json.loads(literal(text)) == text


def test_a_row_has_prompt_target_both_replies_and_how_they_ended(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1, 1], "q4_k_m": [1, 0]}, finish_reason=["stop", "length"])
    runs["f16"] = said(runs["f16"], tmp_path, ["a", HOSTILE[0]])
    runs["q4_k_m"] = said(runs["q4_k_m"], tmp_path, ["a", "other"], answer="oth")
    folder = written(analysis, runs, tmp_path / "report")
    assert len(index(folder)["rows"]["item"]) == 1
    assert row(folder, 0) == {
        "item": 0, "id": "i00001", "kind": "lost", "arm": "Q4_K_M", "before": 1, "after": 0,
        "prompt": "ask i00001", "target": "right i00001", "choices": [],
        "replies": [[HOSTILE[0]], ["other"]], "answers": [[None], ["oth"]], "finish": [["length"], ["length"]],
    }


def test_choices_stand_with_what_each_arm_thought_of_them(tmp_path: Path) -> None:
    task = extraction(metric="acc", output="choice")
    analysis, runs = compared({"f16": [1], "q4_k_m": [0]}, task)
    more: dict[str, Any] = {"choices": (" a", " b"), "logprobs": (-0.12345, None)}
    runs = {name: said(run, tmp_path, [" a"], **more) for name, run in runs.items()}
    folder = written(analysis, runs, tmp_path / "report")
    assert row(folder, 0)["choices"] == [" a", " b"]
    assert next(shards(folder))["r"][0][3][0][3] == [-0.123, None]


def test_a_long_text_is_cut_in_the_middle_and_says_how_long_it_is(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1], "q4_k_m": [0]})
    runs = {name: said(run, tmp_path, ["start" + "x" * 1_000_000 + "end"]) for name, run in runs.items()}
    folder = written(analysis, runs, tmp_path / "report")
    head, tail, length = row(folder, 0)["replies"][0][0]
    assert (len(head + tail), length) == (Limits().longest, 1_000_008)
    assert head.startswith("startx")
    assert tail.endswith("xend")
    assert f"{Limits().longest:,} characters" in (folder / "items.html").read_text()


@given(st.text(), st.integers(1, 20), st.sampled_from([0.25, 0.75]))
def test_what_is_shown_of_a_text_is_its_beginning_and_its_end(text: str, longest: int, head: float) -> None:
    shown = cut(text, longest, head)
    if isinstance(shown, str):
        assert shown == text
        assert len(text) <= longest
    else:
        first, last, length = shown
        assert (len(first) + len(last), length) == (longest, len(text))
        assert text.startswith(first)
        assert text.endswith(last)


def test_a_text_that_rows_share_stands_once(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1] * 50, "q4_k_m": [0] * 50, "q2_k": [0] * 50})
    runs = {name: said(run, tmp_path, ["the same"] * 50, prompt="all ask this") for name, run in runs.items()}
    (content,) = shards(written(analysis, runs, tmp_path / "report"))
    assert len(content["r"]) == 100
    assert sorted(content["s"])[:1] + sorted(content["s"])[-1:] == ["all ask this", "the same"]
    assert len(content["s"]) == 2 + 50


def test_rows_are_in_many_shards_and_each_is_found_in_its_own(tmp_path: Path) -> None:
    n = 2 * Limits().rows + 50
    analysis, runs = compared({"f16": [1] * n, "q4_k_m": [0] * n})
    runs = {name: said(run, tmp_path, [f"{name} {at}" for at in range(n)]) for name, run in runs.items()}
    folder = written(analysis, runs, tmp_path / "report")
    assert index(folder)["starts"] == [0, Limits().rows, 2 * Limits().rows]
    for at in (0, Limits().rows - 1, Limits().rows, n - 1):
        assert (row(folder, at)["id"], row(folder, at)["replies"]) == (f"i{at:05d}", [[f"f16 {at}"], [f"q4_k_m {at}"]])


def test_items_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = ["i10", "i9", "9" * 5000, "i9b", "x", "", "i010"]
    analysis, runs = compared({"f16": [1] * 7, "q4_k_m": [0] * 7}, item_id=names)
    found = index(written(analysis, runs, tmp_path / "report"))["items"]["id"]
    assert found == ["", "9" * 5000, "i9", "i9b", "i010", "i10", "x"]


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1, 0, 1], "q4_k_m": [0, 1, 1], "q2_k": [0, 0, 0]})
    runs = {name: said(run, tmp_path, [f"{name} {at}" for at in range(3)]) for name, run in runs.items()}
    folders = [written(analysis, runs, tmp_path / name) for name in ("one", "two")]
    files = [{path.name: path.read_bytes() for path in folder.rglob("*.*")} for folder in folders]
    assert files[0] == files[1]
    assert {"items.html", "index.js", "0000.js"} == set(files[0])


def test_texts_end_where_the_folder_would_grow_too_large(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1] * 100, "q4_k_m": [0] * 100})
    runs = {name: said(run, tmp_path, [f"{name} reply number {at}" for at in range(100)]) for name, run in runs.items()}
    folder = written(analysis, runs, tmp_path / "report", Limits(capacity=3_000, rows=10))
    rows = [one for content in shards(folder) for one in content["r"]]
    assert len(rows) == len(index(folder)["rows"]["item"]) == 100
    without = rows.count(0)
    assert 0 < without < 100
    assert f"The last {without} rows have no texts" in (folder / "items.html").read_text()


def test_a_list_that_is_too_long_says_how_much_of_it_is_there(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1] * 30, "q4_k_m": [0] * 30})
    folder = written(analysis, runs, tmp_path / "report", Limits(listed=20))
    assert len(index(folder)["rows"]["item"]) == 20
    assert "The first 20 of 30 changed items are listed" in (folder / "items.html").read_text()


def test_a_packed_chat_is_shown_as_its_turns() -> None:
    packed = '\x02chat\x03{"messages":[["system","be brief"],["user","why?\\nwhy"]],"answer":true}'
    assert prompt(packed) == "[system]\nbe brief\n\n[user]\nwhy?\nwhy"
    assert prompt("\x02chat\x03{") == "\x02chat\x03{"
    assert prompt("plain") == "plain"
