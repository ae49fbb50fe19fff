"""Do the verdicts keep their promises? Simulation with known truth; writes the figures of docs/statistics.md.

    python -m benchmarks.coverage [--quick]

Independent right-or-wrong items are enumerated: every table of losses and gains with its probability. Items
in clusters and items with 8 samples are drawn, 10,000 data sets a cell. Some minutes on one core. --quick makes a small
grid with few draws and writes nothing. Exit code 1 where an error that should be 5 % is above 6 % from 100 items on.
"""

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from benchmarks import coverage_pages
from benchmarks.coverage_methods import METHODS, Row, rates
from benchmarks.coverage_truth import data, truths

DOCS = Path(__file__).parents[1] / "docs"
ITEMS, FLIPS, RUNS = (30, 100, 198, 500, 1_319, 5_000), (0.01, 0.02, 0.05, 0.10, 0.20), 10_000
QUICK_ITEMS, QUICK_FLIPS, QUICK_RUNS = (30, 198), (0.02, 0.10), 1_000
ALLOWED, FROM_ITEMS = 0.06, 100


def simulate(items: tuple[int, ...], flips: tuple[float, ...], runs: int) -> Iterator[Row]:
    """Every method on every truth of the grid."""
    for truth in truths(items, flips):
        found = data(truth, runs)
        for name, method in METHODS.items():
            if name != "Tango alone" or truth.samples == 1:
                yield Row(truth, name, rates(truth, found, method(truth, found)))


def violations(rows: list[Row]) -> list[tuple[Row, str, float]]:
    """Where our method errs more often than it may, worst first."""
    found = [
        (row, name, rate)
        for row in rows
        if row.method == "ours" and row.truth.n >= FROM_ITEMS
        for name, rate in row.errors().items()
        if rate > ALLOWED
    ]
    return sorted(found, key=lambda one: -one[2])


def store(rows: list[Row], path: Path) -> None:
    """Every rate of the grid, in percent."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["items", "flips", "delta", "margin", "correlation in clusters", "samples", "method",
                         "interval misses", "called equivalent", "called changed", "called degraded"])
        for one in rows:
            truth, found = one.truth, one.rates
            shares = (truth.flips, truth.delta, truth.margin)
            shown = (found.miss, found.equivalent, found.changed, found.degraded)
            writer.writerow([truth.n, *(f"{100 * share:g}" for share in shares),
                             "" if truth.icc is None else truth.icc, truth.samples, one.method,
                             *(f"{100 * rate:.2f}" for rate in shown)])


def main(arguments: list[str]) -> int:
    """Simulate, print what violates the promise, and write tables and pictures unless --quick."""
    console, started = Console(), time.process_time()
    quick = "--quick" in arguments
    grid = (QUICK_ITEMS, QUICK_FLIPS, QUICK_RUNS) if quick else (ITEMS, FLIPS, RUNS)
    rows = list(simulate(*grid))
    wrong = violations(rows)
    for row, name, rate in wrong:
        console.print(f"{name} in {100 * rate:.1f} %: {row.truth}", markup=False)
    console.print(f"{len({row.truth for row in rows})} truths, {len(wrong)} errors above {100 * ALLOWED:g} %, "
                  f"{time.process_time() - started:.0f} s of CPU", markup=False)
    if not quick:
        store(rows, DOCS / "coverage.csv")
        coverage_pages.write(rows, wrong, DOCS)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
