"""What `plan` says can be decided: assumed before anything ran, measured once something did."""

import io
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from harness.core.config import Protocol
from harness.core.plan import Plan
from harness.core.record import ItemResult
from harness.core.suite import Task
from harness.stats.planning import items_needed, smallest_margin
from harness.store import write
from harness.store.layout import Layout
from harness.verbs.plan_reach import flip_rates_seen, show_reach
from tests.compare.arms import choice, measured, pair, plan_of, quality_cell, suite
from tests.execute.test_looks import staged

TASKS = (choice("triage", items=1_000), choice("code", items=5_000), choice("gsm8k"))
DOCUMENTS = Task("documents", "perplexity", "word_perplexity", "rolling", items=100)


def a_plan(limit: int | None = None, quant: str = "q4_k_m", stop: bool = False, **protocol: object) -> Plan:
    content = suite(*TASKS, DOCUMENTS)
    cells = [quality_cell(content, name, limit=limit) for name in ("f16", quant)]
    cells = [staged(cell) for cell in cells] if stop else cells
    rules = msgspec.convert(protocol, Protocol)
    return plan_of(content, cells, [pair("quality", cells[1], cells[0])], rules)


def told(plan: Plan, folder: Path) -> str:
    out = io.StringIO()
    show_reach(plan, Layout(folder), Console(file=out, width=80))
    return out.getvalue()


def rows(text: str, task: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.startswith(task)]


def store(plan: Plan, folder: Path, lost: Mapping[str, int], n: int = 200, when: str = "2026-01-02T03:04:05Z") -> None:
    """Both arms' answers to `n` items of each task in `lost`, of which the candidate gets so many wrong."""
    layout = Layout(folder / "results")
    write.plan(layout, plan, when)
    for cell in plan.cells:
        scratch = folder / f"scratch-{cell.id}"
        scratch.mkdir(exist_ok=True)
        wrong = lost if cell.quant != "f16" else dict.fromkeys(lost, 0)
        items = [
            ItemResult(task, f"i{i:04}", {"acc": float(i >= wrong[task])}, f"p{i}", "r", 1, 1, "stop", ())
            for task in lost
            for i in range(n)
        ]
        (scratch / "items.jsonl").write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in items))
        record = measured(cell).record
        run = msgspec.structs.replace(record.run, plan_id=plan.id, started=when, run_id=when[-3:-1])
        write.attempt(layout, msgspec.structs.replace(record, run=run), scratch)


def test_before_any_run_the_assumed_flip_rate_says_what_each_task_reaches_and_needs(tmp_path: Path) -> None:
    text = told(a_plan(), tmp_path)
    assert "if 5 % of the answers flip" in text
    assert rows(text, "triage") == ["triage classification 1,000 25 % 2.1 pt 2 pt 1,071"]
    assert rows(text, "code") == ["code classification 5,000 25 % 0.9 pt 1 pt 4,282"]
    assert rows(text, "gsm8k") == ["gsm8k classification ? 25 % ? ? ?"]
    assert rows(text, "documents") == ["documents perplexity 100 - -"]
    assert "measured before" not in text


def test_a_limit_a_margin_and_looks_are_taken_into_account(tmp_path: Path) -> None:
    text = told(a_plan(limit=400, margin=0.03, stop=True, flip_rate_assumed=0.1), tmp_path)
    reach, need = smallest_margin(400, 0.1), items_needed(0.1, 0.03)
    assert rows(text, "triage") == [f"triage classification 400 25 % {100 * reach:.1f} pt 3 pt {need}"]
    assert rows(text, "gsm8k") == [f"gsm8k classification ? 25 % ? 3 pt {need}"]
    assert rows(text, "documents") == ["documents perplexity 100 - -"]
    assert "a change needs z 3.96, 2.80, 1.98, equivalence 3.36, 2.37, 1.68" in text


def test_a_short_run_tells_how_long_the_next_one_should_be(tmp_path: Path) -> None:
    short, full = a_plan(limit=200), a_plan()
    store(short, tmp_path, {"triage": 30, "code": 0})
    text = told(full, tmp_path / "results")
    cells = " ".join(cell.id[:6] for cell in short.cells)
    reach, need = smallest_margin(1_000, 0.15), items_needed(0.15, 0.02)
    assert rows(text, "triage")[1] == f"triage q4_k_m 15.0 % 200 {100 * reach:.1f} pt 2 pt {need:,} {cells}"
    assert rows(text, "code")[1].startswith("code q4_k_m 0.0 % 200")
    assert len(rows(text, "gsm8k")) == 1


def test_of_several_runs_the_one_with_the_most_items_counts(tmp_path: Path) -> None:
    store(a_plan(limit=300), tmp_path, {"triage": 30}, n=300, when="2026-01-02T03:04:05Z")
    store(a_plan(limit=100), tmp_path, {"triage": 50}, n=100, when="2026-01-03T03:04:06Z")
    found = flip_rates_seen(a_plan(), Layout(tmp_path / "results"))
    assert [(one.task, one.n_items) for one in found] == [("triage", 300)]
    assert found[0].spread == pytest.approx(0.1)


def test_other_arms_and_other_suites_say_nothing_about_this_plan(tmp_path: Path) -> None:
    store(a_plan(quant="q2_k"), tmp_path, {"triage": 100})
    plan = a_plan(limit=200)
    changed = msgspec.structs.replace(plan.suite, digest="cd" * 8)
    store(msgspec.structs.replace(plan, suite=changed), tmp_path, {"triage": 9}, when="2026-01-03T03:04:06Z")
    assert flip_rates_seen(a_plan(), Layout(tmp_path / "results")) == []


def test_a_plan_of_another_version_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    store(a_plan(), tmp_path, {"triage": 9})
    (tmp_path / "results/cpu/plans/20260101T000000Z-0123456789ab.json").write_text('{"schema": 99}')
    assert len(flip_rates_seen(a_plan(), Layout(tmp_path / "results"))) == 1


def test_items_that_can_tell_no_more_are_not_read(tmp_path: Path) -> None:
    store(a_plan(limit=100), tmp_path, {"triage": 50}, n=100, when="2026-01-02T03:04:05Z")
    for items in (tmp_path / "results").glob("cpu/*/2*/items.parquet"):
        items.write_bytes(b"not a table")
    store(a_plan(limit=300), tmp_path, {"triage": 30, "code": 3, "gsm8k": 1}, n=300, when="2026-01-03T03:04:06Z")
    found = flip_rates_seen(a_plan(), Layout(tmp_path / "results"))
    assert {one.n_items for one in found} == {300}
