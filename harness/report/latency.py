"""Tables of how latencies are distributed over requests: percentiles that enough requests stand behind, and stalls."""

from harness.core.verdict import Latency
from harness.report.readings import heading, rank
from harness.report.steps import At, order, words
from harness.report.tables import Cell, Table, row
from harness.report.view import View
from harness.report.wording import quantity, quantity_range
from harness.stats.latency import ENOUGH

_LONG = 24  # rows above which a table is shown on demand


def percentiles(view: View) -> Table:
    """One row per step, reading and arm."""
    found = _sorted(view)
    places = {_at(one) for one in found}
    shares = [share for share in ENOUGH if any(share in dict(one.quantiles) for one in found)]
    missing = [f"p{100 * share:g} {needed:,}" for share, needed in ENOUGH.items() if share not in shares]
    rows = tuple(
        row(
            view.label(one.arm),
            words(_at(one), places),
            heading(one.name),
            f"{one.n:,}",
            *(_quantile(view, one, share) for share in shares),
        )
        for one in found
    )
    note = (
        "Over the requests of the valid rounds, n of them. Intervals (95 %) are over rounds, of each round's own "
        "percentile; none where a round alone has too few requests, since those of one process depend on each other."
    )
    note += f" Not shown for want of requests, which are needed: {', '.join(missing)}." if missing else ""
    columns = ("Quantization", "Load", "Latency", "n requests", *(f"p{100 * share:g}" for share in shares))
    return Table("percentiles", "Percentiles", note, columns, rows, (0, 1, 2), folded=len(rows) > _LONG)


def _at(one: Latency) -> At:
    return At(one.load, one.step)


def _sorted(view: View) -> list[Latency]:
    arms = {arm.arm: at for at, arm in enumerate(view.arms)}
    return sorted(
        view.analysis.latencies, key=lambda one: (order(_at(one)), rank(one.name), arms.get(one.arm, len(arms)))
    )


def _quantile(view: View, one: Latency, share: float) -> Cell:
    value = dict(one.quantiles).get(share)
    if value is None:
        return Cell(f"needs {ENOUGH[share]:,} requests")
    marks, unusable = view.speeds.of_requests(one.arm, one.name, _at(one))
    if unusable:
        return Cell("✕ invalid", f"read {quantity(value, 's')} {marks}", "invalid")
    spread = dict(one.over_rounds).get(share)
    return Cell(f"{quantity(value, 's')} {marks}".strip(), quantity_range(spread, "s") if spread else "")


def stalls(view: View) -> Table:
    """The longest of the outlying values; they are in every figure above."""
    found = [one for one in _sorted(view) if one.stalls]
    places = {_at(one) for one in found}
    rows = []
    for one in found:
        longest = max(one.stalls, key=lambda stall: stall[2])
        where = f"round {longest[0]}, request {longest[1]}"
        number = max(one.stalled, len(one.stalls))
        rows.append(
            row(
                view.label(one.arm),
                words(_at(one), places),
                heading(one.name),
                f"{number:,}",
                f"{one.n:,}",
                Cell(quantity(longest[2], "s"), where),
            )
        )
    note = "Values far outside the others of their arm and step. They are shown, and dropped from nothing."
    columns = ("Quantization", "Load", "Latency", "Stalls", "n requests", "Longest")
    return Table("stalls", "Stalls", note, columns, tuple(rows), (0, 1, 2), folded=len(rows) > _LONG)
