"""The table of what a quantization costs and buys: weights, memory, speed, energy, with intervals over rounds."""

from harness.core.units import in_bytes
from harness.core.verdict import Arm
from harness.report.figures import explained, figure
from harness.report.readings import heading
from harness.report.steps import words
from harness.report.tables import Cell, Table, row
from harness.report.view import View, mean_delta
from harness.report.wording import UNKNOWN, points, points_range

_SHOWN = ("peak_memory", "decode", "ttft")


def summary(view: View) -> Table:
    """One row per arm: mean change, weights, peak memory, decode speed, time to first token, and energy where known."""
    at = view.speeds.lightest
    names = [*_SHOWN, *view.speeds.names(("energy",))]
    rows = tuple(
        row(
            Cell(view.label(arm.arm), "baseline" if arm.is_baseline else ""),
            change(view, arm.arm),
            _weights(view, arm),
            *(_reading(view, arm.arm, name) for name in names),
        )
        for arm in view.arms
    )
    note = "× is the ratio to the baseline, paired by round; brackets are 95 % intervals over rounds."
    note += f" Speed at {words(at)}." if not at.whole else " Speed was not measured."
    columns = ("Quantization", "Mean change, points", "Weights", *map(heading, names))
    return explained(Table("costs", "What it costs and what it buys", note, columns, rows), view)


def change(view: View, arm: str) -> Cell:
    """Mean change of a candidate over its usable tasks, empty where there is none."""
    mean = mean_delta(view, arm)
    return Cell(points(mean[0].score), points_range(mean[0].low, mean[0].high)) if mean else Cell("")


def _weights(view: View, arm: Arm) -> Cell:
    return Cell(in_bytes(arm.weights_bytes), lighter(view, arm)) if arm.weights_bytes else Cell(UNKNOWN)


def lighter(view: View, arm: Arm) -> str:
    """A candidate's weights as a share of those of its model in full precision: "×0.53"; "" where one is unknown."""
    full = view.full_bytes(arm)
    return "" if arm.is_baseline or not full or not arm.weights_bytes else f"×{arm.weights_bytes / full:.2f}"


def _reading(view: View, arm: str, name: str) -> Cell:
    one = view.speeds.get(arm, name, view.speeds.lightest)
    return figure(one, view.speed_margin, brief=True) if one else Cell("not measured")
