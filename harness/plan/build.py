"""Settings, box and suite to the Plan: pure but for the digests of local weights. Equal inputs give equal ids."""

from pathlib import Path

from msgspec import Struct

from harness.core.cell import QualityWork
from harness.core.config import Hardware, Matrix, Settings
from harness.core.errors import NotFound
from harness.core.plan import Footprint, Plan
from harness.core.repetition import Repetition
from harness.core.suite import Suite
from harness.plan.footprint import footprint
from harness.plan.matrix import arms_of
from harness.plan.order import quality_cells, speed_cells
from harness.plan.pair import pairs_of


class Built(Struct, frozen=True):
    """A plan with what is said about it and not stored: expected sizes, and the baselines that were added."""

    plan: Plan
    footprints: tuple[Footprint, ...]
    added: tuple[str, ...]


def build(settings: Settings, hw: Hardware, suite: Suite, assets: Path) -> Built:
    """The plan for a box; raises NotFound, with the first reason, where nothing is left to run."""
    found = arms_of(settings, hw, assets)
    if not found.arms:
        first = found.skips[0]
        raise NotFound(f"nothing to run: {first.what}: {first.reason}", "see python -m harness list")
    matrix = settings.matrix
    tasks = tuple(task.task for task in suite.tasks)
    limit = suite.limit if settings.limit is None else settings.limit
    work = QualityWork(
        suite.name,
        suite.digest,
        tasks,
        limit,
        settings.seed,
        samples=settings.samples,
        temperature=settings.temperature,
        staged=settings.stop == "decided",
    )
    quality = quality_cells(found.arms, hw.key, work, matrix.replicates) if matrix.quality else []
    speed = speed_cells(found.arms, hw.key, matrix, settings.seed) if matrix.speed else []
    cells = tuple({cell.id: cell for cell in (*quality, *speed)}.values())
    plan = Plan(
        hw=hw.key,
        cells=cells,
        pairs=pairs_of(cells, found.arms),
        skips=found.skips,
        suite=suite,
        protocol=settings.protocol,
        overrides=settings.overrides,
        repetition=_repetition(matrix) if speed else None,
    )
    return Built(plan, tuple(footprint(arm, hw) for arm in found.arms), found.added)


def _repetition(matrix: Matrix) -> Repetition | None:
    """The rule that ends the rounds, None where their number is fixed."""
    if matrix.max_rounds <= matrix.rounds:
        return None
    return Repetition(matrix.rounds, matrix.max_rounds, matrix.precision, matrix.budget_minutes)
