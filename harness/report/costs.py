"""Tables of what a quantization costs and buys: weights, memory, speed, each with its interval over rounds."""

from harness.core.units import in_bytes
from harness.core.verdict import Arm, SpeedComparison
from harness.report.tables import Cell, Table, row
from harness.report.view import READINGS, View, heading, mean_delta, own, rank
from harness.report.wording import UNKNOWN, points, points_range, quantity, quantity_range, ratio


def summary(view: View) -> Table:
    """One row per arm: mean change, weights, peak memory, decode speed and time to first token."""
    at = view.lowest_concurrency
    baseline_bytes = next((arm.weights_bytes for arm in view.baselines if arm.weights_bytes), None)
    rows = tuple(
        row(
            Cell(view.label(arm.arm), "baseline" if arm.is_baseline else ""),
            _change(view, arm),
            _weights(arm, baseline_bytes),
            *(_reading(view, arm.arm, name, at) for name in ("peak_memory", "decode", "ttft")),
        )
        for arm in view.arms
    )
    note = "× is the ratio to the baseline, paired by round; brackets are 95 % intervals over rounds."
    note += f" Speed at concurrency {at}." if at else " Speed was not measured."
    columns = ("Quantization", "Mean change, points", "Weights", "Peak memory", "Decode", "TTFT")
    return Table("costs", "What it costs and what it buys", note, columns, rows)


def _change(view: View, arm: Arm) -> Cell:
    mean = mean_delta(view, arm.arm)
    return Cell(points(mean[0].score), points_range(mean[0].low, mean[0].high)) if mean else Cell("")


def _weights(arm: Arm, baseline_bytes: int | None) -> Cell:
    if arm.weights_bytes is None:
        return Cell(UNKNOWN)
    share = "" if arm.is_baseline or not baseline_bytes else f"×{arm.weights_bytes / baseline_bytes:.2f}"
    return Cell(in_bytes(arm.weights_bytes), share)


def _reading(view: View, arm: str, name: str, concurrency: int) -> Cell:
    one = view.speed(arm, name, concurrency)
    if one is None:
        return Cell("not measured")
    scored = own(one, arm)
    if scored is None:
        return Cell(UNKNOWN)
    if arm == one.baseline_arm:
        return Cell(quantity(scored.score, one.unit), quantity_range(scored, one.unit))
    return Cell(quantity(scored.score, one.unit), ratio(one.ratio))


def speed(view: View) -> list[Table]:
    """One table per concurrency, every reading of every arm with interval, ratio and number of rounds.

    A reading that no arm has is left to the remarks, which say why.
    """
    found = [_speed_at(view, concurrency) for concurrency in sorted(view.concurrencies, key=lambda at: (at == 0, at))]
    return [table for table in found if table.rows]


def _speed_at(view: View, concurrency: int) -> Table:
    here = [one for one in view.analysis.speed if one.concurrency == concurrency and (one.baseline or one.candidate)]
    names = sorted(dict.fromkeys(one.name for one in here), key=rank)
    rows = []
    for arm in view.arms:
        found = [
            next((one for one in here if one.name == name and arm.arm in (one.candidate_arm, one.baseline_arm)), None)
            for name in names
        ]
        rounds = max((one.rounds for one in found if one), default=0)
        if rounds or any(found):
            rows.append(row(view.label(arm.arm), str(rounds), *(_full(one, arm.arm) for one in found)))
    title = f"{concurrency} concurrent" if concurrency > 1 else "Single stream" if concurrency else "Loading and memory"
    columns = ("Quantization", "Rounds", *map(heading, names))
    known = [f"{READINGS[name][0]}: {READINGS[name][1]}" for name in names if name in READINGS]
    note = "; ".join([*known, "a round's value is the median of its requests, shown is the mean over rounds"]) + "."
    return Table(f"speed-{concurrency}", title, note, columns, tuple(rows))


def _full(one: SpeedComparison | None, arm: str) -> Cell:
    """Value, its interval and the ratio to the baseline."""
    scored = own(one, arm) if one else None
    if one is None or scored is None:
        return Cell(UNKNOWN if one else "")
    against = "" if arm == one.baseline_arm else ratio(one.ratio)
    detail = "\n".join(part for part in (quantity_range(scored, one.unit), against) if part)
    return Cell(quantity(scored.score, one.unit), detail)
