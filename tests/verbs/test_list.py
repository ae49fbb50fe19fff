"""`list results`, `list plans`, `list nights`: sorted, picked, cut to the terminal, and read no further than shown."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.cli import run
from harness.core.record import Flag, Reading, RunRecord
from harness.core.reference import Accepted
from harness.core.summary import Summary
from harness.history import summaries
from harness.store import references, write
from harness.store.layout import Layout
from harness.verbs import fitted, listed
from tests.live.feed import LOADS, PLAN, QUALITY, Scene, completed, failure, items

NIGHT = msgspec.structs.replace(PLAN, night="2026-01-03")


def at(record: RunRecord, hour: int, plan: str = PLAN.id) -> RunRecord:
    """The record as an attempt of its own at that hour."""
    started = f"2026-01-02T{hour:02}:00:00Z"
    return msgspec.structs.replace(
        record, run=msgspec.structs.replace(record.run, started=started, run_id=f"{hour:08x}", plan_id=plan)
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two quality cells, two loads and a failure, in this order; two plans, one of a night."""
    scene = Scene(tmp_path)
    write.plan(scene.layout, PLAN, "2026-01-02T00:00:00Z")
    write.plan(scene.layout, NIGHT, "2026-01-03T00:00:00Z")
    decode = Reading("decode", "tok/s", "higher", (900.0,))
    scene.keep(at(completed(QUALITY[0], 9.0), 1), *items("tiny_triage", 30), *items("tiny_passage", 20))
    scene.keep(at(completed(QUALITY[1], 30.0), 2), *items("tiny_triage", 20), *items("tiny_passage", 20))
    scene.keep(at(completed(LOADS[0], 20.0, (decode,), Flag("degraded", "hot")), 3))
    scene.keep(at(failure(LOADS[1]), 4))
    return scene.layout.root


