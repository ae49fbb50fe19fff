"""How often answers flipped where two arms were compared before: what sample sizes are planned with."""

from collections.abc import Iterator

from msgspec import Struct

from harness.compare.match import Mismatch, items_of, lay_side_by_side
from harness.compare.quality import pairs_and_tasks
from harness.compare.runs import Runs
from harness.core.plan import Plan


class FlipRate(Struct, frozen=True):
    """A candidate and its baseline on one task, over the items of these two cells.

    `spread` is the mean squared difference by item: the share of flips where scores are 0 or 1.
    """

    task: str
    candidate_arm: str
    baseline_arm: str
    n_items: int
    spread: float
    baseline_cell: str
    candidate_cell: str


def flip_rates(plan: Plan, runs: Runs) -> Iterator[FlipRate]:
    """One for each pair and task of the plan that both arms have answered; what cannot be compared is left out."""
    for pair, task in pairs_and_tasks(plan, runs, "quality"):
        if not (runs.completed(pair.baseline) and runs.completed(pair.candidate)):
            continue
        tables = [items_of(runs[cell], task, plan.suite) for cell in (pair.baseline, pair.candidate)]
        if tables[0] is None or tables[1] is None:
            continue
        paired = lay_side_by_side(tables[0], tables[1], task)
        if isinstance(paired, Mismatch) or paired.broken:
            continue
        yield FlipRate(
            task=task.task,
            candidate_arm=pair.candidate_arm,
            baseline_arm=pair.baseline_arm,
            n_items=paired.baseline.size,
            spread=float((paired.differences**2).mean()),
            baseline_cell=pair.baseline,
            candidate_cell=pair.candidate,
        )
