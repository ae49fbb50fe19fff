"""What is stored comes back as it was, and nothing half-written is ever seen."""

import resource
from pathlib import Path

import msgspec
import pytest

from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.errors import HarnessError, NotFound, SchemaError
from harness.core.plan import Plan
from harness.core.record import (
    Completed,
    Failed,
    ItemResult,
    Machine,
    Outcome,
    RequestTrace,
    Run,
    RunRecord,
    Sample,
    Source,
)
from harness.core.runtime import Facts
from harness.core.suite import Suite
from harness.store import read, write
from harness.store.attempts import Attempts, chosen
from harness.store.layout import Layout
from tests.cells import job, load_cell, quality_cell

_MACHINE = Machine("a cpu", 2, 1 << 30, (), "Linux", "", (0.0, 0.0, 0.0), "3.11", "x", "y")


def _run(cell: Cell, started: str = "2026-01-02T03:04:05Z", run_id: str = "abcd1234") -> Run:
    return Run(run_id, "p" * 12, cell, _MACHINE, (), Source("0", "", False), started, 1.5)


def _completed(cell: Cell, **when: str) -> Completed:
    outcome = Outcome(Facts("fake", "1", "none", None, None, 1, 1), ())
    prepared = job(cell, Path("/nowhere")).prepared
    assert prepared is not None
    return Completed(_run(cell, **when), prepared, outcome)


