"""What keeping prompts, targets and replies costs: bytes beside the items', and seconds of a run's processor time.

    python -m benchmarks.texts RESULTS

For every quality cell of a results folder: the child's part, writing JSON lines of the texts, and the parent's, making
the Parquet file of them, each the best of three; the pocket suite's make one: python -m harness run suite=pocket.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from harness.core.record import ItemText
from harness.store import read, texts

TIMES = 3


def _best(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    found = []
    for _ in range(TIMES):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


def _cost(folder: Path) -> tuple[str, ...]:
    said = [msgspec.convert(row, ItemText) for row in pq.read_table(folder / texts.NAME).to_pylist()]
    encoder = msgspec.json.Encoder()
    with tempfile.TemporaryDirectory() as scratch:
        lines, table = Path(scratch) / "texts.jsonl", Path(scratch) / texts.NAME
        child = _best(lambda: lines.write_bytes(b"".join(encoder.encode(one) + b"\n" for one in said)))
        parent = _best(lambda: texts.write(texts.of_lines(lines), table))
        sizes = [lines.stat().st_size, table.stat().st_size, (folder / "items.parquet").stat().st_size]
    record = read.record(folder)
    counts = (f"{one:,}" for one in (len(said), *sizes))
    return record.run.cell.label, *counts, f"{1e3 * child:.1f}", f"{1e3 * parent:.1f}", f"{record.run.seconds:.1f}"


def main(results: Path) -> None:
    """Show a row for each cell that has texts."""
    sizes = ("texts", "bytes as text", "texts.parquet", "items.parquet")
    table = Table("Cell", *sizes, "child ms", "parent ms", "the cell took s")
    for path in sorted(results.glob(f"*/*/*/{texts.NAME}")):
        table.add_row(*_cost(path.parent))
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
