"""Which records of a results folder count for a plan, as the verbs over stored results take them."""

from pathlib import Path

import pandas as pd
import pytest

from harness.cli import run
from harness.store import read
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


def test_an_exported_night_is_that_night(layout: Layout, tmp_path: Path) -> None:
    right = []
    for plan in (read.plan_file(path) for path in read.plans(layout)):
        folder = tmp_path / plan.night
        assert run(["export", plan.id, f"to={folder}", "format=parquet", f"results={layout.root}"]) == 0
        items = pd.concat(pd.read_parquet(path) for path in folder.rglob("*.parquet"))
        right.append(items[items.task == "triage"].score.sum())
    assert right[0] > right[1]
