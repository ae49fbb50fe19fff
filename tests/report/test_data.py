"""data.csv and data.parquet: everything compared, measured and drawn, as safe cells of one type a column."""

import csv
import io

import pandas as pd
import pytest
from msgspec.structs import replace

from harness.core.verdict import Analysis
from harness.report import datafile
from harness.report.columns import COLUMNS, dictionary
from harness.report.document import Document
from harness.report.frame import tidy
from harness.report.plots import Picture
from harness.report.render import pictures_of
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.loaded import loaded
from tests.report.pieces import arm
from tests.report.test_noise import example

BAD = "=HYPERLINK(\"http://x\"),'@SUM'"


@pytest.fixture(scope="module")
def drawn(document: Document) -> tuple[Picture, ...]:
    return tuple(pictures_of(document))


def test_every_picture_has_rows_in_every_panel(measured: Analysis, drawn: tuple[Picture, ...]) -> None:
    frame = tidy(View(measured), drawn)
    shown = frame[frame.section == "figure"]
    assert set(shown.figure) == {one.key for one in drawn} >= {"task-code", "pareto", "load", "latency"}
    for picture in drawn:
        panels = {panel.title for panel in picture.drawn}
        assert set(shown[shown.figure == picture.key].panel) == panels
    assert shown.x.notna().all()
    assert (shown.x_name != "").all()


def test_a_row_of_a_picture_is_what_is_drawn(measured: Analysis, drawn: tuple[Picture, ...]) -> None:
    frame = tidy(View(measured), drawn)
    one = next(found for found in measured.comparisons if found.kind == "quality")
    point = frame[(frame.figure == "task-classify") & (frame.arm == one.candidate_arm)].iloc[0]
    assert (point.x, point.x_low, point.x_high) == (one.delta, one.low, one.high)
    assert (point.x_low90, point.x_high90, point.state) == (one.low90, one.high90, one.verdict.value)
    curve = frame[(frame.figure == "latency") & (frame.part == "curve") & (frame.arm == arm("f16"))]
    latency = next(found for found in measured.latencies if found.arm == arm("f16"))
    first = curve[curve.panel == curve.panel.iloc[0]]
    assert list(zip(first.y, first.x, strict=True)) == list(latency.curve)


def test_there_is_one_row_for_each_comparison_diagnostic_and_reading() -> None:
    base = analysis()
    rows = list(csv.DictReader(io.StringIO(datafile.csv(tidy(View(base))).decode())))
    pooled = [row for row in rows if row["section"] == "pooled"]
    assert len(rows) - len(pooled) == len(base.comparisons) + len(base.diagnostics) + len(base.speed)
    first = base.comparisons[0]
    assert float(rows[0]["delta"]) == first.delta
    assert float(rows[0]["baseline_low"]) == first.baseline.low
    assert rows[0]["verdict_at_2"] == first.verdict.value
    assert rows[0]["n_items"] == "1000", "a count is no decimal"


def test_both_files_hold_the_same_and_each_column_has_one_type(measured: Analysis, drawn: tuple[Picture, ...]) -> None:
    frame = tidy(View(measured), drawn)
    kept = pd.read_parquet(io.BytesIO(datafile.parquet(frame)))
    read = pd.read_csv(io.BytesIO(datafile.csv(frame)), keep_default_na=False, na_values=[""])
    assert list(kept.columns) == list(read.columns) == list(frame.columns)
    assert len(kept) == len(read) == len(frame)
    assert kept.x.dropna().tolist() == read.x.dropna().tolist()
    assert {str(kind) for kind in kept.dtypes} <= {"float64", "int64", "bool", "str", "object"}
    assert kept.n_items.dropna().mod(1).eq(0).all()


def test_a_text_that_a_spreadsheet_would_compute_is_told_to_be_text() -> None:
    base = only(analysis(model=BAD), ("q8_0",), ("code",))
    found = tuple(replace(one, note=f"-1{BAD}", delta=-0.25) for one in base.comparisons)
    frame = tidy(View(replace(base, comparisons=found)))
    rows = list(csv.DictReader(io.StringIO(datafile.csv(frame).decode())))
    assert rows[0]["note"] == f"'-1{BAD}"
    assert rows[0]["baseline_arm"].startswith("'=HYPERLINK")
    assert rows[0]["delta"] == "-0.25", "a number stays a number"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+@\t\r")]
    assert pd.read_parquet(io.BytesIO(datafile.parquet(frame))).note[0] == f"-1{BAD}"


@pytest.mark.parametrize("base", [analysis(), loaded(), example(3)], ids=["quality", "loaded", "noise"])
def test_every_column_is_in_the_dictionary(base: Analysis) -> None:
    names = list(tidy(View(base)).columns)
    described = {cells[0].text for cells in dictionary(names).rows}
    assert {name for name in names if "_at_" not in name or name == "noise_at_noise"} <= described
    assert names == sorted(names, key=[*COLUMNS, *names].index) or "verdict_at_2" in names


def test_an_analysis_of_nothing_has_no_rows() -> None:
    base = analysis()
    empty = Analysis(replace(base.plan, cells=(), pairs=(), skips=()), (), (), (), (), (), (), ())
    frame = tidy(View(empty))
    assert datafile.csv(frame) == b"\n"
    assert pd.read_parquet(io.BytesIO(datafile.parquet(frame))).empty
