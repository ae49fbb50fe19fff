"""Task by task: for each a card with its picture, and a table of every candidate and of the baseline against itself."""

import math

from harness.core.tones import NO_INFORMATION, tone
from harness.core.units import margin
from harness.core.verdict import Comparison
from harness.report.blocks import Block, Fold, Prose
from harness.report.evidence import at_margin
from harness.report.plots import Picture
from harness.report.tables import TAGS, Cell, Table, row, score_range
from harness.report.task_panels import key_of, name_of, rows_of
from harness.report.view import View
from harness.report.wording import SYMBOLS, early, metric, percent, points, points_range, pvalue

_DECIDED = ("equivalent", "degraded", "improved")
_NAMED = 4  # candidates whose verdicts stand beside a card's title; of more, they are counted


HOW_TO_READ = (
    "A card for each task. Thick line: the 90 % interval, which decides equivalence; thin line: 95 %. Grey bands: the "
    "margins shown, dashed the one set before the run; a candidate is equivalent within a margin when its thick line "
    "lies inside the band. Hollow: inconclusive, or the baseline against itself (A/A). Arrows: beyond the axis. Lost: "
    "right in the baseline only; gained: right in the candidate only. p under a verdict: equivalence within that "
    "margin (TOST); p of a change: exact (a score test where few templates changed), and after Holm over all tasks and "
    "quantizations. Needed: items that would decide at this margin and flip rate."
)


def cards(view: View, drawn: dict[str, Picture]) -> tuple[Block, ...]:
    """How to read them, then one card per task, in the suite's order; nothing where nothing was compared."""
    found = tuple(_card(view, task, drawn) for task in view.tasks if rows_of(view, task))
    return (Prose(HOW_TO_READ), *found) if found else ()


def card_of(view: View, task: str) -> str:
    """The anchor of a task's card."""
    return f"{key_of(view, task)}-card"


def _card(view: View, task: str, drawn: dict[str, Picture]) -> Fold:
    key = key_of(view, task)
    picture = (drawn[key],) if key in drawn else ()
    blocks = (Prose(_what(view, task)), *picture, _table(view, task))
    return Fold(card_of(view, task), view.task_labels[task], _brief(view, task), blocks)


def _brief(view: View, task: str) -> str:
    """The verdicts in a line: "Q8_0 ≈ equivalent, Q4_K_M ? inconclusive"."""
    found = [one for one in rows_of(view, task) if one.kind != "aa"]
    if len(found) <= _NAMED:
        return ", ".join(f"{view.label(one.candidate_arm)} {SYMBOLS[tone(one)]} {tone(one)}" for one in found)
    tones = [tone(one) for one in found]
    return ", ".join(f"{SYMBOLS[name]} {name} {tones.count(name)}" for name in SYMBOLS if name in tones)


def _what(view: View, task: str) -> str:
    """What was asked and how it was counted."""
    rows = rows_of(view, task)
    asked = max(one.n_items for one in rows)
    kind = rows[0].task_kind.replace("_", " ")
    known = next((one for one in view.analysis.plan.suite.tasks if one.task == task), None)
    chance = f" Guessing scores {percent(known.chance, 0)}." if known and known.chance else ""
    counted = "; ".join(dict.fromkeys(one.method for one in rows if one.method != "none"))
    return (
        f"{task}: {kind}, {metric(rows[0].metric)}, {asked:,} items, margin {margin(rows[0].margin)}.{chance}"
        + (f" Counted by {counted}." if counted else "")
    )


def _table(view: View, task: str) -> Table:
    rows = rows_of(view, task)
    shown = sorted({entry.margin for one in rows for entry in one.margins})
    cut = any(any(one.cap_hits) for one in rows)
    names = ("Arm", "Score", "Change, 95 %", *map(margin, shown), "Lost / gained", "Flips, %", "p of a change")
    columns = (*names, "Needed", *(["Answers cut"] if cut else []))
    empty = ("",) * (len(columns) - 2)
    full = {one.baseline_arm: one.baseline for one in rows if one.kind != "aa" and one.n_items}
    body = [
        row(Cell(view.label(arm), "baseline"), Cell(percent(one.score), score_range(one)), *empty)
        for arm, one in full.items()
    ]
    body += [row(*_figures(view, one, shown), *([_cut(one)] if cut else [])) for one in rows]
    return Table(f"{key_of(view, task)}-figures", "All figures", "", columns, tuple(body))


def _figures(view: View, one: Comparison, shown: list[float]) -> tuple[Cell | str, ...]:
    limits = (points_range(one.low, one.high, 2), f"90 %: {points_range(one.low90, one.high90, 2)}")
    return (
        Cell(name_of(view, one), _note(one)),
        Cell(percent(one.candidate.score), score_range(one.candidate)),
        Cell(points(one.delta, 2), "\n".join(limits) if math.isfinite(one.delta) else ""),
        *(_at(one, share) for share in shown),
        "" if one.lost is None or one.gained is None else f"{one.lost} / {one.gained}",
        Cell(f"{100 * one.flip_rate:.1f}" if math.isfinite(one.flip_rate) else "", _beyond(one)),
        Cell(pvalue(one.pvalue), f"Holm {pvalue(one.pvalue_holm)}" if one.kind != "aa" else ""),
        _needed(one),
    )


def _cut(one: Comparison) -> Cell:
    """How many answers ended at the length limit."""
    return Cell(percent(one.cap_hits[1]), f"baseline {percent(one.cap_hits[0])}")


def _note(one: Comparison) -> str:
    """What qualifies the row, short: the whole of it is among the remarks."""
    if tone(one) in ("broken", NO_INFORMATION):
        return one.note
    return "\n".join(word for word in (*(tag for tag in TAGS if tag in one.note), early(one)) if word)


def _at(one: Comparison, share: float) -> Cell:
    """The verdict at a margin, and the p-value of equivalence."""
    kind = at_margin(one, share)
    found = next((entry.pvalue for entry in one.margins if math.isclose(entry.margin, share)), math.nan)
    return Cell(SYMBOLS[kind], kind + (f"\np {pvalue(found)}" if math.isfinite(found) else ""), kind)


def _beyond(one: Comparison) -> str:
    """The baseline's own flips, beside which the candidate's stand."""
    if one.noise is None or not math.isfinite(one.noise.flip_rate):
        return ""
    return f"A/A {100 * one.noise.flip_rate:.1f}"


def _needed(one: Comparison) -> Cell:
    if one.kind == "aa" or one.items_needed is None:
        return Cell("decided" if one.kind != "aa" and tone(one) in _DECIDED else "")
    return Cell(f"{one.items_needed:,} items", f"{one.n_items:,} asked")
