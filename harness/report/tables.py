"""Tables without a form, and the quality tables: Markdown, page and terminal all render the same cells.

A cell has a main text, a smaller second line and a tone (a key of wording.SYMBOLS) that a form may colour.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.tones import tone
from harness.core.verdict import Comparison, Scored
from harness.report.view import View, mean_delta
from harness.report.wording import SYMBOLS, counts, early, marked, percent, points, points_range

_ACROSS = 6  # tasks that have a column each
SMALL = "small real loss", "small real gain"
TAGS = (*SMALL, "beyond the margin")  # notes that qualify a verdict and stand with it


@dataclass(frozen=True)
class Cell:
    """One field of a table."""

    text: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """`columns` are titles; those in `words` are text (left aligned), all others numbers. `folded`: shown on demand."""

    key: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: tuple[int, ...] = (0,)
    folded: bool = False


def row(*fields: Cell | str) -> tuple[Cell, ...]:
    """Fields as cells."""
    return tuple(field if isinstance(field, Cell) else Cell(field) for field in fields)


def tally(comparisons: Iterable[str]) -> dict[str, int]:
    """Tones counted, in the order of wording.SYMBOLS."""
    found = Counter(comparisons)
    return {name: found[name] for name in SYMBOLS}


def verdict_cell(comparison: Comparison) -> Cell:
    """Symbol and delta in points over the 95 % interval; without a number where none can be trusted."""
    kind = tone(comparison)
    if kind == "broken":
        return Cell(marked(kind), tone=kind)
    tags = [tag for tag in TAGS if tag in comparison.note]
    lines = points_range(comparison.low, comparison.high), kind, *tags, early(comparison)
    detail = "\n".join(line for line in lines if line)
    return Cell(f"{SYMBOLS[kind]} {points(comparison.delta)}", detail, kind)


def matrix(view: View) -> Table:
    """Candidates against tasks, the verdicts that the whole report is about; many tasks are rows, not columns."""
    rows = [
        (
            Cell(view.label(arm.arm), "baseline"),
            *(_baseline_cell(dict(arm.scores).get(task)) for task in view.tasks),
            Cell("score", "95 % interval", "baseline"),
        )
        for arm in view.baselines
    ]
    for arm in view.candidates:
        found = [view.verdicts.get((arm.arm, task)) for task in view.tasks]
        verdicts = (verdict_cell(one) if one else Cell("not measured") for one in found)
        counted = _overall(view, arm.arm, [tone(one) for one in found if one])
        rows.append((Cell(view.label(arm.arm), view.role(arm)), *verdicts, counted))
    note = (
        "Change against the baseline in points with its 95 % interval; negative is worse. Equivalence is decided by "
        "the 90 % interval (see the tasks), a change by its p-value after correction. All tasks: the count of "
        "verdicts and the plain mean change over the usable tasks, a summary that carries no verdict."
    )
    columns = ("Quantization", *(view.task_labels[task] for task in view.tasks), "All tasks")
    if len(view.tasks) > _ACROSS:
        turned = tuple(zip(columns, *rows, strict=True))
        rows = [row(*fields) for fields in turned[1:]]
        columns = ("Task", *(f"{cell.text} ({cell.detail})" if cell.detail else cell.text for cell in turned[0][1:]))
    return Table("matrix", "Verdicts", note, columns, tuple(rows))


def _baseline_cell(scored: Scored | None) -> Cell:
    return Cell(percent(scored.score), score_range(scored), "baseline") if scored else Cell("")


def _overall(view: View, arm: str, tones: list[str]) -> Cell:
    """The last column of the matrix."""
    mean = mean_delta(view, arm)
    if mean is None:
        return Cell(counts(tally(tones)))
    return Cell(counts(tally(tones)), f"mean {points(mean[0].score)}\n{points_range(mean[0].low, mean[0].high)}")


def score_range(scored: Scored) -> str:
    """The interval of a score in percent, without the sign: "[79.9, 84.2]"."""
    return f"[{100 * scored.low:.1f}, {100 * scored.high:.1f}]" if math.isfinite(scored.low + scored.high) else ""


def ordered(view: View) -> list[Comparison]:
    """Quality comparisons by candidate (best bits first), then task; arms that the analysis does not list come last."""
    arms = {arm.arm: index for index, arm in enumerate(view.candidates)}
    tasks = {task: index for index, task in enumerate(view.tasks)}
    return sorted(view.quality.values(), key=lambda one: (arms.get(one.candidate_arm, len(arms)), tasks[one.task]))
