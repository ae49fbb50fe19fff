"""The items of the pocket suite: they parse, are graded as documented, and their answers hold when checked anew."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tools.pocket import items
from tools.pocket.triage import LABELS, MATTERS

SUITES = Path(__file__).parents[2] / "suites"
DATA = SUITES / "data" / "pocket"
SCORED = ("triage", "extract", "passage", "completion", "arithmetic")
Row = dict[str, str]


def rows(task: str) -> list[Row]:
    """All items of a task."""
    return [json.loads(line) for line in (DATA / f"{task}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("task", SCORED)
def test_a_scored_task_has_a_thousand_different_items(task: str) -> None:
    found = rows(task)
    assert len(found) == 1000
    assert len({row["id"] for row in found}) == len({row["prompt"] for row in found}) == 1000
    assert len({row["template"] for row in found}) >= 20
    assert all(row["answer"] and row["prompt"].isascii() for row in found)


def test_levels_have_the_documented_shares() -> None:
    for module, levels in items.GRADES:
        task = module.__name__.rsplit(".", 1)[-1]
        assert Counter(int(row["level"]) for row in rows(task)) == levels


def test_the_suite_stays_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 3_000_000


def test_a_ticket_names_the_matter_of_its_team() -> None:
    for row in rows("triage"):
        heads, tails = MATTERS[row["answer"]]
        assert row["answer"] in LABELS
        assert any(f"{head} {tail}".lower() in row["prompt"].lower() for head in heads for tail in tails)


def test_an_extraction_answer_is_json_with_the_asked_fields_from_the_note() -> None:
    for row in rows("extract"):
        ask, note = row["prompt"].split("\n", 1)
        answer = json.loads(row["answer"])
        assert ", ".join(answer) in ask
        assert all(re.search(rf"\b{value}\b", note) for value in answer.values())


def test_a_passage_states_its_answer_and_others_like_it() -> None:
    for row in rows("passage"):
        text = row["prompt"].rsplit("\n", 1)[0]
        assert row["result"] == row["answer"].split()[-1]
        assert re.search(rf"\b{row['result']}\b", text)


def test_a_completion_is_python_over_the_parameters() -> None:
    for row in rows("completion"):
        source = row["prompt"].split("\n", 1)[1] + f"\n    {row['answer']}\n"
        code = compile(source, "item", "exec")
        function = next(part for part in code.co_consts if hasattr(part, "co_varnames"))
        assert set(function.co_names) <= {"sum", "max", "min", "len"}


def operations(text: str) -> list[tuple[str, int]]:
    """The signs and numbers of a question, read from its words and not from the generator."""
    head, *later = re.split(r"[?.] (?=Then|Later)", text)
    first, second = (int(number) for number in re.findall(r"\d+", head))
    if match := re.match(r"Take (\d+) from (\d+)", head):
        first, second = int(match[2]), int(match[1])
    sign = "-" if re.search(r"\b(sells|lost|go|gives away)\b| - |^Take", head) else "+"
    sign = "*" if re.search(r"\b(bags|boxes|rows|Multiply|Each of)\b| \* ", head) else sign
    found = [("start", first), (sign, second)]
    for part in later:
        minus = re.search(r"away|are lost", part)
        found.append(("-" if minus else "+", int(re.findall(r"\d+", part)[0])))
    return found


def test_arithmetic_is_right_when_computed_from_the_words() -> None:
    for row in rows("arithmetic"):
        (_, value), *steps = operations(row["prompt"])
        for sign, number in steps:
            value = value + number if sign == "+" else value - number if sign == "-" else value * number
        assert str(value) == row["result"] == row["answer"].split()[-1], row["prompt"]
        assert value >= 0


def test_arithmetic_steps_are_true_equations() -> None:
    for row in rows("arithmetic"):
        for left, right in re.findall(r"([\d+*-]+)=(\d+)", row["answer"]):
            numbers = [int(number) for number in re.findall(r"\d+", left)]
            signs = re.findall(r"[+*-]", left)
            value = numbers[0]
            for sign, number in zip(signs, numbers[1:], strict=True):
                value = {"+": value + number, "-": value - number, "*": value * number}[sign]
            assert value == int(right)


def test_the_suite_file_and_its_tasks_agree() -> None:
    suite = yaml.safe_load((SUITES / "pocket.yaml").read_text(encoding="utf-8"))
    files = {path.stem for path in (SUITES / suite["include"]).glob("*.yaml")}
    assert {task["task"] for task in suite["tasks"]} == files
    for task in suite["tasks"]:
        assert task["output"] in ("choice", "generate", "rolling")
        data = DATA / f"{task['task'].removeprefix('pocket_')}.jsonl"
        assert data.exists()
