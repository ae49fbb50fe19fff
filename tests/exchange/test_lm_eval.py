"""lm-eval's output folder: what is read, and what is refused with file, line, reason and what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import NotFound, UserError
from harness.exchange import detect
from harness.exchange.lm_eval import read
from harness.exchange.source import Wanted
from tests.exchange.made import sample, small_folder

ROWS = [sample(number, exact_match=float(number % 2)) for number in range(4)]


def test_a_documents_metrics_under_several_filters_are_told_apart(tmp_path: Path) -> None:
    rows = [{**sample(0, exact_match=score), "filter": name} for name, score in (("strict", 0.0), ("flexible", 1.0))]
    found = read(small_folder(tmp_path, {"gsm8k": rows}), Wanted())
    assert found.items[0].scores == {"exact_match,strict": 0.0, "exact_match,flexible": 1.0}
    assert found.tasks[0].metric == "exact_match,strict"
    assert read(tmp_path, Wanted(metric="exact_match,flexible")).tasks[0].metric == "exact_match,flexible"


def test_members_of_a_group_are_one_task_as_lm_eval_averages_them(tmp_path: Path) -> None:
    samples = {name: [sample(0, acc=1.0), sample(1, acc=0.0)] for name in ("mmlu_law", "mmlu_art", "other")}
    groups = {"mmlu": ["mmlu_human"], "mmlu_human": ["mmlu_law", "mmlu_art"]}
    found = read(small_folder(tmp_path, samples, group_subtasks=groups), Wanted())
    assert [(task.task, task.items) for task in found.tasks] == [("mmlu", 4), ("other", 2)]
    assert {item.task for item in found.items} == {"mmlu_law", "mmlu_art", "other"}


def test_a_metric_that_is_wanted_and_nowhere_is_an_error_and_where_only_some_lack_it_a_remark(tmp_path: Path) -> None:
    folder = small_folder(tmp_path, {"sums": ROWS, "arc": [sample(0, acc=1.0, acc_norm=0.0)]})
    found = detect.read(folder, Wanted(metric="acc_norm"))
    assert {task.task: task.metric for task in found.tasks} == {"sums": "exact_match", "arc": "acc_norm"}
    assert found.remarks == ("sums has no acc_norm and is judged by exact_match",)
    with pytest.raises(UserError, match="no task has the metric f1; metric= can be acc, acc_norm, exact_match"):
        detect.read(folder, Wanted(metric="f1"))


def test_chance_is_known_from_the_choices_and_the_direction_from_the_source(tmp_path: Path) -> None:
    asked = {f"gen_args_{number}": {"arg_0": "q", "arg_1": "a"} for number in range(4)}
    rows = [{**sample(number, brier=0.5), "arguments": asked} for number in range(2)]
    found = read(small_folder(tmp_path, {"arc": rows}, higher_is_better={"arc": {"brier": False}}), Wanted())
    assert (found.tasks[0].chance, found.tasks[0].higher_is_better) == (0.25, False)


def test_the_newest_of_several_results_is_taken_and_named(tmp_path: Path) -> None:
    small_folder(tmp_path, {"sums": ROWS})
    for path in list(tmp_path.iterdir()):
        later = tmp_path / path.name.replace("2025-01-01", "2026-02-02")
        later.write_text(path.read_text().replace('"exact_match": 1.0', '"exact_match": 0.0'))
    found = read(tmp_path, Wanted())
    assert sum(item.scores["exact_match"] for item in found.items) == 0
    assert "results_2026-02-02T00-00-00.000001.json, the newest of 2" in found.remarks[0]
    earlier = read(tmp_path / "results_2025-01-01T00-00-00.000001.json", Wanted())
    assert sum(item.scores["exact_match"] for item in earlier.items) == 2


def test_folders_of_several_models_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        small_folder(tmp_path / name, {"sums": ROWS})
    with pytest.raises(UserError, match=r"results of 2 models: .*a, .*b; import them one by one"):
        read(tmp_path, Wanted())


def test_a_metric_that_belongs_to_no_item_leaves_its_task_out_and_says_so(tmp_path: Path) -> None:
    samples = {"bleu": [sample(0, bleu=[["a"], "b", "c"])], "sums": ROWS}
    found = read(small_folder(tmp_path, samples), Wanted())
    assert [task.task for task in found.tasks] == ["sums"]
    assert found.remarks == ("bleu has no score per item and is left out",)


def test_foreign_text_cannot_break_an_error_into_lines(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="samples of a�b are missing"):
        read(small_folder(tmp_path, {"sums": ROWS}, configs={"sums": {}, "a\rb": {}}), Wanted())


def test_a_result_that_is_not_the_mean_of_its_items_is_remarked_on(tmp_path: Path) -> None:
    agreed = small_folder(tmp_path / "a", {"sums": ROWS}, results={"sums": {"exact_match,none": 0.5}})
    assert read(agreed, Wanted()).remarks == ()
    other = small_folder(tmp_path / "b", {"sums": ROWS}, results={"sums": {"exact_match,none": 0.7}})
    assert read(other, Wanted()).remarks == (
        "sums: the results say exact_match,none is 0.7000, the mean of its items is 0.5000",
    )


def _appended(text: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with path.open("a") as stream:
            stream.write(text)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_appended(json.dumps(ROWS[1]) + "\n"), r"line 5: document 1 of sums stands there twice \(first on line 2\)"),
        (_appended('{"doc_id": 4, "doc'), "line 5: the last line is cut off, the file is not complete"),
        (_appended(json.dumps(sample(4, exact_match=float("nan")))), "line 5: item 4 of sums: exact_match is NaN"),
        (_appended(json.dumps(sample(4, exact_match=7))), "line 5: item 4 of sums: exact_match is 7, not from 0 to 1"),
        (_appended(json.dumps(sample(4, f1=1.0))), "line 5: item 4 of sums: no exact_match; choose another with"),
        (_appended("[1]\n"), "line 5: an object was expected, not list"),
        (_appended('{"metrics": []}\n'), "line 5: no whole number 'doc_id'"),
        (lambda path: path.write_text(""), "the file is empty"),
        (lambda path: path.write_bytes(b"\xff\xfea\x00"), "the text is UTF-16, not UTF-8; save it as UTF-8"),
        (lambda path: path.write_bytes(path.read_bytes() + b'{"caf\xe9": 1}'), r"line 5: not UTF-8 \(byte 0xe9\)"),
        (lambda path: path.unlink(), "no samples_<task>_2025-01-01T00-00-00.000001.jsonl beside it; run lm_eval again"),
    ],
)
def test_a_samples_file_that_is_not_whole_is_refused_with_the_line(
    change: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    small_folder(tmp_path, {"sums": ROWS})
    change(next(tmp_path.glob("samples_*")))
    with pytest.raises(UserError, match=reason):
        read(tmp_path, Wanted())


def test_fewer_lines_than_the_results_were_made_from_is_an_error(tmp_path: Path) -> None:
    small_folder(tmp_path, {"sums": ROWS}, **{"n-samples": {"sums": {"original": 9, "effective": 5}}})
    with pytest.raises(UserError, match="4 items, while the results were made from 5: the file is not complete"):
        read(tmp_path, Wanted())


def test_a_folder_without_results_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no results_.*json of lm-eval; name the folder that lm_eval --output_path"):
        read(tmp_path, Wanted())
    small_folder(tmp_path, {"sums": ROWS})
    with pytest.raises(UserError, match="no task gsm8k; it has sums"):
        read(tmp_path, Wanted(tasks=("gsm8k",)))
