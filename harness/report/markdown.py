"""report.md: the document as GitHub-flavoured Markdown, digests in full."""

from harness.report.blocks import Prose
from harness.report.document import Document
from harness.report.plots import Picture
from harness.report.tables import Cell, Table
from harness.report.wording import SYMBOLS, marked, public


def render(document: Document) -> str:
    """The whole file; figures are linked from plots/."""
    parts = [f"# {escaped(document.title)}", escaped(" · ".join(document.facts)), f"**{escaped(document.headline)}**"]
    for section in document.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [_block(block, section.title) for block in section.blocks]
        parts += ["Symbols: " + ", ".join(map(marked, SYMBOLS)) + "."] if section.key == "verdicts" else []
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Foreign text as one line that Markdown neither formats nor takes for a table border, a link or HTML."""
    line = " ".join(public(text).split())
    for char, safe in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|")):
        line = line.replace(char, safe)
    return line.replace("](", "]\\(").replace("`", "\\`").replace("*", "\\*")


def _block(block: Table | Picture | Prose, section: str) -> str:
    if isinstance(block, Table):
        return table(block, "" if block.title == section else f"### {escaped(block.title)}\n\n")
    if isinstance(block, Picture):
        link = f"![{escaped(block.alt)}](plots/{block.key}.png)"
        return f"### {escaped(block.title)}\n\n{link}\n\n{escaped(block.caption)}"
    if block.code:
        return f"### {escaped(block.heading)}\n\n```sh\n{' '.join(public(block.text).replace('```', '').split())}\n```"
    return f"**{escaped(block.heading)}.** {escaped(block.text)}" if block.heading else escaped(block.text)


def table(one: Table, heading: str = "") -> str:
    """A pipe table with its note beneath; a cell's second line follows its text."""
    lines = ["| " + " | ".join(map(escaped, one.columns)) + " |"]
    lines += ["|" + "|".join(":--" if index in one.words else "--:" for index in range(len(one.columns))) + "|"]
    lines += ["| " + " | ".join(map(_field, row)) + " |" for row in one.rows]
    return heading + "\n".join(lines) + (f"\n\n{escaped(one.note)}" if one.note else "")


def _field(cell: Cell) -> str:
    return escaped(f"{cell.text} {cell.detail}")
