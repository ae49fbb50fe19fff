"""import, compare, report and export as a user gives them, on folders that lm-eval itself wrote."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from harness.cli import run
from harness.core.suite import Suite
from harness.store import read
from harness.store.layout import Layout
from tests.exchange.made import KL, inspect_log, lm_eval_folder, measured_here, sample, small_folder, varied


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, which is the current one."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _said(words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    """What a command prints, to either stream; it must end with `code`."""
    assert run(words.split()) == code, capsys.readouterr().err
    found = capsys.readouterr()
    return " ".join((found.err if code else found.out).split())


def test_two_folders_of_lm_eval_are_compared_like_our_own_measurements(
    here: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    varied(suite)
    full = lm_eval_folder(suite, here / "full", 0.95, "org/tiny")
    small = lm_eval_folder(suite, here / "small", 0.3, "org/tiny")
    (here / "q2.txt").write_text(KL)
    assert "imported" in _said(f"import {full} name=full quant=bf16", capsys)
    told = _said(f"import {small} q2.txt name=small quant=q2_k", capsys)
    assert "(small): org/tiny q2_k imported fake, tasks tiny_choice, tiny_generate, tiny_rolling" in told
    assert "org/tiny q2_k imported fake, fidelity figures" in told

    shown = _said("compare full small", capsys)
    assert "Q2_K is equivalent to BF16 within 2 points on 0 of 2 tasks, degraded on 2." in shown
    assert "whether answers were cut off is not known on tiny_generate" in shown
    assert "prompts could not be compared" not in shown
    assert "KLD mean nats" in shown
    assert "[0.1701, 0.1721]" in shown
    assert "×0.9574" in shown
    assert "word perplexity" in shown

    report = _said("report full small reports=reports", capsys)
    assert "index.html" in report
    markdown = next((here / "reports").glob("*/report.md")).read_text()
    assert "same top token" in markdown
    assert str(here) not in markdown


def test_an_arm_measured_here_stands_beside_the_same_task_imported(
    here: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    varied(suite)
    cell = measured_here(suite, here, Layout(here / "results"), 0.9)
    folder = lm_eval_folder(suite, here / "theirs", 0.9, "echo")
    _said(f"import {folder} name=theirs quant=q8_0", capsys)
    ours, theirs = (
        read.items(path.parent) for path in sorted((here / "results").glob("*/*/2*/items.parquet"))
    )
    assert ours is not None
    assert theirs is not None
    same = ["task", "item_id", "metric", "score", "prompt_hash", "cluster"]
    kept = ours[ours.metric != "tokens"][same].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, theirs[same].reset_index(drop=True))
    shown = _said(f"compare {cell.id} theirs", capsys)
    assert "✕ broken" not in shown.split("≈ equivalent")[0]
    assert "No claim about quantization: Q8_0 on imported fake and F16 on fake ran on different runtimes." in shown


def test_another_prompt_or_a_missing_item_is_broken_with_the_reason(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [sample(number, acc=1.0) for number in range(30)]
    other = [{**row, "arguments": {"gen_args_0": {"arg_0": "shots " + str(row["doc"])}}} for row in rows]
    for name, some in (("a", rows), ("b", other), ("c", rows[:29])):
        _said(f"import {small_folder(here / name, {'sums': some})} name={name}", capsys)
    assert "prompts differ on 30 of 30 items" in _said("compare a b", capsys)
    assert "1 items are missing in the candidate (first: 29)" in _said("compare a c", capsys)


def test_prompts_that_no_file_hashed_are_said_to_be_unchecked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"sums,{number},{number % 2},{number // 4}\n" for number in range(40))
    for name in ("a", "b"):
        (here / f"{name}.csv").write_text("task,item_id,score,cluster\n" + rows + "\n" * (name == "b"))
        _said(f"import {name}.csv name={name}", capsys)
    shown = _said("compare a b", capsys)
    assert "prompts could not be compared on sums" in shown
    assert "what engine answered is not known of unknown a imported, unknown b imported" in shown
    assert "on 0 of 1 task, inconclusive on 1" in shown


def test_the_same_content_is_kept_once_and_a_name_names_one_cell(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_folder(here / "a", {"sums": [sample(0, acc=1.0)]})
    cell = _said(f"import {folder} name=first", capsys).split()[1]
    shutil.copytree(folder, here / "copy")
    assert f"already imported as {cell} (first)" in _said("import copy name=second", capsys)
    assert len(list((here / "results").glob("imported/*/*/record.json"))) == 1
    other = small_folder(here / "b", {"sums": [sample(0, acc=0.0)]})
    assert f"the name first is taken by {cell}" in _said(f"import {other} name=first", capsys, code=2)
    assert "'no way' cannot" in _refused(["import", str(other), "name=no way"], capsys)


def _refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 2
    return capsys.readouterr().err


def test_one_bad_path_of_several_keeps_all_of_them_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = small_folder(here / "a", {"sums": [sample(0, acc=1.0)]})
    (here / "bad.csv").write_text("task,item_id,score\nsums,a,2\n")
    assert "bad.csv, line 2: item a of sums: score is 2" in _said(f"import {good} bad.csv", capsys, code=2)
    assert not (here / "results").exists()


def test_figures_of_fidelity_belong_to_the_arm_that_is_named(
    here: Path, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = measured_here(suite, here, Layout(here / "results"), 0.9)
    (here / "log.json").write_text(json.dumps(inspect_log(["C", "I"])))
    (here / "q4.txt").write_text(KL)
    _said("import log.json name=theirs", capsys)
    _said(f"import q4.txt of={cell.id[:6]}", capsys)
    assert "KLD median" in _said(f"compare theirs {cell.id}", capsys)
    assert "no cell 'nobody'" in _said("import q4.txt of=nobody", capsys, code=2)


def test_imports_never_become_the_last_plan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _said(f"import {small_folder(here / 'a', {'sums': [sample(0, acc=1.0)]})} name=a", capsys)
    assert "no plan under" in _said("compare", capsys, code=2)
    assert "no cell 'b'" in _said("compare a b", capsys, code=2)
    assert "baseline and candidate are one cell" in _said("compare a a", capsys, code=2)
    shown = _said("show a", capsys)
    assert "read from results_2025-01-01T00-00-00.000001.json" in shown
    assert "1 replies of hf" in shown
    assert "0 cores" not in shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("import", "error: import needs a file or folder; for example python -m harness import lm_eval_output/"),
        ("import nowhere", "error: nowhere: no such file or folder; check the path"),
        ("import nowhere nmae=x", "error: nmae= means nothing here; did you mean name?"),
        ("export a to=out format=xml", "error: no format 'xml'; choose from csv, every_eval_ever, lm_eval, parquet"),
        ("export a format=csv", "error: export needs to=DIR, format= and at most one cell or plan; for example"),
        ("export a to=out format=csv", "error: no plan 'a' under"),
    ],
)
def test_a_wrong_command_is_one_line_with_the_next_step(
    words: str, line: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _said(words, capsys, code=2).startswith(line)
