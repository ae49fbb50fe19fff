"""report.md: the document as GitHub-flavoured Markdown, digests in full, long tables folded.

Foreign text stays text: no formatting, table border, HTML, link, mention or reference of it becomes alive.
"""

import re
from html import escape

from harness.report.blocks import Block, Fold
from harness.report.document import Document
from harness.report.opening import Opening
from harness.report.plots import Picture
from harness.report.tables import Cell, Table
from harness.report.wording import SYMBOLS, marked, public

_APART = "&#8203;"  # a space of no width: GitHub looks for mentions and addresses in the text as it is shown
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "|": "\\|", "~": "\\~", "$": "\\$"}
_LIVE = re.compile(r"(@|#|\bGH-)(?=\w)|(?<=\w)(:)(?=//)|\b(www|mailto|xmpp)(?=[.:])", re.IGNORECASE)
_LONG = 14  # rows above which a table is shown on demand


def render(document: Document) -> str:
    """The whole file; figures are linked from plots/."""
    parts = [f"# {escaped(document.title)}", escaped(" · ".join(document.facts)), *opened(document.opening)]
    parts += [picture(one) for one in (document.opening.picture,) if one]
    for section in document.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [block(one, section.title) for one in section.blocks]
        parts += ["Symbols: " + ", ".join(map(marked, SYMBOLS)) + "."] if section.key == "verdicts" else []
    return "\n\n".join(part for part in parts if part) + "\n"


def opened(opening: Opening) -> list[str]:
    """The sentence, what must not be missed, and the table."""
    told = [f"**{escaped(opening.sentence)}**", *(f"> ⚠ {escaped(one)}" for one in opening.warnings)]
    told += [table(opening.table)] if opening.table.rows else []
    return [*told, escaped("; ".join(opening.qualifiers))]


def escaped(text: str) -> str:
    """Foreign text as one line that Markdown neither formats nor takes for a table border, a link or HTML.

    Mentions, references and addresses are taken apart by a space of no width, so that nobody is told and nothing is
    linked. What would begin a heading, list or quote at the start of a line begins none.
    """
    line = " ".join(public(text).split()).replace("\\", "\\\\")
    line = "".join(_ENTITIES.get(char, char) for char in line)
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line).replace("](", "]\\(").replace("]:", "]\\:")
    line = _LIVE.sub(lambda found: found.group() + _APART, line)
    return re.sub(r"^([#+=-]|\d+(?=[.)](?:\s|$)))", lambda found: _no_marker(found.group()), line)


def _no_marker(start: str) -> str:
    """The start of a line without its meaning: a number's point is escaped, any other sign itself."""
    return f"{start}{_APART}" if start.isdigit() else f"\\{start}"


def block(one: Block, section: str = "") -> str:
    """A block with its heading, where that is not the section's."""
    if isinstance(one, Fold):
        return folded(one.title, one.brief, "\n\n".join(block(inner) for inner in one.blocks))
    if isinstance(one, Table):
        if one.folded or len(one.rows) > _LONG:
            return folded(one.title, f"{len(one.rows)} row{'s' * (len(one.rows) > 1)}", table(one))
        return table(one, "" if one.title == section else f"### {escaped(one.title)}\n\n")
    if isinstance(one, Picture):
        return f"### {escaped(one.title)}\n\n{picture(one)}"
    if one.code:
        return f"### {escaped(one.heading)}\n\n```sh\n{' '.join(public(one.text).replace('```', '').split())}\n```"
    return f"**{escaped(one.heading)}.** {escaped(one.text)}" if one.heading else escaped(one.text)


def picture(one: Picture) -> str:
    """The image at a width for reading, and its caption."""
    image = f'<img src="plots/{one.key}.png" width="{one.width}" alt="{in_html(one.alt)}">'
    return "\n\n".join(part for part in (image, escaped(one.caption)) if part)


def folded(title: str, brief: str, text: str) -> str:
    """Shown on demand; the blank lines let Markdown stand inside the HTML."""
    return f"<details><summary>{in_html(title)} ({in_html(brief)})</summary>\n\n{text}\n\n</details>"


def in_html(text: str) -> str:
    """Foreign text within HTML of ours, where Markdown's own escapes do not count."""
    safe = escape(" ".join(public(text).split()), quote=False).replace('"', "&quot;")
    return _LIVE.sub(lambda found: found.group() + _APART, safe)


def table(one: Table, heading: str = "") -> str:
    """A pipe table with its note beneath; a cell's further lines stand below its text."""
    lines = ["| " + " | ".join(map(escaped, one.columns)) + " |"]
    lines += ["|" + "|".join(":--" if index in one.words else "--:" for index in range(len(one.columns))) + "|"]
    lines += ["| " + " | ".join(map(_field, row)) + " |" for row in one.rows]
    return heading + "\n".join(lines) + (f"\n\n{escaped(one.note)}" if one.note else "")


def _field(cell: Cell) -> str:
    return "<br>".join(escaped(line) for line in (cell.text, *cell.detail.split("\n")) if line)
