"""Imported results keep what was asked and said where the file has it, and nothing of it where that is not wanted."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.record import Completed, ItemText
from harness.core.suite import Suite
from harness.exchange import detect
from harness.exchange.source import Wanted
from harness.store import read as stored
from harness.store.layout import Layout
from harness.verbs import Arguments, import_
from tests.exchange.made import inspect_log, lm_eval_folder, sample, small_folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))


def test_lm_evals_own_files_say_what_our_runs_say(suite: Suite, tmp_path: Path) -> None:
    folder = lm_eval_folder(suite, tmp_path, 0.5, "m")
    source = detect.read(folder, Wanted())
    texts = {(one.task, one.item_id): one for one in source.texts}
    scores = {(one.task, one.item_id): one.scores for one in source.items}
    assert {task for task, _ in texts} == {"tiny_choice", "tiny_generate"}
    assert len(texts) == 120
    for key, text in texts.items():
        right = scores[key].get("acc", scores[key].get("exact_match"))
        assert (text.reply == text.target) == bool(right)
    choice = texts["tiny_choice", "i1"]
    assert (choice.prompt, choice.choices, choice.target) == ("pick green", (" red", " green"), " green")
    assert len(choice.logprobs) == 2
    assert texts["tiny_generate", "i0"].prompt == "say red"


FORMS = [([["so 4"]], "so 4"), (["so 4"], "so 4"), ([["a", "b"]], "a\x1eb"), ([], None), ("4", None), ([[4]], None)]


@pytest.mark.parametrize(("resps", "reply"), FORMS)
def test_a_logged_reply_is_taken_in_every_form_it_has_had(resps: Any, reply: str | None, tmp_path: Path) -> None:
    rows = [{**sample(0, exact_match=1.0), "resps": resps, "target": 4, "filtered_resps": ["4"]}]
    texts = detect.read(small_folder(tmp_path, {"sums": rows}), Wanted()).texts
    assert [one.reply for one in texts] == ([] if reply is None else [reply])
    assert [(one.prompt, one.target, one.answer) for one in texts] == [("q0", "4", "4")] * len(texts)


@pytest.mark.parametrize("resps", [[[["x", "y"]], [["1"]]], [[["-1", "False"]]], [[[None, None]], [[1, 2]]]])
def test_choices_logged_in_no_known_form_keep_their_scores_alone(resps: Any, tmp_path: Path) -> None:
    asked = {f"gen_args_{number}": {"arg_0": "q", "arg_1": letter} for number, letter in enumerate("ab")}
    rows = [{**sample(0, acc=1.0), "arguments": asked, "resps": resps, "target": 1}]
    found = detect.read(small_folder(tmp_path, {"arc": rows}), Wanted())
    assert (len(found.items), found.texts) == (1, ())


def test_an_inspect_log_keeps_the_turns_the_reply_and_what_was_graded(tmp_path: Path) -> None:
    log = inspect_log(["C"])
    log["samples"][0]["output"]["completion"] = "the answer is a"
    (tmp_path / "log.json").write_text(json.dumps(log))
    (text,) = detect.read(tmp_path / "log.json", Wanted()).texts
    assert text == ItemText("sums", "1", "[user]\nq1", "a", "the answer is a", answer="a")


LONG = "x" * 1_000_000


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_table_may_have_texts_in_columns_of_their_own(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{form}"
    if form == "csv":
        path.write_text(f'task,item_id,score,prompt,target,reply\nt,1,1,"  two\nlines ",,{LONG}\nt,2,0,,,\n')
    else:
        rows: list[dict[str, Any]] = [{"prompt": "  two\nlines ", "reply": LONG}, {}]
        lines = [json.dumps({"task": "t", "item_id": str(n + 1), "score": 1 - n, **row}) for n, row in enumerate(rows)]
        path.write_text("\n".join(lines))
    source = detect.read(path, Wanted())
    assert source.texts == (ItemText("t", "1", "  two\nlines ", "", LONG),)
    assert source.remarks == ()


@pytest.mark.parametrize(("word", "kept"), [("texts=true", "kept"), ("texts=false", "declined")])
def test_an_import_may_leave_texts_behind(word: str, kept: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("task,item_id,score,reply\nt,1,1,private\n")
    import_.main(Arguments((str(tmp_path / "t.csv"), word, f"results={tmp_path / 'results'}")))
    layout = Layout(tmp_path / "results")
    folder = next(layout.root.glob("imported/*/*/record.json")).parent
    run = stored.loaded(layout, folder)
    assert isinstance(run.record, Completed)
    assert run.record.outcome.texts == kept
    found = [one.reply for one in run.texts("t", ["1"])] if run.texts else []
    assert found == (["private"] if kept == "kept" else [])
    assert b"private" not in b"".join(f.read_bytes() for f in layout.root.rglob("*.json"))
