"""Settings, box and suite to the Plan: pure but for the digests of local weights. Equal inputs give equal ids."""

from pathlib import Path

from msgspec import Struct, structs

from harness.bundle import closest
from harness.core.cell import QualityWork
from harness.core.config import Hardware, Matrix, Settings
from harness.core.errors import NotFound
from harness.core.plan import Footprint, Plan
from harness.core.repetition import Repetition
from harness.core.suite import Suite
from harness.plan.footprint import footprint
from harness.plan.load import checked, fitted
from harness.plan.matrix import Arms, arms_of
from harness.plan.order import quality_cells, speed_cells
from harness.plan.pair import pairs_of


class Built(Struct, frozen=True):
    """A plan with what is said about it and not stored: expected sizes, and the baselines that were added."""

    plan: Plan
    footprints: tuple[Footprint, ...]
    added: tuple[str, ...]


def build(settings: Settings, hw: Hardware, suite: Suite, assets: Path) -> Built:
    """The plan for a box; raises NotFound, with the first reason, where nothing is left to run, and for a family of
    claims that nobody asked for."""
    if settings.matrix.speed:
        loads = {point.load: checked(point.load, assets) for point in settings.points}
        settings = structs.replace(
            settings, points=tuple(structs.replace(point, load=loads[point.load]) for point in settings.points))
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
    able, cut = fitted(found.arms, hw) if matrix.speed else (found.arms, [])
    speed = speed_cells(able, hw.key, matrix, settings.seed) if matrix.speed else []
    cells = tuple({cell.id: cell for cell in (*quality, *speed)}.values())
    if not cells and cut:
        raise NotFound(f"nothing to run: {cut[0].what}: {cut[0].reason}", "make the load smaller, or choose another")
    _check_family(settings, suite, found)
    plan = Plan(
        hw=hw.key,
        cells=cells,
        pairs=pairs_of(cells, found.arms),
        skips=(*found.skips, *cut),
        suite=suite,
        protocol=settings.protocol,
        overrides=settings.overrides,
        repetition=_repetition(matrix) if speed else None,
        night=matrix.night or "",
    )
    return Built(plan, tuple(footprint(arm, hw) for arm in found.arms), found.added)


def _check_family(settings: Settings, suite: Suite, found: Arms) -> None:
    """A family of what nobody asked for would leave every claim out without a word; what does not fit was asked for."""
    protocol, against = settings.protocol, {arm.baseline for arm in found.arms}
    full = {arm.quant.key for arm in found.arms if arm.name in against}
    asked = [point.quant.key for point in settings.points] + [arm.quant.key for arm in found.arms]
    quants = [key for key in dict.fromkeys(asked) if key not in full]
    tasks = [task.task for task in suite.tasks if task.output != "rolling"]
    for key, named, known in (("tasks", protocol.family_tasks, tasks), ("quants", protocol.family_quants, quants)):
        for name in named:
            if name not in known:
                said = f"protocol.family_{key} names {name}, of which no verdict is asked for"
                raise NotFound(said, closest(name, known))


def _repetition(matrix: Matrix) -> Repetition | None:
    """The rule that ends the rounds, None where their number is fixed."""
    if matrix.max_rounds <= matrix.rounds:
        return None
    return Repetition(matrix.rounds, matrix.max_rounds, matrix.precision, matrix.budget_minutes)
