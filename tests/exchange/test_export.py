"""What goes out comes back the same; what is foreign has the form that its readers ask for."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from harness.cli import run
from harness.core.suite import Suite
from harness.exchange import lm_eval, plain
from harness.exchange.source import Source, Wanted
from harness.store.layout import Layout
from tests.exchange.made import inspect_log, measured_here, sample, small_folder, varied


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, which is the current one."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _exported(word: str, form: str) -> Path:
    assert run(["export", word, "to=out", f"format={form}"]) == 0
    return next(Path("out").iterdir())


def _answers(source: Source) -> list[tuple[object, ...]]:
    """All that a comparison asks of items."""
    rows = [(i.task, i.item_id, i.sample, i.scores, i.prompt_hash, i.cluster, i.finish_reason) for i in source.items]
    return sorted(rows, key=str)


def test_lm_evals_layout_reads_back_to_the_same_items(here: Path, suite: Suite) -> None:
    cell = measured_here(varied(suite), here, Layout(here / "results"), 0.7)
    folder = _exported(cell.id, "lm_eval")
    stored = pd.read_parquet(next((here / "results").glob("cpu/*/*/items.parquet")))
    stored = stored[stored.metric != "tokens"]
    back = lm_eval.read(folder, Wanted())
    keys = ["task", "item_id", "metric", "score", "prompt_hash", "cluster", "finish_reason"]
    rows = [
        (i.task, i.item_id, name, score, i.prompt_hash, i.cluster, i.finish_reason)
        for i in back.items
        for name, score in i.scores.items()
    ]
    assert sorted(rows) == sorted(stored[keys].itertuples(index=False, name=None))
    assert [(task.task, task.metric, task.chance, task.output) for task in back.tasks] == [
        (task.task, task.metric, task.chance, task.output) for task in suite.tasks
    ]
    results = json.loads(next(folder.glob("results_*")).read_text())
    assert results["results"]["tiny_choice"]["acc,none"] == pytest.approx(
        stored[stored.task == "tiny_choice"].score.mean()
    )


def test_filters_samples_groups_and_foreign_hashes_survive_the_way_out_and_back(here: Path) -> None:
    def rows(score: float) -> list[dict[str, object]]:
        filtered = [{**sample(0, em=score), "filter": name, "sample": k} for name in "ab" for k in (0, 1)]
        return [{**row, "arguments": [], "prompt_hash": "ab" * 32} for row in filtered]

    tasks = {"mmlu_law": rows(1.0), "mmlu_art": rows(0.0)}
    small_folder(here / "in", tasks, group_subtasks={"mmlu": list(tasks)})
    assert run(["import", "in", "name=x"]) == 0
    before, after = (lm_eval.read(path, Wanted()) for path in (here / "in", _exported("x", "lm_eval")))
    assert _answers(after) == _answers(before)
    assert after.tasks == before.tasks
    assert after.items[0].prompt_hash == "lm_eval:" + "ab" * 32


def test_a_csv_reads_back_and_leaves_out_what_it_cannot_say(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = {"sums": [sample(0, acc=1.0), sample(1, acc=0.0)], "loss": [sample(0, brier=0.2)]}
    small_folder(here / "in", tasks, higher_is_better={"loss": {"brier": False}})
    assert run(["import", "in", "name=x"]) == 0
    back = plain.read(_exported("x", "csv") / "items.csv", Wanted())
    assert [(i.item_id, i.scores) for i in back.items] == [("0", {"acc": 1.0}), ("1", {"acc": 0.0})]
    assert back.items[0].prompt_hash == lm_eval.read(here / "in", Wanted()).items[0].prompt_hash
    assert "not in csv: loss" in capsys.readouterr().out


def test_parquet_holds_every_metric_and_names_the_arm(here: Path) -> None:
    small_folder(here / "in", {"sums": [sample(0, acc=1.0, acc_norm=0.0)]})
    assert run(["import", "in", "name=x", "quant=q4"]) == 0
    found = pd.read_parquet(_exported("x", "parquet") / "items.parquet")
    assert list(found.metric) == ["acc", "acc_norm"]
    assert set(found.quant) == {"q4"}


def test_every_eval_ever_links_its_two_files(here: Path) -> None:
    (here / "log.json").write_text(json.dumps(inspect_log(["C", "I", "C", "C"])))
    assert run(["import", "log.json", "name=x"]) == 0
    folder = _exported("x", "every_eval_ever")
    path = next(path for path in folder.rglob("*.json"))
    aggregate = json.loads(path.read_text())
    detail = aggregate["detailed_evaluation_results"]
    samples = folder / detail["file_path"]
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    assert detail["checksum"] == hashlib.sha256(samples.read_bytes()).hexdigest()
    assert (detail["total_rows"], [line["evaluation"]["score"] for line in lines]) == (4, [1.0, 0.0, 1.0, 1.0])
    assert {line["evaluation_id"] for line in lines} == {aggregate["evaluation_id"]}
    result = aggregate["evaluation_results"][0]
    assert result["score_details"]["score"] == 0.75
    assert {line["evaluation_result_id"] for line in lines} == {result["evaluation_result_id"]}
    assert aggregate["model_info"]["id"] == "org/model"
    assert aggregate["eval_library"]["name"] == "inspect_ai"


def test_a_folder_that_is_there_is_left_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_folder(here / "in", {"sums": [sample(0, acc=1.0)]})
    assert run(["import", "in", "name=x"]) == 0
    _exported("x", "csv")
    assert run(["export", "x", "to=out", "format=parquet"]) == 2
    assert "is there already; choose another folder with to=" in capsys.readouterr().err


def test_a_tasks_name_cannot_lead_out_of_the_folder(here: Path) -> None:
    (here / "x.csv").write_text("task,item_id,score\n../../sums,a,1\n")
    assert run(["import", "x.csv", "name=x"]) == 0
    for form in ("lm_eval", "every_eval_ever"):
        assert run(["export", "x", f"to=deep/er/{form}", f"format={form}"]) == 0
    files = [path for path in here.rglob("*") if path.is_file()]
    assert {path.relative_to(here).parts[0] for path in files} == {"x.csv", "results", "deep"}
    written = next(here.glob("deep/er/lm_eval/*/samples_*")).parent
    assert [item.item_id for item in lm_eval.read(written, Wanted()).items] == ["a"]
