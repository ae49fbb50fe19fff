"""Prompts, targets and replies beside the items: texts.parquet, read row group by row group, and only on demand."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.core.record import ItemText

NAME = "texts.parquet"
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("task", "item_id", "prompt", "target", "reply")),
        ("sample", pa.int32()),
        ("answer", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("logprobs", pa.list_(pa.float32())),
    ]
)
_ROWS_AT_ONCE, _CHARACTERS_AT_ONCE = 4_000, 8_000_000
_READ_AT_ONCE = 200


def write(texts: Iterable[ItemText], path: Path) -> None:
    """Write all texts in their order; of long ones few are held at once.

    zstd with a dictionary: what many items share (the same prompt in all samples, few-shot examples) costs little.
    """
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd", compression_level=6) as writer:
        for part in _parts(texts):
            writer.write_table(pa.Table.from_pylist([msgspec.structs.asdict(one) for one in part], schema=_SCHEMA))


def _parts(texts: Iterable[ItemText]) -> Iterator[list[ItemText]]:
    part: list[ItemText] = []
    characters = 0
    for one in texts:
        part.append(one)
        characters += len(one.prompt) + len(one.reply)
        if len(part) == _ROWS_AT_ONCE or characters > _CHARACTERS_AT_ONCE:
            yield part
            part, characters = [], 0
    if part:
        yield part


def read(path: Path, task: str, names: Collection[str]) -> Iterator[ItemText]:
    """The texts of a task's items of these names, in stored order; an item the file lacks is left out.

    Of a group (mmlu) the items are named "member/item", and come back under that name and the group's.
    """
    file = pq.ParquetFile(path)
    wanted = pa.array(sorted(names), pa.string())
    for number in range(file.num_row_groups):
        if not _may_hold(file.metadata.row_group(number).column(0).statistics, task):
            continue
        for batch in file.iter_batches(_READ_AT_ONCE, row_groups=[number]):
            yield from (msgspec.convert(row, ItemText) for row in _rows(batch, task, wanted))


def _may_hold(statistics: Any, task: str) -> bool:
    """Whether a row group may have items of the task or of its members, whose names begin with the task's."""
    known = statistics is not None and statistics.has_min_max
    return not known or (statistics.min[: len(task)] <= task <= statistics.max)


def _rows(batch: pa.RecordBatch, task: str, wanted: pa.Array) -> Iterator[dict[str, Any]]:
    tasks, names = batch.column("task"), batch.column("item_id")
    own = pc.equal(tasks, task)
    member = pc.starts_with(tasks, f"{task}_")
    named = pc.if_else(own, names, pc.binary_join_element_wise(tasks, names, "/"))
    found = pc.and_(pc.or_(own, member), pc.is_in(named, wanted))
    for row, name in zip(batch.filter(found).to_pylist(), named.filter(found).to_pylist(), strict=True):
        yield row | {"task": task, "item_id": name}


def of_lines(path: Path) -> Iterator[ItemText]:
    """The texts that a child left as JSON lines."""
    decoder = msgspec.json.Decoder(ItemText)
    with path.open("rb") as lines:
        yield from map(decoder.decode, lines)
