"""Suites from files: counts, digests, and names that are not there."""

import json
import shutil
from pathlib import Path

import pytest

from harness import bundle
from harness.core.errors import ConfigError, NotFound, UserError
from harness.plan.suite import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """suites/small.yaml with two tasks over 7 and 3 items; one task YAML has a !function tag."""
    tasks = tmp_path / "suites" / "tasks"
    tasks.mkdir(parents=True)
    (tmp_path / "suites" / "data").mkdir()
    for name, items in (("one", 7), ("two", 3)):
        rows = "".join(json.dumps({"id": n}) + "\n" for n in range(items))
        (tmp_path / "suites" / "data" / f"{name}.jsonl").write_text(rows)
        (tasks / f"{name}.yaml").write_text(
            f"task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: ../data/{name}.jsonl}}}}\n"
            "test_split: test\nprocess_docs: !function code.process\n"
        )
    (tmp_path / "suites" / "small.yaml").write_text(
        "name: small\ndescription: two tasks\nlicense: CC0-1.0\ninclude: tasks\ntasks:\n"
        "  - {task: one, kind: k, metric: acc, output: choice, chance: 0.25}\n"
        "  - {task: two, kind: k, metric: exact_match, output: generate}\n"
    )
    return tmp_path / "suites"


def test_items_are_counted_from_the_data(folder: Path) -> None:
    assert [(task.task, task.items) for task in load("small", folder).tasks] == [("one", 7), ("two", 3)]


def test_a_path_is_a_suite_too(folder: Path) -> None:
    assert load(str(folder / "small.yaml"), folder / "elsewhere") == load("small", folder)


def test_tasks_can_be_chosen_and_the_digest_stays(folder: Path) -> None:
    one = load("small", folder, ["two"])
    assert [task.task for task in one.tasks] == ["two"]
    assert one.digest == load("small", folder).digest


def test_the_digest_is_the_same_in_another_place(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "wheel" / "suites"
    shutil.copytree(folder, copy)
    assert load("small", copy).digest == load("small", folder).digest


def test_the_digest_covers_what_is_asked_and_not_how_it_is_described_or_how_many_items(folder: Path) -> None:
    before, path = load("small", folder).digest, folder / "small.yaml"
    path.write_text(path.read_text() + "limit: 3\n# a remark\n")
    assert load("small", folder).digest == before
    (folder / "half.yaml").write_text("name: half\nextends: small.yaml\nlimit: 2\n")
    assert load("half", folder).digest == before
    path.write_text(path.read_text().replace("metric: acc", "metric: acc_norm", 1))
    assert load("small", folder).digest != before
    assert load("half", folder).digest == load("small", folder).digest


@pytest.mark.parametrize("changed", ["tasks/one.yaml", "data/two.jsonl"])
def test_the_digest_covers_every_file(folder: Path, changed: str) -> None:
    before = load("small", folder).digest
    with (folder / changed).open("a") as stream:
        stream.write("\n")
    assert load("small", folder).digest != before


def test_a_helper_beside_the_tasks_belongs_to_the_digest(folder: Path) -> None:
    before = load("small", folder).digest
    (folder / "tasks" / "code.py").write_text("def process(docs): return docs\n")
    assert load("small", folder).digest != before


def test_unknown_names_get_suggestions(folder: Path) -> None:
    with pytest.raises(NotFound, match="did you mean small"):
        load("smal", folder)
    with pytest.raises(NotFound, match="has no task 'ones'; did you mean one"):
        load("small", folder, ["ones"])
    with pytest.raises(NotFound, match="no suite file"):
        load(str(folder / "none.yaml"), folder)


def test_a_task_without_yaml_and_data_without_file_are_named(folder: Path) -> None:
    (folder / "data" / "one.jsonl").unlink()
    with pytest.raises(NotFound, match=r"one\.jsonl"):
        load("small", folder)
    (folder / "tasks" / "one.yaml").unlink()
    with pytest.raises(NotFound, match="lm_eval has no task 'one'"):
        load("small", folder)


def test_an_unknown_key_is_named_with_the_file(folder: Path) -> None:
    with (folder / "small.yaml").open("a") as stream:
        stream.write("includ: x\n")
    with pytest.raises(ConfigError, match=r"small\.yaml: .*`includ`; did you mean include\?"):
        load("small", folder)


def test_the_suites_that_ship_inside_load() -> None:
    for path in bundle.suites().glob("*.yaml"):
        suite = load(path.stem, bundle.suites())
        assert len(suite.digest) == 64
        assert all(task.items for task in suite.tasks)


def test_a_task_of_lm_eval_is_read_from_its_yaml() -> None:
    suite = load("lm_eval:gsm8k,arc_easy", bundle.suites())
    gsm8k, arc = suite.tasks
    assert (gsm8k.output, gsm8k.metric, gsm8k.items) == ("generate", "exact_match,strict-match", None)
    assert (arc.output, arc.metric) == ("choice", "acc")
    assert suite.digest != load("lm_eval:gsm8k", bundle.suites()).digest


def test_a_group_of_lm_eval_is_described_by_its_first_member() -> None:
    suite = load("lm_eval:mmlu", bundle.suites())
    task = suite.tasks[0]
    assert (task.task, task.output, task.metric, task.chance) == ("mmlu", "choice", "acc", 0.25)
    assert suite.folders[0].endswith("mmlu/default")


def test_a_suite_may_name_tasks_that_ship_with_lm_eval(folder: Path) -> None:
    before = load("small", folder).digest
    with (folder / "small.yaml").open("a") as stream:
        stream.write("  - {task: arc_easy, kind: qa, metric: acc, output: choice}\n")
    mixed = load("small", folder)
    assert mixed.tasks[-1].task == "arc_easy"
    assert mixed.folders[0].endswith("arc")
    assert mixed.digest != before


def test_no_task_at_all_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(NotFound, match="did you mean gsm8k"):
        load("lm_eval:gsm8kk", bundle.suites())
    with pytest.raises(UserError, match="names no task"):
        load("lm_eval:", bundle.suites())


def test_a_suite_may_extend_another_and_ask_fewer_items(folder: Path) -> None:
    (folder / "quick.yaml").write_text("name: quick\nextends: small.yaml\nlimit: 3\n")
    quick = load("quick", folder)
    assert (quick.name, quick.limit, quick.license) == ("quick", 3, "CC0-1.0")
    assert quick.tasks == load("small", folder).tasks


def test_a_metric_is_told_by_its_filter_only_where_there_are_several() -> None:
    metrics = {name: load(f"lm_eval:{name}", Path()).tasks[0].metric for name in ("triviaqa", "gsm8k")}
    assert metrics == {"triviaqa": "exact_match", "gsm8k": "exact_match,strict-match"}
