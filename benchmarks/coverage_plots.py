"""Pictures of docs/statistics.md: error rates and power from the simulation, and two arms' error bars (SVG)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.coverage_methods import Row
from benchmarks.coverage_truth import Truth
from harness.stats.paired import PairedTable, mcnemar, tango_interval
from harness.stats.proportion import wilson

EXAMPLE = PairedTable(both=900, lost=75, gained=35, neither=309)  # 1,319 items
COLOURS = {"ours": "#0b6e4f", "Tango alone": "#8fb339", "Wald": "#d1495b", "bootstrap": "#edae49",
           "unpaired z": "#30638e"}
_STYLE = {"svg.hashsalt": "statistics", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
          "axes.spines.right": False, "font.family": "sans-serif"}


def draw(rows: list[Row], docs: Path) -> None:
    """Write the four pictures."""
    mpl.use("svg")
    with mpl.rc_context(_STYLE):
        for name, picture in (("error-bars", error_bars), ("not-significant", lambda: not_significant(rows)),
                              ("margin", lambda: on_the_margin(rows)), ("power", lambda: power(rows))):
            figure = picture()
            figure.savefig(docs / f"statistics-{name}.svg", metadata={"Date": None}, bbox_inches="tight")


def _axes(columns: int, width: float) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 2.6), layout="constrained")
    found = figure.subplots(1, columns, squeeze=False)
    return figure, list(found[0])


def error_bars() -> Any:
    """The same 1,319 answers: two scores whose intervals overlap, and the interval of their paired difference."""
    figure, (scores, change) = _axes(2, 7.5)
    table = EXAMPLE
    arms = [(table.both + table.lost) / table.n, (table.both + table.gained) / table.n]
    for place, (name, share) in enumerate(zip(("baseline", "candidate"), arms, strict=True)):
        limits = wilson(share, table.n, 0.95)
        scores.plot([100 * limits.low, 100 * limits.high], [place, place], color="#30638e", lw=3)
        scores.plot(100 * share, place, "o", color="#30638e")
        scores.annotate(name, (100 * share, place), (0, 8), textcoords="offset points", ha="center")
    scores.set(title="two scores, 95 % each: they overlap", xlabel="score, %", yticks=[], ylim=(-0.6, 1.6))
    limits = tango_interval(table, 0.95)
    change.plot([100 * limits.low, 100 * limits.high], [0, 0], color=COLOURS["ours"], lw=3)
    change.plot(100 * table.delta, 0, "o", color=COLOURS["ours"])
    change.axvline(0, color="grey", lw=1)
    change.set(title=f"the change, paired: a loss (p = {mcnemar(table).exact:.4f})", xlabel="change, points", yticks=[])
    return figure


def not_significant(rows: list[Row]) -> Any:
    """A true loss as large as the margin, called harmless because p > 0.05, and called equivalent by us."""
    figure, (axes,) = _axes(1, 6)
    picked = [row for row in rows if row.method == "ours" and _plain(row.truth) and row.truth.flips == 0.05
              and row.truth.delta == -row.truth.margin]
    places = range(len(picked))
    axes.bar([place - 0.2 for place in places], [100 * (1 - row.rates.changed) for row in picked], 0.4,
             color="#d1495b", label='"p > 0.05, so no difference"')
    axes.bar([place + 0.2 for place in places], [100 * row.rates.equivalent for row in picked], 0.4,
             color=COLOURS["ours"], label="shown equivalent")
    axes.set(xlabel="items", ylabel="% of runs", title="True loss as large as the margin, 5 % flips")
    axes.set_xticks(list(places), [f"{row.truth.n:,}\n({100 * row.truth.margin:g} pt)" for row in picked])
    axes.legend(frameon=False)
    return figure


def on_the_margin(rows: list[Row]) -> Any:
    """The largest rate of false "equivalent" over flip rates, by items; 5 % is promised."""
    figure, panels = _axes(2, 7.5)
    scenes: tuple[tuple[str, Callable[[Truth], bool]], ...] = (
        ("independent items", _plain),
        ("items in clusters", lambda truth: truth.icc in (0.1, 0.2) and truth.samples == 1),
    )
    for axes, (title, within) in zip(panels, scenes, strict=True):
        for method, colour in COLOURS.items():
            if found := _worst([row for row in rows if row.method == method and within(row.truth)]):
                axes.plot(list(found), list(found.values()), "o-", ms=3, color=colour, label=method)
        axes.axhline(5, color="grey", lw=1, ls=":")
        axes.set(xscale="log", title=title, xlabel="items", ylim=(-0.5, None))
    panels[0].set_ylabel('% falsely "equivalent"')
    panels[1].legend(frameon=False, fontsize=8)
    return figure


def _worst(rows: list[Row]) -> dict[int, float]:
    """Items -> the largest rate of "equivalent", in percent, with the truth on the margin."""
    found: dict[int, float] = {}
    for row in rows:
        if row.truth.delta == -row.truth.margin:
            found[row.truth.n] = max(found.get(row.truth.n, 0.0), 100 * row.rates.equivalent)
    return found


def power(rows: list[Row]) -> Any:
    """How often no change at all is shown equivalent, by items and flip rate."""
    figure, (axes,) = _axes(1, 6)
    ours = [row for row in rows if row.method == "ours" and _plain(row.truth) and row.truth.delta == 0]
    for number, flips in enumerate(sorted({row.truth.flips for row in ours})):
        picked = [row for row in ours if row.truth.flips == flips and row.truth.margin >= 0.01]
        shade = mpl.colormaps["viridis"](number / 5)
        axes.plot([row.truth.n for row in picked], [100 * row.rates.equivalent for row in picked], "o-", ms=3,
                  color=shade, label=f"{100 * flips:g} % flips")
    axes.axhline(80, color="grey", lw=1, ls=":")
    axes.set(xscale="log", xlabel="items (margin 2 points, 1 at 5,000 items and for 1 % flips)",
             ylabel="% shown equivalent", title="Truth: no change")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _plain(truth: Truth) -> bool:
    return truth.icc is None and truth.samples == 1
