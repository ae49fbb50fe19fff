"""Write an attempt or a plan: built in a hidden folder, synced, then renamed, so a reader sees all of it or nothing."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness.core.plan import Plan
from harness.core.record import Completed, ItemResult, RequestTrace, RunRecord, Sample
from harness.store import once, sums, texts
from harness.store.layout import Layout

_ROWS_AT_ONCE = 4_000


def attempt(layout: Layout, record: RunRecord, scratch: Path) -> Path:
    """Store `record` with the files its child left in `scratch`; return the new folder.

    A completed cell's journal is deleted, unless the record holds a part of its replies only. Raises HarnessError where
    the disk refuses.
    """
    run = record.run
    final = layout.attempt(run.cell, run.started, run.run_id)
    building = final.with_name(f".building-{run.run_id}")
    with once.clear_errors(final):
        building.mkdir(parents=True, exist_ok=True)
        if isinstance(record, Completed):  # what a failed child left is half of it; its replies are in the journal
            _tables(scratch, building)
        if (scratch / "log.txt").exists():
            shutil.copyfile(scratch / "log.txt", building / "log.txt")
        (building / "record.json").write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))
        sums.write(building)
        _sync(building)
        building.rename(final)
        once.sync_folder(final.parent)
    if isinstance(record, Completed) and run.cell == run.cell.whole:
        layout.journal(run.cell, run.night).unlink(missing_ok=True)
    return final


def plan(layout: Layout, plan: Plan, started: str) -> Path:
    """Store what is about to be measured and how it will be judged, before the first cell runs."""
    return once.write(layout.plan(plan.hw, started, plan.id), plan)


def sweep_journals(layout: Layout, plan: Plan) -> None:
    """Before a night: delete the replies of other nights to its questions. Those were killed, or ended task by task."""
    for cell in plan.cells if plan.night else ():
        own = layout.journal(cell, plan.night)
        for path in own.parent.glob("journal-*.jsonl") if cell.kind == "quality" else ():
            if path != own:
                path.unlink(missing_ok=True)


def _tables(scratch: Path, folder: Path) -> None:
    items = scratch / "items.jsonl"
    if items.exists():
        _write_table(_item_rows(items), folder / "items.parquet")
    if (scratch / "texts.jsonl").exists():
        texts.write(texts.of_lines(scratch / "texts.jsonl"), folder / texts.NAME)
    for name, kind in (("requests", RequestTrace), ("meters", Sample)):
        lines = scratch / f"{name}.jsonl"
        if lines.exists():
            _write_table(_rows(lines, kind), folder / f"{name}.parquet")


def _rows(path: Path, kind: type[RequestTrace] | type[Sample]) -> Iterator[dict[str, object]]:
    """One row per line."""
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as lines:
        for line in lines:
            yield msgspec.to_builtins(decoder.decode(line))


def _item_rows(path: Path) -> Iterator[dict[str, object]]:
    """One row per item and metric."""
    decoder = msgspec.json.Decoder(ItemResult)
    with path.open("rb") as lines:
        for line in lines:
            row = msgspec.to_builtins(decoder.decode(line))
            scores = row.pop("scores")
            row["first_tokens"] = ",".join(str(token) for token in row["first_tokens"])
            for metric, score in scores.items():
                yield {**row, "metric": metric, "score": score}


def _write_table(rows: Iterator[dict[str, object]], path: Path) -> None:
    """Some thousand rows at a time: a row of a load holds the time of every token."""
    parts = iter(lambda: list(itertools.islice(rows, _ROWS_AT_ONCE)), [])
    first = pa.Table.from_pylist(next(parts, []))
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(pa.Table.from_pylist(part, schema=first.schema))


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    once.sync_folder(folder)
