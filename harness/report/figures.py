"""One measured figure as a cell: value, interval or why there is none, ratio with its verdict, marks of objections."""

import re

from harness.report.measured import Measured
from harness.report.objections import SIGNS
from harness.report.readings import verdict_words
from harness.report.tables import Cell, Table
from harness.report.view import View
from harness.report.wording import UNKNOWN, quantity, quantity_range, ratio

INVALID = "invalid"
_MARK = re.compile(f"[{''.join(SIGNS.values())}]\\d+")


def figure(one: Measured | None, margin: float, brief: bool = False) -> Cell:
    """A figure with all that belongs to it; `brief` gives a candidate its ratio instead of its own interval.

    `margin` is the share within which two speeds are the same. What is invalid shows no number in the place of one.
    """
    if one is None or one.scored is None:
        return Cell(UNKNOWN if one else "")
    if one.unusable:
        return Cell(f"{SIGNS[INVALID]} {INVALID}", f"read {quantity(one.scored.score, one.unit)} {one.marks}", INVALID)
    own = vague(one) or quantity_range(one.scored, one.unit) or one.why_no_interval
    against = compared(one, margin)
    lines = [against or own] if brief else [own, against]
    detail = "\n".join(line for line in lines if line)
    return Cell(f"{quantity(one.scored.score, one.unit)} {one.marks}".strip(), detail)


def vague(one: Measured) -> str:
    """What stands in the place of an interval so wide that it says nothing: one of a positive figure that reaches 0."""
    if one.scored is None or not one.scored.low <= 0 < one.scored.score:
        return ""
    return f"{one.rounds} rounds spread too far"


def compared(one: Measured, margin: float) -> str:
    """Ratio to the baseline with its interval and the verdict in words; "" where there is none."""
    if one.against is None or one.against.ratio is None:
        return ""
    word = verdict_words(one.against)
    if word == "same":
        return f"{ratio(one.against.ratio)}\nsame within {100 * margin:g} %"
    return f"{ratio(one.against.ratio)} {word}".strip()


def explained(table: Table, view: View) -> Table:
    """The table with the reasons of the marks in it below its note."""
    shown = {mark for row in table.rows for cell in row for mark in _MARK.findall(f"{cell.text} {cell.detail}")}
    reasons = [one.said for one in view.speeds.objections if one.mark in shown]
    if not reasons:
        return table
    note = " ".join(part for part in (table.note, ". ".join(reasons) + ".") if part)
    return Table(table.key, table.title, note, table.columns, table.rows, table.words, table.folded)
