"""What a report is made of: paragraphs, tables and figures, in sections."""

from dataclasses import dataclass

from harness.report.plots import Picture
from harness.report.tables import Table


@dataclass(frozen=True)
class Prose:
    """A paragraph with an optional heading; `code` marks a command to copy."""

    text: str
    heading: str = ""
    code: bool = False


Block = Table | Picture | Prose


@dataclass(frozen=True)
class Section:
    """A chapter: its anchor, title and blocks."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def or_else(table: Table, text: str) -> Table | Prose:
    """The table, or what to say where it has no rows."""
    return table if table.rows else Prose(text)
