"""Items as columns: what the store keeps comes back whole, in one order, with repeats counted."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from harness.core.record import ItemResult
from harness.store.items import pool, split


def _item(number: int, task: str = "triage", sample: int = 0) -> ItemResult:
    scores = {"acc": float(number % 2), "acc_norm": 1.0}
    return ItemResult(task, f"i{number}", scores, f"p{number}", "r", 5, 1, "stop", (1, 7), sample=sample)


def _frame(folder: Path, *items: ItemResult) -> pd.DataFrame:
    """The items after a round trip through the store's parquet."""
    rows = []
    for item in items:
        row = msgspec.to_builtins(item)
        scores = row.pop("scores")
        row["first_tokens"] = ",".join(map(str, item.first_tokens))
        rows += [{**row, "metric": metric, "score": score} for metric, score in scores.items()]
    pd.DataFrame(rows).to_parquet(folder / "items.parquet")
    return pd.read_parquet(folder / "items.parquet")


def test_items_come_back_sorted_with_a_column_for_each_metric(tmp_path: Path) -> None:
    (table,) = split(_frame(tmp_path, _item(2), _item(0), _item(1)))
    assert list(table.item_id) == ["i0", "i1", "i2"]
    assert list(table.scores["acc"]) == [0.0, 1.0, 0.0]
    assert list(table.scores["acc_norm"]) == [1.0, 1.0, 1.0]
    assert list(table.prompt_hash) == ["p0", "p1", "p2"]
    assert (table.rows, table.repeated, table.first_tokens[0], table.cluster[0]) == (3, 0, "1,7", "")


def test_tasks_are_told_apart_and_samples_kept_together(tmp_path: Path) -> None:
    items = [_item(0, "a"), _item(1, "b", sample=1), _item(1, "b"), _item(0, "b")]
    first, second = split(_frame(tmp_path, *items))
    assert (first.task, second.task) == ("a", "b")
    assert list(second.sample) == [0, 0, 1]
    assert list(second.starts) == [0, 1]


def test_an_item_named_twice_is_counted_and_its_first_score_stands(tmp_path: Path) -> None:
    again = msgspec.structs.replace(_item(0), scores={"acc": 1.0})
    (table,) = split(_frame(tmp_path, _item(0), again))
    assert (table.rows, table.repeated) == (1, 1)
    assert table.scores["acc"][0] == 0.0


def test_a_metric_that_an_item_lacks_is_not_a_number(tmp_path: Path) -> None:
    (table,) = split(_frame(tmp_path, _item(0), msgspec.structs.replace(_item(1), scores={"acc": 1.0})))
    assert np.isnan(table.scores["acc_norm"][1])


def test_members_of_a_group_keep_their_names_in_the_pool(tmp_path: Path) -> None:
    table = pool("g", split(_frame(tmp_path, _item(0, "g_a"), _item(0, "g_b"), _item(1, "g_b"))))
    assert list(table.item_id) == ["g_a/i0", "g_b/i0", "g_b/i1"]
    assert list(table.scores["acc"]) == [0.0, 0.0, 1.0]
