"""Which records of a results folder count for a plan, as the verbs over stored results take them."""

import shutil
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from harness.cli import run
from harness.core.plan import Plan
from harness.store import read, write
from harness.store.layout import Layout
from harness.verbs.stored import records_of
from tools.simulated_nights import Nights, Planted, write_nights


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Two nights; on the second no answer of a task is right."""
    found = Layout(tmp_path / "results")
    write_nights(found, Nights(2, items=20, rounds=1, planted=(Planted(1, "triage", 0.0),)))
    return found


def test_a_damaged_record_costs_its_own_cell_and_is_said(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (read.plan_file(path) for path in read.plans(layout))
    next(layout.cell(first.cells[0]).glob("20260901T*/record.json")).write_text("{}")
    assert [len(records_of(plan, layout)) for plan in (first, second)] == [5, 6]
    assert "left out: " in capsys.readouterr().err


def right_in_triage(plan: Plan, layout: Layout, folder: Path) -> float:
    assert run(["export", plan.id, f"to={folder}", "format=parquet", f"results={layout.root}"]) == 0
    items = pd.concat(pd.read_parquet(path) for path in folder.rglob("*.parquet"))
    return float(items[items.task == "triage"].score.sum())


def test_an_exported_night_is_that_night(layout: Layout, tmp_path: Path) -> None:
    first, second = (read.plan_file(path) for path in read.plans(layout))
    assert right_in_triage(first, layout, tmp_path / "1") > right_in_triage(second, layout, tmp_path / "2") == 0


def test_an_exported_plan_has_the_answers_that_its_report_has(layout: Layout, tmp_path: Path) -> None:
    """Its own, although the second night's are newer."""
    first, second = (read.plan_file(path) for path in read.plans(layout))
    plain = msgspec.structs.replace(first, night="")
    write.plan(layout, plain, "2026-08-31T02:00:00Z")
    for path in [path for cell in first.cells for path in layout.cell(cell).glob("20260901T*")]:
        record = read.record(path)
        own = msgspec.structs.replace(record.run, plan_id=plain.id, started="2026-08-31T03:00:00Z")
        shutil.copytree(path, into := layout.attempt(own.cell, own.started, own.run_id))
        (into / "record.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(record, run=own)))
    assert right_in_triage(plain, layout, tmp_path / "1") == right_in_triage(first, layout, tmp_path / "2")
    assert right_in_triage(second, layout, tmp_path / "3") == 0
