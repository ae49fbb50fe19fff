"""The simulation's rates as the tables and pictures of docs/statistics.md; tables stand between markers there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.coverage_methods import Rates, Row
from benchmarks.coverage_truth import Truth

SCENES: dict[str, Callable[[Truth], bool]] = {
    "independent": lambda truth: truth.icc is None and truth.samples == 1,
    "clusters": lambda truth: truth.icc is not None and truth.icc > 0 and truth.samples == 1,
    "8 samples": lambda truth: truth.icc is None and truth.samples == 8,
    "8 samples, clusters": lambda truth: truth.icc is not None and truth.samples == 8,
}
ERRORS = ("interval misses", "false equivalent", "false change")
FROM_ITEMS = 100


def write(rows: list[Row], wrong: list[tuple[Row, str, float]], docs: Path) -> None:
    """Replace what stands between the markers of docs/statistics.md and draw its pictures."""
    from benchmarks import coverage_plots

    page = docs / "statistics.md"
    text = page.read_text(encoding="utf-8")
    blocks = {"errors": errors(rows), "above": above(wrong), "power": power(rows), "harmless": harmless(rows)}
    for name, lines in blocks.items():
        text = between(text, name, "\n".join(lines))
    page.write_text(text, encoding="utf-8")
    coverage_plots.draw(rows, docs)


def between(text: str, name: str, block: str) -> str:
    """`text` with a new block between `<!-- name -->` and `<!-- /name -->`; raises ValueError without the markers."""
    found, count = re.subn(
        rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda match: f"{match[1]}{block}\n{match[2]}", text, flags=re.S
    )
    if count != 1:
        raise ValueError(f"docs/statistics.md has {count} places for {name}")
    return found


def errors(rows: list[Row]) -> list[str]:
    """The largest rate of each error, by method and scene, n >= 100."""
    found = [f"| method | scene | {' | '.join(ERRORS)} |", "|---|---|---:|---:|---:|"]
    for scene, within in SCENES.items():
        for method in dict.fromkeys(row.method for row in rows):
            picked = [row for row in rows if row.method == method and within(row.truth) and row.truth.n >= FROM_ITEMS]
            if picked:
                worst = [_worst(picked, name) for name in ERRORS]
                found.append(f"| {_bold(method)} | {scene} | " + " | ".join(worst) + " |")
    return found


def _bold(method: str) -> str:
    return f"**{method}**" if method == "ours" else method


def _worst(rows: Iterable[Row], name: str) -> str:
    found = [row.errors()[name] for row in rows if name in row.errors()]
    return f"{100 * max(found):.1f} %" if found else ""


def above(wrong: list[tuple[Row, str, float]]) -> list[str]:
    """Each of our cells above 6 %, or that there is none."""
    if not wrong:
        return ["No cell of our method with 100 items or more is above 6 %."]
    return ["Cells of our method above 6 %:", ""] + [
        f"- {name} {100 * rate:.1f} %: {_words(row.truth)}" for row, name, rate in wrong
    ]


def _words(truth: Truth) -> str:
    parts = [f"{truth.n:,} items", f"{100 * truth.flips:g} % flips", f"true change {100 * truth.delta:+g} points"]
    parts += [] if truth.icc is None else [f"clusters with correlation {truth.icc:g}"]
    return ", ".join(parts + (["8 samples"] if truth.samples > 1 else []))


def harmless(rows: list[Row]) -> list[str]:
    """A real loss of 2 points, missed by the test of any change and called equivalent."""
    by = {row.truth: row.rates for row in rows if row.method == "ours"}
    found = []
    for n in (100, 198, 1_319):
        rates = by[Truth(n, 0.05, -0.02)]
        missed, called = 100 * (1 - rates.changed), 100 * rates.equivalent
        found.append(f"{missed:.0f} % of runs with {n:,} items (called equivalent: {called:.1f} %)")
    return [f"At 5 % flips a true loss of 2 points is not significant in {', '.join(found)}."]


def power(rows: list[Row]) -> list[str]:
    """How often a truth of no change is shown equivalent, by our method."""
    ours = {row.truth: row.rates for row in rows if row.method == "ours"}
    flips = sorted({truth.flips for truth in ours})
    found = ["| items | " + " | ".join(f"{100 * share:g} % flips" for share in flips) + " |"]
    found.append("|---:" * (len(flips) + 1) + "|")
    for n in sorted({truth.n for truth in ours}):
        cells = [_powers(ours, n, share) for share in flips]
        found.append(f"| {n:,} | " + " | ".join(cells) + " |")
    return found


def _powers(ours: dict[Truth, Rates], n: int, flips: float) -> str:
    """Independent, clusters that do not matter, clusters that do: shares of runs shown equivalent."""
    found = [ours[Truth(n, flips, 0.0, icc)].equivalent for icc in (None, 0.0, 0.1)]
    return " / ".join(f"{100 * rate:.0f}" for rate in found)
