"""summary.md: the report on one screen, for the summary of a CI step: the sentence, one table, flags, and links."""

from dataclasses import replace

from harness.report import standing
from harness.report.document import Document
from harness.report.markdown import escaped, opened
from harness.report.tables import Table
from harness.report.view import View

_ROWS, _LINES = 16, 8  # of the table, and of each list; what is beyond is counted


def render(document: Document, view: View) -> str:
    """Fewer than 60 lines, some 5 kB."""
    first = document.opening
    parts = [f"## {escaped(document.title)}", *opened(replace(first, table=_short(first.table)))]
    parts.append(_listed([f"- {escaped(one.sentence)}" for one in view.claims], "more claims"))
    parts.append(_flags(view))
    facts = escaped(" · ".join(document.facts))
    parts.append(f"[report.md](report.md) · [index.html](index.html) · [data.csv](data.csv) · {facts}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _short(one: Table) -> Table:
    """The table with so many rows as fit; its note stays, since it says what the symbols mean and what is left out."""
    left = len(one.rows) - _ROWS
    note = f"{left} more rows in report.md. {one.note}" if left > 0 else one.note
    return Table(one.key, one.title, note, one.columns, one.rows[:_ROWS], one.words)


def _flags(view: View) -> str:
    rows = standing.objections(view).rows
    return _listed(["- " + escaped(": ".join(cell.text for cell in row[:3])) for row in rows], "more flags")


def _listed(lines: list[str], rest: str) -> str:
    more = len(lines) - _LINES
    return "\n".join([*lines[:_LINES], *([f"- {more} {rest} in report.md"] if more > 0 else [])])
