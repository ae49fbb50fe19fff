"""Reports over items with texts, made by hand; what the page loads is read back as the page would."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.compare.analyse import analyse
from harness.core.record import ItemText
from harness.core.suite import Task
from harness.core.verdict import Analysis
from harness.report.items import Reader, write
from harness.report.items.shards import Limits
from harness.report.view import View
from harness.store import texts
from harness.store.items import LoadedRun
from tests.compare.arms import Arms, frame, measured, suite

Scores = Mapping[str, Sequence[float] | NDArray[np.float64]]
"""Scores of one task by quantization; f16 is the baseline."""


def extraction(name: str = "extract", metric: str = "exact_match", **changes: Any) -> Task:
    """A task whose replies are generated."""
    return msgspec.structs.replace(Task(name, "extraction", metric, "generate"), **changes)


def said(run: LoadedRun, folder: Path, replies: Sequence[str], task: str = "extract", **more: Any) -> LoadedRun:
    """The run with a text for each item: "ask 0", "right 0" and its reply."""
    path = folder / f"{run.record.run.cell.id}.parquet"
    names = [f"i{number:05d}" for number in range(len(replies))]
    texts.write((_text(task, name, reply, more) for name, reply in zip(names, replies, strict=True)), path)
    return replace(run, texts=partial(texts.read, path))


def _text(task: str, name: str, reply: str, more: dict[str, Any]) -> ItemText:
    plain: dict[str, Any] = {"prompt": f"ask {name}", "target": f"right {name}"}
    return ItemText(task, name, reply=reply, **(plain | more))


def compared(scores: Scores, task: Task | None = None, **columns: Any) -> tuple[Analysis, dict[str, LoadedRun]]:
    """The analysis of these arms over one task, and the runs by quantization; `columns` as `frame` takes them."""
    asked = task or extraction()
    arms = Arms(suite(asked), tuple(quant for quant in scores if quant != "f16"), replicate=False)
    frames: dict[str, pd.DataFrame] = {
        quant: frame(asked.task, {asked.metric: values}, **columns) for quant, values in scores.items()
    }
    runs = {cell.quant: measured(cell, frames[cell.quant]) for cell in arms.plan.cells}
    return analyse(arms.plan, list(runs.values())), runs


def reader(runs: Mapping[str, LoadedRun]) -> Reader:
    """As a verb makes it of the store's records."""
    return {run.record.run.cell.id: run for run in runs.values()}.get


def written(analysis: Analysis, runs: Mapping[str, LoadedRun], folder: Path, limits: Limits | None = None) -> Path:
    """The page in a new folder."""
    folder.mkdir(parents=True)
    write(View(analysis), reader(runs), folder, "title", limits)
    return folder


def index(folder: Path) -> dict[str, Any]:
    """What items/index.js says."""
    (found,) = _call((folder / "items/index.js").read_bytes(), "itemsIndex")
    assert isinstance(found, dict)
    return found


def shards(folder: Path) -> Iterator[dict[str, Any]]:
    """Every shard in its order; each knows its number."""
    for number, path in enumerate(sorted((folder / "items").glob("[0-9]*.js"))):
        told, content = _call(path.read_bytes(), "itemsShard")
        assert (told, path.name) == (number, f"{number:04d}.js")
        yield content


def _call(script: bytes, function: str) -> list[Any]:
    """The arguments of a script that is one call with plain ASCII JSON; anything else fails here."""
    line = script.decode("ascii")
    assert line.startswith(f"{function}(")
    assert line.endswith(");\n")
    found: list[Any] = json.loads(f"[{line[len(function) + 1 : -3]}]")
    return found


def row(folder: Path, number: int) -> dict[str, Any]:
    """A row of the list with its texts, by name."""
    listed, starts = index(folder), index(folder)["starts"]
    shard = max(place for place, start in enumerate(starts) if start <= number)
    content = list(shards(folder))[shard]
    prompt, target, choices, before, after = content["r"][number - starts[shard]]

    def text(at: int) -> Any:
        return content["s"][at] if at >= 0 else None

    columns = {name: values[number] for name, values in listed["rows"].items()}
    return {
        **columns,
        "id": listed["items"]["id"][columns["item"]],
        "kind": listed["kinds"][columns["kind"]],
        "arm": listed["arms"][columns["arm"]][0],
        "prompt": text(prompt),
        "target": text(target),
        "choices": [text(one) for one in choices],
        "replies": [[text(one[0]) for one in side] for side in (before, after)],
        "answers": [[text(one[1]) for one in side] for side in (before, after)],
        "finish": [[one[2] for one in side] for side in (before, after)],
    }
