"""One summary per stored plan: kept, made again where something changed, and lost alone where something is damaged."""

import errno
from pathlib import Path

import msgspec
import pytest

from harness.history.summaries import summaries
from harness.store import read, write
from harness.store.layout import Layout
from tools.simulated_nights import Nights, write_nights

FEW = Nights(3, items=40, rounds=2)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Three nights of one box."""
    found = Layout(tmp_path / "results")
    write_nights(found, FEW)
    return found


def _files(layout: Layout) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (layout.root / ".summaries").iterdir()}


def _records(layout: Layout, night: str) -> list[Path]:
    return sorted(layout.root.glob(f"dgx_spark/*/{night}T*/record.json"))


def test_every_night_has_a_summary_of_its_own_attempts_newest_last(layout: Layout) -> None:
    found = summaries(layout)
    assert [one.night for one in found] == ["2026-09-01", "2026-09-02", "2026-09-03"]
    assert [one.measured for one in found] == [9, 9, 9]
    assert len({one.arms[0].metrics[0].value for one in found}) == 3


def test_what_is_kept_is_read_back_equal_and_only_a_new_night_is_made(layout: Layout) -> None:
    first = summaries(layout)
    before = _files(layout)
    assert summaries(layout) == first
    assert _files(layout) == before
    write_nights(layout, Nights(4, items=40, rounds=2), start=3)
    assert summaries(layout)[:3] == first
    after = _files(layout)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {f"{summaries(layout)[3].plan}.json", "attempts"}


def test_many_are_made_by_several_processes_and_are_the_same(layout: Layout) -> None:
    few = summaries(layout)
    write_nights(layout, Nights(19, items=40, rounds=2), start=3)
    assert summaries(layout)[:3] == few
    assert len(summaries(layout)) == 19


def test_the_kept_ones_may_be_deleted_or_damaged(layout: Layout) -> None:
    first = summaries(layout)
    for path in (layout.root / ".summaries").iterdir():
        path.write_bytes(b'{"key": 1')
    assert summaries(layout) == first
    for path in (layout.root / ".summaries").iterdir():
        path.unlink()
    assert summaries(layout) == first


def test_a_changed_record_makes_its_plan_anew(layout: Layout) -> None:
    first = summaries(layout)
    for path in _records(layout, "20260902"):
        path.write_bytes(path.read_bytes().replace(b"made-up dgx_spark", b"another dgx_spark"))
    second = summaries(layout)
    assert [one == other for one, other in zip(first, second, strict=True)] == [True, False, True]


def test_a_damaged_record_costs_its_own_cell_and_is_said(layout: Layout) -> None:
    _records(layout, "20260902")[0].write_bytes(b"{}")
    said: list[str] = []
    assert [one.measured for one in summaries(layout, said.append)] == [9, 8, 9]
    assert len(said) == 1
    assert "record.json is not a record" in said[0]


def test_a_record_of_a_later_version_costs_its_own_plan(layout: Layout) -> None:
    path = _records(layout, "20260902")[0]
    text = path.read_text()
    place = text.rindex('"schema": 1')  # of the run; the load's cell has none
    path.write_text(text[:place] + '"schema": 9' + text[place + 11 :])
    said: list[str] = []
    assert [one.night for one in summaries(layout, said.append)] == ["2026-09-01", "2026-09-03"]
    assert "too new" in said[0]


def test_a_damaged_plan_and_a_damaged_table_cost_one_night_each(layout: Layout) -> None:
    next(layout.plans("dgx_spark").glob("20260901*")).write_text("[]")
    next(layout.root.glob("dgx_spark/*/20260903T*/items.parquet")).write_bytes(b"PAR1 not")
    said: list[str] = []
    assert [one.night for one in summaries(layout, said.append)] == ["2026-09-02"]
    assert len(said) == 2


def test_summaries_of_plans_that_are_gone_go_too(layout: Layout) -> None:
    summaries(layout)
    next(layout.plans("dgx_spark").glob("20260901*")).unlink()
    assert len(summaries(layout)) == 2
    assert len([name for name in _files(layout) if name.endswith(".json")]) == 2


def test_a_folder_without_results_has_none(tmp_path: Path) -> None:
    assert summaries(Layout(tmp_path)) == []


def test_a_plan_is_dated_by_its_own_records_and_else_by_when_it_was_given(layout: Layout) -> None:
    night = read.plan(layout, summaries(layout)[-1].plan)
    plain = msgspec.structs.replace(night, night="")
    for day in ("05", "07"):
        write.plan(layout, plain, f"2026-09-{day}T02:00:00Z")
    by = {one.plan: one for one in summaries(layout)}
    assert (by[night.id].started[:10], by[plain.id].measured) == ("2026-09-03", 9)
    assert by[plain.id].started == by[plain.id].ended == "2026-09-05T02:00:00Z", "first given then"
    write_nights(layout, Nights(4, items=40, rounds=2), start=3)
    assert {one.plan: one.started for one in summaries(layout)}[plain.id] == "2026-09-05T02:00:00Z"


def test_a_folder_that_cannot_be_written_costs_no_answer(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    first = summaries(layout)
    next(layout.plans("dgx_spark").glob("20260901*")).unlink()
    said: list[str] = []
    monkeypatch.setattr(Path, "unlink", _refused)
    monkeypatch.setattr(Path, "replace", _refused)
    assert summaries(layout, said.append) == first[1:]
    assert said == [f"cannot keep summaries in {layout.root / '.summaries'}: Read-only file system"]


def _refused(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")
