"""Paired tables for property tests."""

from hypothesis import strategies as st

from harness.stats.table import PairedTable


@st.composite
def paired_tables(draw: st.DrawFn, most: int = 400) -> PairedTable:
    """Whole counts of at most `most` in each cell, at least one item."""
    counts = [draw(st.integers(0, most)) for _ in range(4)]
    if not any(counts):
        counts[draw(st.integers(0, 3))] = 1
    return PairedTable(*map(float, counts))


def swapped(table: PairedTable) -> PairedTable:
    """The same items with the arms exchanged."""
    return PairedTable(table.both, table.gained, table.lost, table.neither)
