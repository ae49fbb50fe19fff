"""What a report is made of: paragraphs, tables and figures, in sections."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.report.plots import Picture
from harness.report.tables import Table


@dataclass(frozen=True)
class Prose:
    """A paragraph with an optional heading; `code` marks a command to copy."""

    text: str
    heading: str = ""
    code: bool = False


@dataclass(frozen=True)
class Fold:
    """Blocks shown on demand under a title; `brief` stands beside it, so that a reader sees what would open."""

    key: str
    title: str
    brief: str
    blocks: tuple["Table | Picture | Prose", ...]


Block = Table | Picture | Prose | Fold


@dataclass(frozen=True)
class Section:
    """A chapter: its anchor, title and blocks."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def or_else(table: Table, text: str) -> Table | Prose:
    """The table, or what to say where it has no rows."""
    return table if table.rows else Prose(text)


def flat(blocks: Iterable[Block]) -> Iterator[Table | Picture | Prose]:
    """The blocks with those of every fold in its place."""
    for block in blocks:
        yield from block.blocks if isinstance(block, Fold) else (block,)
