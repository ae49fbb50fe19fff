"""Plain tables, CSV or JSON lines: task, item_id, score, and what is known of sample, cluster, prompt_sha and others.

Texts (prompt, target, reply) are kept for reading and decide nothing.

The score is from 0 to 1, higher is better; a task has one metric, called "score" where no column names it. Two arms
are compared on equal item ids, and on equal prompt_sha if given.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core import document
from harness.core.digest import text_digest
from harness.core.record import ItemResult, ItemText
from harness.core.suite import Task
from harness.exchange import lines, scores
from harness.exchange.source import Row, Source, Wanted, malformed, selected, texts_of

NEEDED = ("task", "item_id", "score")
TEXTS = ("prompt", "target", "reply")
OPTIONAL = ("sample", "cluster", "prompt_sha", "finish_reason", "metric", *TEXTS)
_LONGEST_FIELD = 1 << 26
_COLUMNS = f"columns are {', '.join(NEEDED)} and, where known, {', '.join(OPTIONAL)}"


def read(path: Path, wanted: Wanted) -> Source:
    """All items of the file; raises UserError, with the line, for one that cannot be used."""
    found = _csv(path) if path.suffix.lower() == ".csv" else lines.json_lines(path)
    unused: dict[str, None] = {}
    rows = []
    for line, fields in found:
        item = _item(fields, path, line)
        rows.append(Row(item, line, _said(item, fields)))
        unused |= dict.fromkeys(name for name in fields if name not in (*NEEDED, *OPTIONAL))
    if not rows:
        raise malformed(path, "a heading and no items", "add the items")
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row.item.task, []).append(row)
    tasks = selected([_task(name, some, path) for name, some in by_task.items()], wanted, path)
    names = {task.task for task in tasks}
    return Source(
        format="csv" if path.suffix.lower() == ".csv" else "jsonl",
        files=(path,),
        model="unknown",
        backend="",
        tasks=tasks,
        items=tuple(row.item for row in rows if row.item.task in names),
        texts=texts_of(row for row in rows if row.item.task in names),
        remarks=(f"columns not used: {', '.join(unused)}",) if unused else (),
    )


def _task(name: str, rows: list[Row], path: Path) -> Task:
    """One task, judged by its one metric; raises UserError, with the line, for a second metric or a score of no use."""
    metric = next(iter(rows[0].item.scores))
    for row in rows:
        if metric not in row.item.scores:
            raise malformed(path, f"{name} has a second metric", "keep one metric of each task", row.line)
    scores.check(rows, metric, path)
    return Task(name, "imported", metric, "generate", items=len({row.item.item_id for row in rows}))


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(lines.text_of(path), newline=""), strict=True)
    try:
        heading = [name.strip() for name in next(reader)]
        _check_heading(heading, path)
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(heading):
                reason = f"{len(fields)} fields under {len(heading)} columns"
                raise malformed(path, reason, "quote fields that hold commas", reader.line_num)
            yield reader.line_num, dict(zip(heading, fields, strict=True))
    except csv.Error as error:
        hint = "quote fields that hold commas or quotes"
        raise malformed(path, f"not CSV: {error}", hint, reader.line_num) from error


def _check_heading(heading: list[str], path: Path) -> None:
    if missing := [name for name in NEEDED if name not in heading]:
        raise malformed(path, f"no column {', '.join(missing)}", _COLUMNS, 1)
    if len(set(heading)) != len(heading):
        raise malformed(path, "a column stands there twice", _COLUMNS, 1)


def _item(fields: dict[str, Any], path: Path, line: int) -> ItemResult:
    for name in NEEDED:
        if fields.get(name) in (None, ""):
            raise malformed(path, f"no {name}", _COLUMNS, line)
    return ItemResult(
        task=_text(fields, "task"),
        item_id=_text(fields, "item_id"),
        scores={_text(fields, "metric") or "score": _score(fields["score"], path, line)},
        prompt_hash=document.foreign_hash(_text(fields, "prompt_sha"), "given"),
        reply_hash=text_digest(str(fields["reply"])) if fields.get("reply") else "",
        prompt_tokens=0,
        output_tokens=0,
        finish_reason=_text(fields, "finish_reason"),
        first_tokens=(),
        cluster=_text(fields, "cluster"),
        sample=_sample(fields.get("sample"), path, line),
    )


def _said(item: ItemResult, fields: dict[str, Any]) -> ItemText | None:
    """The item's texts as they stand there, blanks and all; None where it has none."""
    prompt, target, reply = ("" if fields.get(name) is None else str(fields[name]) for name in TEXTS)
    return ItemText(item.task, item.item_id, prompt, target, reply, item.sample) if prompt + target + reply else None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value).strip()


def _score(value: object, path: Path, line: int) -> float:
    found = scores.number(value)
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            found = None
    if found is None:
        raise malformed(path, f"score {str(value)[:40]!r} is no number", "write it as a number from 0 to 1", line)
    return found


def _sample(value: object, path: Path, line: int) -> int:
    text = "0" if value in (None, "") else str(value).strip()
    if not text.isdecimal() or len(text) > 9:
        raise malformed(path, f"sample {text[:40]!r} is no whole number", "number samples 0, 1, 2 ...", line)
    return int(text)
