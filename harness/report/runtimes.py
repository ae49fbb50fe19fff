"""The table of a plan over several runtimes: what each arm is there, what it answers and what it costs."""

from harness.core.units import in_bytes
from harness.core.verdict import Arm
from harness.report.costs import change
from harness.report.figures import explained, figure
from harness.report.readings import heading
from harness.report.tables import Cell, Table, row
from harness.report.view import View, mean_of
from harness.report.wording import UNKNOWN, percent, points, points_range, significant

_SHOWN = ("load_time",)  # the others stand in the first table
_NONE = ("", "none", "None")


def side_by_side(view: View) -> Table:
    """One row per arm; no rows where one runtime answered alone."""
    arms = view.arms if len({arm.runtime for arm in view.arms}) > 1 else ()
    at = view.speeds.lightest
    full = {one.candidate_arm: one.baseline_arm for one in view.quality.values()}
    rows = tuple(
        row(
            view.label(arm.arm),
            _called(view, arm),
            _bits(arm),
            _score(arm),
            _part(view, full.get(arm.arm, arm.arm), "bridge"),
            change(view, arm.arm),
            _part(view, arm.arm, "total"),
            *(figure(view.speeds.get(arm.arm, name, at), view.speed_margin, brief=True) for name in _SHOWN),
        )
        for arm in arms
    )
    note = (
        "Score: plain mean over the arm's tasks. Mean changes in points with 95 % intervals: runtime, full precision "
        "here against full precision on the reference runtime; quantization, against full precision on the same "
        "runtime; both together, against the reference. Bits: 8 times the bytes of the weights over the parameters, as "
        "an engine counts them. × is the ratio to full precision on the same runtime."
    )
    columns = ("Arm", "Stored as", "Bits per weight", "Score", "Runtime", "Quantization", "Both", *map(heading, _SHOWN))
    kept = [at for at in range(len(columns)) if any(cells[at].text for cells in rows)]
    table = Table("runtimes", "Runtimes side by side", note, tuple(columns[at] for at in kept),
                  tuple(tuple(cells[at] for at in kept) for cells in rows), words=(0, 1))
    return explained(table, view)


def _details(view: View, arm: str) -> dict[str, str]:
    """What the engine said of itself, by name."""
    said = (record.outcome.facts.details for record in view.completed if record.run.cell.arm == arm)
    return {one.name: one.value for one in next(said, ())}


def _called(view: View, arm: Arm) -> Cell:
    """The runtime's own name for how the weights are stored, else the model as it describes it."""
    said = _details(view, arm.arm)
    if "quantization" not in said:
        return Cell(said.get("model", "") or UNKNOWN)
    name = said["quantization"]
    return Cell("not quantized" if name in _NONE else name, f"computed in {said['dtype']}" if "dtype" in said else "")


def _bits(arm: Arm) -> Cell:
    if not arm.bits_per_weight:
        return Cell("unknown", "parameters not told" if arm.weights_bytes else "weights not on this disk")
    return Cell(significant(arm.bits_per_weight), in_bytes(arm.weights_bytes))


def _score(arm: Arm) -> Cell:
    """Mean over tasks; it has no interval, since the tasks are what they are."""
    scores = [score.score for _, score in arm.scores]
    if not scores:
        return Cell("")
    return Cell(percent(sum(scores) / len(scores)), f"{len(scores)} task{'s' * (len(scores) > 1)}")


def _part(view: View, arm: str, kind: str) -> Cell:
    """Mean change over tasks in comparisons of one kind: of the runtime ("bridge"), or with quantization ("total")."""
    mean = mean_of(one for one in view.analysis.comparisons if (one.kind, one.candidate_arm) == (kind, arm))
    return Cell(points(mean[0].score), points_range(mean[0].low, mean[0].high)) if mean else Cell("")
