"""Items of a record as columns: one table per task, in one order, so that two arms can be laid side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.core.record import ItemText, RunRecord
from harness.store.requests import Requests

if TYPE_CHECKING:
    import pandas as pd

Text = NDArray[np.object_]
KEY = ["item_id", "sample"]
TEXTS = ("item_id", "prompt_hash", "finish_reason", "first_tokens", "cluster", "level")


@dataclass(frozen=True, eq=False)
class ItemTable:
    """One task's answers: one row per item and sample, sorted by both; every column is (rows,).

    `scores` maps metric to numbers, NaN where an item lacks that metric. `repeated` counts rows that named an item,
    sample and metric a second time (they are not in the columns): such a table must not be compared.
    """

    task: str
    item_id: Text
    sample: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float64]]
    prompt_hash: Text
    finish_reason: Text
    first_tokens: Text
    cluster: Text
    level: Text
    repeated: int = 0

    @property
    def rows(self) -> int:
        """Items times samples."""
        return int(self.item_id.size)

    @cached_property
    def one_each(self) -> bool:
        """Whether every item has a single row."""
        return bool((self.item_id[1:] != self.item_id[:-1]).all())

    @property
    def starts(self) -> NDArray[np.intp]:
        """The row at which each item begins (items,)."""
        if self.one_each:
            return np.arange(self.rows)
        return np.flatnonzero(np.append(self.rows > 0, self.item_id[1:] != self.item_id[:-1]))

    def by_item(self, name: str) -> Text:
        """A text column at the row where each item begins (items,)."""
        column: Text = getattr(self, name)
        return column if self.one_each else column[self.starts]


@dataclass(frozen=True, eq=False)
class LoadedRun:
    """A record as read from the store: where it lies, the digest of its record file, its items by task.

    `requests` reads those of a load when they are asked for: they may be many. So does `texts`, of a task and the names
    of its items, with what these say (harness.store.texts.read); None where no texts were kept.
    """

    record: RunRecord
    path: str
    sha256: str
    items: tuple[ItemTable, ...] = ()
    requests: Callable[[], Requests] | None = None
    texts: Callable[[str, Collection[str]], Iterator[ItemText]] | None = None

    @classmethod
    def of(
        cls,
        record: RunRecord,
        path: str,
        sha256: str,
        frame: pd.DataFrame | None,
        requests: Callable[[], Requests] | None = None,
    ) -> LoadedRun:
        """From the long item frame that the store keeps (one row per item, sample and metric), None without items."""
        return cls(record, path, sha256, () if frame is None else split(frame), requests)


def split(frame: pd.DataFrame) -> tuple[ItemTable, ...]:
    """The long frame as one table per task, in order of first appearance.

    Needs the columns task, item_id, sample, metric, score, prompt_hash, finish_reason, first_tokens, cluster, level.
    """
    import pandas as pd

    if frame.empty:
        return ()
    tasks, names = pd.factorize(frame["task"])
    order = np.argsort(tasks, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(tasks, minlength=len(names)))[:-1])
    columns = {name: pd.factorize(frame[name].fillna(""), sort=name == "item_id") for name in (*TEXTS, "metric")}
    texts = {name: (codes, np.asarray(found, dtype=object)) for name, (codes, found) in columns.items()}
    numbers = frame["sample"].to_numpy(dtype=np.int64), frame["score"].to_numpy(dtype=np.float64)
    return tuple(_table(str(name), part, texts, numbers) for name, part in zip(names, parts, strict=True))


def _table(
    task: str,
    rows: NDArray[np.intp],
    texts: Mapping[str, tuple[NDArray[np.intp], Text]],
    numbers: tuple[NDArray[np.int64], NDArray[np.float64]],
) -> ItemTable:
    """The rows of one task, sorted. `texts` are a code for each row of the frame, and what the codes stand for."""
    rows = rows[np.lexsort((numbers[0][rows], texts["item_id"][0][rows]))]
    item, sample, score = texts["item_id"][0][rows], numbers[0][rows], numbers[1][rows]
    fresh = np.append(True, (item[1:] != item[:-1]) | (sample[1:] != sample[:-1]))
    place, metric = np.cumsum(fresh) - 1, texts["metric"][0][rows]
    scores: dict[str, NDArray[np.float64]] = {}
    for code in dict.fromkeys(metric.tolist()):
        column = np.full(int(fresh.sum()), np.nan)
        # Backwards, so that of a repeated row the first one stands.
        picked = np.flatnonzero(metric == code)[::-1]
        column[place[picked]] = score[picked]
        scores[str(texts["metric"][1][code])] = column
    named = place * len(texts["metric"][1]) + metric
    heads = rows[fresh]
    said: dict[str, Any] = {name: _texts(texts[name][0][heads], texts[name][1]) for name in TEXTS}
    repeated = named.size - np.unique(named).size
    return ItemTable(task=task, sample=sample[fresh], scores=scores, repeated=repeated, **said)


def _texts(codes: NDArray[np.intp], distinct: Text) -> Text:
    """A column as Python strings, each distinct one made once; one that says the same everywhere takes no room."""
    return np.broadcast_to(distinct[codes[0]], codes.shape) if np.ptp(codes) == 0 else distinct[codes]


def pool(task: str, members: tuple[ItemTable, ...]) -> ItemTable:
    """Tables of a group's member tasks as one; an item is named "member/item"."""
    metrics = dict.fromkeys(metric for member in members for metric in member.scores)
    blank = {member.task: np.full(member.rows, np.nan) for member in members}
    texts: dict[str, Any] = {
        name: np.concatenate([getattr(member, name) for member in members]) for name in TEXTS if name != "item_id"
    }
    return ItemTable(
        task=task,
        item_id=np.concatenate([member.task + "/" + member.item_id for member in members]),
        sample=np.concatenate([member.sample for member in members]),
        scores={
            metric: np.concatenate([member.scores.get(metric, blank[member.task]) for member in members])
            for metric in metrics
        },
        repeated=sum(member.repeated for member in members),
        **texts,
    )
