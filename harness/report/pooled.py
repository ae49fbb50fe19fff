"""A candidate's change over all its tasks, and where the true change on one more such task would lie.

The model is stats.pooling.random_effects: tasks vary around a mean. With fewer than five its spread cannot be seen.
"""

import math

from harness.report.tables import Cell, Table, row
from harness.report.view import View, usable
from harness.report.wording import points, points_range
from harness.stats.pooling import POOLED, Pooled, random_effects


def pooled(view: View) -> dict[str, Pooled]:
    """Candidate arm -> its change over tasks, where at least five carry information."""
    found = {}
    for arm in view.candidates:
        tasks = usable(one for (name, _), one in view.quality.items() if name == arm.arm)
        known = [one for one in tasks if math.isfinite(one.delta) and one.stderr > 0]
        if len(known) >= POOLED:
            found[arm.arm] = random_effects([one.delta for one in known], [one.stderr for one in known])
    return found


def over_tasks(view: View) -> Table:
    """One row per candidate that was pooled."""
    rows = tuple(
        row(
            view.label(arm),
            Cell(points(one.estimate), points_range(one.low, one.high)),
            points_range(max(one.prediction_low, -1.0), min(one.prediction_high, 1.0)),
            f"{100 * one.tau:.1f}",
        )
        for arm, one in pooled(view).items()
    )
    note = (
        "Random effects over the tasks that carry information, in points with 95 % limits. One more such task: where "
        "its true change would lie. Wider than the mean over just these tasks, since here they stand for others like "
        "them. Spread: standard deviation of the true changes between tasks. A summary; the verdicts are those of the "
        "single tasks."
    )
    columns = ("Quantization", "Change over tasks", "One more such task", "Spread between tasks")
    return Table("pooled", "All tasks together", note, columns, rows)
