"""Which metric a task is judged by, and whether its scores can be: finite, from 0 to 1, each item and sample once."""

import math
from collections.abc import Sequence
from pathlib import Path

from harness.exchange.source import Row, malformed

PREFERRED = ("acc", "exact_match", "accuracy", "score", "f1", "pass@1", "match", "includes", "choice")


def number(value: object) -> float | None:
    """A score as a number; None for what is none (text, a list)."""
    if not isinstance(value, bool | int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def primary(metrics: Sequence[str], first: str, wanted: str) -> str:
    """The metric to judge by: the one wanted, else what the source names first, else a usual one, else any.

    Of a metric under several answer filters ("exact_match,strict-match") the first filter counts.
    """
    for name in (wanted, first, *PREFERRED):
        found = [metric for metric in metrics if name and (metric == name or metric.startswith(f"{name},"))]
        if found:
            return found[0]
    return metrics[0]


def check(rows: Sequence[Row], metric: str, path: Path) -> None:
    """Raises UserError, with the line, for a score of `metric` that no verdict can be made from, or a doubled item."""
    seen: dict[tuple[str, str, int], int] = {}
    for row in rows:
        item = row.item
        key = (item.task, item.item_id, item.sample)
        if key in seen:
            named = f"{item.item_id}" + (f", sample {item.sample}" if item.sample else "")
            earlier = f" (first on line {seen[key]})" if seen[key] else ""
            hint = "give every item its own item_id, or every sample its own number"
            raise malformed(path, f"item {named} of {item.task} stands there twice{earlier}", hint, row.line)
        seen[key] = row.line
        problem = _problem(item.scores.get(metric), metric, sorted(item.scores))
        if problem:
            raise malformed(path, f"item {item.item_id} of {item.task}: {problem[0]}", problem[1], row.line)


def _problem(score: float | None, metric: str, others: Sequence[str]) -> tuple[str, str] | None:
    """(what is wrong with a score, what to do), None if it can be used."""
    if score is None:
        return f"no {metric}", f"choose another with metric=; it has {', '.join(others) or 'none'}"
    if math.isnan(score):
        return f"{metric} is NaN", "score the item, or choose another metric with metric="
    if not 0 <= score <= 1:
        hint = "choose a metric from 0 to 1 with metric=, or the tasks to take with tasks="
        return f"{metric} is {score:g}, not from 0 to 1", hint
    return None
