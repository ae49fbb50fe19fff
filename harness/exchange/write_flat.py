"""A measured arm as one table: CSV that our own import reads back, or Parquet with every metric and column."""

from pathlib import Path

import pandas as pd

from harness.core.suite import Task
from harness.exchange.outgoing import Outgoing
from harness.store import read
from harness.store.items import ItemTable


def csv(arm: Outgoing, folder: Path) -> None:
    """items.csv: one row per item and sample with the score its task is judged by; the columns of `exchange.plain`."""
    tables = [_rows(table, task) for table in arm.items if (task := arm.task_of(table)) and in_csv(task)]
    frame = pd.concat(tables) if tables else pd.DataFrame(columns=["task", "item_id", "score"])
    (folder / "items.csv").write_text(frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8")


def in_csv(task: Task) -> bool:
    """Whether a task fits a table whose scores are from 0 to 1, higher better."""
    return task.output != "rolling" and task.higher_is_better


def _rows(table: ItemTable, task: Task) -> pd.DataFrame:
    columns = {
        "task": table.task,
        "item_id": table.item_id,
        "score": table.scores[task.metric],
        "metric": task.metric,
        "sample": table.sample,
        "cluster": table.cluster,
        "prompt_sha": table.prompt_hash,
        "finish_reason": table.finish_reason,
    }
    return pd.DataFrame(columns)


def parquet(arm: Outgoing, folder: Path) -> None:
    """items.parquet: the store's long table (one row per item, sample and metric) with what names the arm."""
    cell = arm.cell
    frame = read.items(arm.path)
    identity = {"cell": cell.id, "model": cell.model, "quant": cell.quant, "runtime": cell.runtime, "hw": cell.hw}
    if frame is not None:
        frame.assign(**identity).to_parquet(folder / "items.parquet", index=False)
