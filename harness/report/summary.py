"""summary.md: the report on one screen, for the summary of a CI step: the sentence, one table, flags, and links."""

from harness.report import standing
from harness.report.document import Document
from harness.report.markdown import escaped, opened
from harness.report.view import View, foremost

_LINES = 8  # of each list; what is beyond is counted


def render(document: Document, view: View) -> str:
    """Fewer than 60 lines, some 5 kB."""
    parts = [f"## {escaped(document.title)}", *opened(document.opening)]
    claims = foremost(view.claims, _LINES, lambda one: view.tone(one.candidate_arm))
    parts.append(_listed([one.sentence for one in claims], len(view.claims), "more claims"))
    parts.append(_flags(view))
    facts = escaped(" · ".join(document.facts))
    parts.append(f"[report.md](report.md) · [index.html](index.html) · [data.csv](data.csv) · {facts}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _flags(view: View) -> str:
    rows = standing.objections(view).rows
    return _listed([": ".join(cell.text for cell in row[:3]) for row in rows[:_LINES]], len(rows), "more flags")


def _listed(lines: list[str], of: int, rest: str) -> str:
    more = [f"- {of - len(lines)} {rest} in report.md"] if of > len(lines) else []
    return "\n".join([*(f"- {escaped(line)}" for line in lines), *more])