def test_a_record_comes_back_as_it_was_written(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    records: list[RunRecord] = [_completed(cell), Failed(_run(cell, run_id="ffff0000"), "memory", "why", -9, "log")]
    for record in records:
        folder = write.attempt(layout, record, tmp_path)
        assert read.record(folder) == record
        assert folder.name == f"20260102T030405Z-{record.run.run_id}"


def test_items_become_one_row_per_item_and_metric(suite: Suite, tmp_path: Path) -> None:
    item = ItemResult("t", "i1", {"acc": 1.0, "acc_norm": 0.0}, "p", "r", 3, 4, "stop", (1, 2), "c", "hard")
    (tmp_path / "items.jsonl").write_bytes(msgspec.json.encode(item) + b"\n")
    frame = read.items(write.attempt(Layout(tmp_path / "results"), _completed(quality_cell(suite)), tmp_path))
    assert frame is not None
    assert dict(zip(frame.metric, frame.score, strict=True)) == {"acc": 1.0, "acc_norm": 0.0}
    assert set(frame.first_tokens) == {"1,2"}
    assert set(frame.cluster) == {"c"}


def test_requests_keep_every_token_time(tmp_path: Path) -> None:
    trace = RequestTrace(1, "steady", 2, 3, 0, 2, 10, 10, 20, 30, (20, 30))
    (tmp_path / "requests.jsonl").write_bytes(msgspec.json.encode(trace) + b"\n")
    folder = write.attempt(Layout(tmp_path / "results"), _completed(load_cell()), tmp_path)
    import pandas as pd

    assert list(pd.read_parquet(folder / "requests.parquet").token_ns[0]) == [20, 30]


def test_what_the_sensors_said_is_stored_as_a_series(tmp_path: Path) -> None:
    samples = [Sample(at, "gpu0_power", 100.5 + at, "W") for at in (10, 20)]
    (tmp_path / "meters.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in samples))
    folder = write.attempt(Layout(tmp_path / "results"), _completed(load_cell()), tmp_path)
    import pandas as pd

    table = pd.read_parquet(folder / "meters.parquet")
    assert list(table.columns) == ["at_ns", "sensor", "value", "unit"]
    assert list(table.value) == [110.5, 120.5]


def test_the_newest_completed_attempt_is_found_and_failures_are_not(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    attempts = Attempts(layout)
    assert attempts.completed(cell) is None
    write.attempt(layout, _completed(cell, started="2026-01-01T00:00:00Z", run_id="old00000"), tmp_path)
    new = write.attempt(layout, _completed(cell, started="2026-01-03T00:00:00Z", run_id="new00000"), tmp_path)
    failed = write.attempt(layout, Failed(_run(cell, "2026-01-04T00:00:00Z"), "signal", "w", -9, ""), tmp_path)
    assert attempts.completed(cell) is None, "what was looked up holds until it is forgotten"
    attempts.forget(cell)
    assert attempts.completed(cell) == new
    assert attempts.completed(cell, "another plan") is None
    assert (attempts.latest(cell), attempts.latest(cell, "p" * 12), attempts.latest(cell, "another")) == (
        failed, failed, None)


def test_a_plan_keeps_its_own_answers_whoever_gives_newer_ones(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    mine, other = (Plan("cpu", (cell,), (), (), suite, Protocol(margin)) for margin in (0.01, 0.02))
    made = [write.attempt(layout, _of(_completed(cell, started=f"2026-01-0{day}T00:00:00Z"), plan), tmp_path)
            for day, plan in ((1, mine), (2, other))]
    assert [chosen(plan, Attempts(layout)) for plan in (mine, other)] == [[made[0]], [made[1]]]
    borrower = Plan("cpu", (cell,), (), (), suite, Protocol(0.03))
    assert chosen(borrower, Attempts(layout)) == [made[1]]
    assert chosen(msgspec.structs.replace(mine, night="n"), Attempts(layout)) == []


def _of(record: Completed, plan: Plan) -> Completed:
    return msgspec.structs.replace(record, run=msgspec.structs.replace(record.run, plan_id=plan.id))


def test_the_journal_stays_where_the_record_holds_a_part_and_serves_the_cell_that_asks_everything(
    suite: Suite, tmp_path: Path
) -> None:
    layout, whole = Layout(tmp_path / "results"), quality_cell(suite)
    staged = msgspec.structs.replace(whole, work=msgspec.structs.replace(whole.work, staged=True))
    assert staged.whole == whole
    assert staged.id != whole.id
    layout.journal(staged).parent.mkdir(parents=True)
    layout.journal(staged).write_text("x")
    write.attempt(layout, _completed(staged), tmp_path)
    assert layout.journal(whole).read_text() == "x"
    write.attempt(layout, _completed(whole), tmp_path)
    assert not layout.journal(staged).exists()


def test_the_journal_goes_when_the_record_holds_its_replies(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    layout.cell(cell).mkdir(parents=True)
    layout.journal(cell).write_text("x")
    write.attempt(layout, Failed(_run(cell), "signal", "why", -9, ""), tmp_path)
    assert layout.journal(cell).exists()
    write.attempt(layout, _completed(cell, run_id="done0000"), tmp_path)
    assert not layout.journal(cell).exists()


def test_no_night_reads_or_deletes_the_journal_of_another(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    names = ("", "2026-01-02", "2026-01-03")
    assert len({layout.journal(cell, night) for night in names}) == 3
    layout.cell(cell).mkdir(parents=True)
    for night in names:
        layout.journal(cell, night).write_text("x")
    done = _completed(cell)
    run = msgspec.structs.replace(done.run, night=names[1])
    write.attempt(layout, msgspec.structs.replace(done, run=run), tmp_path)
    assert [layout.journal(cell, night).exists() for night in names] == [True, False, True]


def test_a_night_sweeps_the_journals_of_other_nights_and_a_plain_plan_none(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    plan = Plan("cpu", (cell, load_cell()), (), (), suite, Protocol())
    names = ("", "2026-01-02", "2026-01-03")
    layout.cell(cell).mkdir(parents=True)
    for night in names:
        layout.journal(cell, night).write_text("x")
    write.sweep_journals(layout, plan)
    assert all(layout.journal(cell, night).exists() for night in names)
    write.sweep_journals(layout, msgspec.structs.replace(plan, night=names[2]))
    assert [layout.journal(cell, night).exists() for night in names] == [True, False, True]


@pytest.mark.parametrize(("schema", "word"), [(0, "too old"), (99, "too new")])
def test_a_record_of_another_schema_is_refused_by_name(suite: Suite, tmp_path: Path, schema: int, word: str) -> None:
    folder = write.attempt(Layout(tmp_path / "results"), _completed(quality_cell(suite)), tmp_path)
    path = folder / "record.json"
    found = msgspec.json.decode(path.read_bytes())
    found["run"]["schema"] = schema
    path.write_bytes(msgspec.json.encode(found))
    with pytest.raises(SchemaError, match=word):
        read.record(folder)


def test_a_damaged_record_is_named(suite: Suite, tmp_path: Path) -> None:
    folder = write.attempt(Layout(tmp_path / "results"), _completed(quality_cell(suite)), tmp_path)
    (folder / "record.json").write_text("{}")
    with pytest.raises(SchemaError, match=r"record\.json is not a record"):
        read.record(folder)


def test_a_disk_that_refuses_ends_in_one_line_and_leaves_no_attempt(suite: Suite, tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path / "results"), quality_cell(suite)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        with pytest.raises(HarnessError, match="cannot write"):
            write.attempt(layout, _completed(cell), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read.attempts(layout, cell) == []


def test_the_newest_plan_is_found_and_an_unknown_one_says_what_to_do(suite: Suite, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "results")
    with pytest.raises(NotFound, match="harness run"):
        read.plan(layout)
    old = Plan("cpu", (quality_cell(suite),), (), (), suite, Protocol())
    new = Plan("cpu", (load_cell(),), (), (), suite, Protocol())
    write.plan(layout, old, "2026-01-01T00:00:00Z")
    write.plan(layout, new, "2026-01-02T00:00:00Z")
    assert read.plan(layout) == new
    assert read.plan(layout, old.id) == old


def test_equal_cells_have_equal_ids_and_any_change_gives_another(suite: Suite) -> None:
    cell = quality_cell(suite)
    assert cell.id == quality_cell(suite).id
    assert msgspec.structs.replace(cell, hw="another").id not in (cell.id, "")
    assert cell == quality_cell(suite), "a name that was asked for is no part of the value"
    assert len({cell.id, quality_cell(suite, "q4_k_m").id, quality_cell(suite, skill=0.5).id, load_cell().id}) == 4