def listing(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert run(["list", *words, f"results={root}", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_results_are_listed_newest_first_with_their_results(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "results", f"results={root}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [column.title for column in listed.RESULTS]
    assert [line.split()[0] for line in lines[1:5]] == [LOADS[1].id, LOADS[0].id, QUALITY[1].id, QUALITY[0].id]
    assert "failed" in lines[1]
    assert "900 tok/s     20.0  degraded" in lines[2]
    assert "50.0 %" in lines[3]
    assert "62.5 %" in lines[4]
    assert lines[-1] == "next: python -m harness show ID"


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_failure_of_the_verb(root: Path, words: list[str]) -> None:
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "harness", "list", "results", f"results={root}", *words]
    done = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, check=False)
    os.close(written)
    assert (done.returncode, done.stderr) == (141, b"")


def test_rows_are_sorted_by_any_column_both_ways(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = [row["seconds"] for row in listing(root, capsys, "results", "--sort", "seconds")]
    assert seconds == [30.0, 20.0, 9.0, 1.0]
    backwards = listing(root, capsys, "results", "--sort", "seconds", "--reverse")
    assert [row["seconds"] for row in backwards] == seconds[::-1]
    results = [row["value"] for row in listing(root, capsys, "results", "--sort", "result")]
    assert results == [900.0, 0.625, 0.5, None], "what is not known comes last"
    quants = [row["quant"] for row in listing(root, capsys, "results", "--sort", "quant")]
    assert quants == sorted(quants)  # type: ignore[type-var]
    oldest = listing(root, capsys, "results", "--reverse")
    assert oldest[0]["cell"] == QUALITY[0].id


@pytest.mark.parametrize(
    ("picks", "count"),
    [(["quant=q4_0"], 2), (["quant=Q4*", "kind=quality"], 1), (["state=failed"], 1), (["hw=cpu"], 4), (["model=x"], 0),
     ([f"cell={LOADS[0].id[:6]}"], 1), (["when=2026-01-02T03"], 1)],
)
def test_words_pick_rows(root: Path, capsys: pytest.CaptureFixture[str], picks: list[str], count: int) -> None:
    assert len(listing(root, capsys, "results", *picks)) == count


def test_what_cannot_be_sorted_or_picked_by_names_the_columns(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--sort", "colour"], ["colour=red"]):
        assert run(["list", "results", f"results={root}", *words]) == 2
        assert "the columns are cell, when" in capsys.readouterr().err
    assert run(["list", "quant=q4_0"]) == 2
    assert "list results" in capsys.readouterr().err


def test_plans_tell_how_much_of_them_is_measured(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night, plan = listing(root, capsys, "plans")
    assert (plan["plan"], plan["cells"], plan["measured"], plan["state"]) == (PLAN.id, 10, 3, "open")
    assert (night["night"], night["measured"]) == ("2026-01-03", 0), "a night has attempts of its own only"
    assert listing(root, capsys, "nights") == [night]


def test_plans_tell_what_they_found_and_are_picked_by_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night, plan = listing(root, capsys, "plans")
    assert (night["verdict"], plan["verdict"]) == ("", "degraded, inconclusive")
    for words in (["verdict=inconclusive"], ["verdict=degr*", "quant=q4_0"]):
        assert listing(root, capsys, "plans", *words) == [plan]
    assert listing(root, capsys, "plans", "verdict=broken") == []
    assert listing(root, capsys, "plans", "--sort", "verdict") == [plan, night], "what is not known comes last"


def test_only_plans_that_are_shown_are_compared(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[set[str]] = []

    def compared(_: Layout, only: set[str]) -> list[Summary]:
        wanted.append(only)
        return []

    monkeypatch.setattr(summaries, "summaries", compared)
    for words in ([], ["verdict=degraded", "night=2026*"]):
        listing(root, capsys, "plans", *words)
    assert wanted == [{PLAN.id}], "the night has nothing measured"


def test_references_are_listed_with_why_and_despite_what(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "references", f"results={root}"]) == 0
    assert "next: python -m harness accept" in capsys.readouterr().out
    one = Accepted(PLAN.id, "", "cpu", "fp", "2026-01-02T01:00:00Z", "2026-01-03T04:05:06Z", "the first", "base",
                   ("q4_0 is broken on a", "and on b"))
    for tag in ("base", "other"):
        references.write(Layout(root), msgspec.structs.replace(one, tag=tag))
    (row,) = listing(root, capsys, "references", "tag=base")
    assert row == {"plan": PLAN.id, "when": "2026-01-03T04:05:06Z", "box": "cpu", "night": "", "tag": "base",
                   "reason": "the first", "despite": "q4_0 is broken on a; and on b"}
    assert run(["list", "references", f"results={root}"]) == 0
    assert "next: python -m harness show PLAN" in capsys.readouterr().out


def test_a_plan_that_was_stopped_and_given_again_is_one_row_with_all_it_measured(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write.plan(Layout(root), PLAN, "2026-01-04T00:00:00Z")
    plan, night = listing(root, capsys, "plans")
    assert (plan["when"], plan["measured"]) == ("2026-01-04T00:00:00Z", 3)
    assert night["night"] == "2026-01-03"


def test_a_record_of_another_version_is_listed_as_unreadable(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "cpu" / "0123456789ab" / "20270102T030405Z-cccc3333"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text('{"schema": 99}')
    assert run(["list", "results", f"results={root}"]) == 0
    assert "unreadable by this version" in capsys.readouterr().out.splitlines()[1]


def test_no_more_is_opened_than_is_shown(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    result = listed.result

    def counted(folder: Path) -> listed.Result:
        opened.append(folder)
        return result(folder)

    monkeypatch.setattr(listed, "result", counted)
    for number in range(60):
        folder = root / "cpu" / f"{number:012x}" / f"2025010{1 + number % 9}T030405Z-{number:08x}"
        folder.mkdir(parents=True)
        (folder / "record.json").write_text("not JSON")
    rows = listing(root, capsys, "results")
    assert len(rows) == len(opened) == 50
    assert rows[0]["cell"] == LOADS[1].id
    assert run(["list", "results", f"results={root}"]) == 0
    assert "50 of 64; --all for all." in capsys.readouterr().out
    assert len(listing(root, capsys, "results", "--all")) == 64


def test_an_empty_folder_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "results", f"results={tmp_path}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "next: python -m harness run"


@pytest.mark.parametrize("width", [20, 40, 80, 120, 200])
def test_no_line_is_folded_and_the_least_important_columns_go_first(root: Path, width: int) -> None:
    rows = [listed.result(path.parent) for path in sorted((root / "cpu").glob("*/2*/record.json"))]
    texts = [[listed.text(row, column.title) for column in listed.RESULTS] for row in rows]
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    hidden = fitted.show(listed.RESULTS, texts, console)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + len(rows)
    assert max(map(cell_len, lines)) <= width
    order = sorted(listed.RESULTS, key=lambda column: column.weight)
    assert set(hidden) == {column.title for column in order[: len(hidden)]}
    assert "cell" not in hidden


def test_a_damaged_plan_costs_the_results_of_its_own_cells_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in root.glob("*/plans/*.json"):
        path.write_text("[]")
    rows = listing(root, capsys, "results")
    assert [row["result"] for row in rows] == ["", "900 tok/s", "", ""]
    assert [row["state"] for row in rows] == ["failed", "degraded", "ok", "ok"]


def test_what_holds_unknown_fields_is_listed_too(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [*root.glob("*/*/2*/record.json"), *root.glob("*/plans/*.json")]
    for path in files:
        path.write_text(path.read_text().replace('"hw":', '"of_tomorrow": 1, "hw":', 1))
    for what, count in (("results", 1), ("plans", 2)):
        assert run(["list", what, f"results={root}"]) == 0
        said = capsys.readouterr().out
        assert said.count("unreadable by this version") == count, said
