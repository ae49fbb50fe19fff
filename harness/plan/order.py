"""Run order: quality first, baseline before its candidates; then speed in rounds that visit all arms in turn.

Rounds are rotated, so that no arm always runs first on a cold box or last on a hot one.
"""

from collections.abc import Sequence

from msgspec import structs

from harness.core.cell import Cell, LoadWork, QualityWork
from harness.core.config import Load, Matrix
from harness.plan.matrix import Arm


def cell_of(arm: Arm, hw: str, work: QualityWork | LoadWork) -> Cell:
    """The cell in which `arm` does `work` on the box `hw`."""
    return Cell(
        hw=hw,
        model=arm.model.key,
        quant=arm.quant.key,
        runtime=arm.runtime.key,
        module=arm.runtime.module,
        artifact=arm.artifact,
        scheme=arm.scheme,
        options=arm.runtime.options,
        work=work,
    )


def quality_cells(arms: Sequence[Arm], hw: str, work: QualityWork, replicates: int) -> list[Cell]:
    """One cell per arm, then the replicates of each arm that serves as a baseline."""
    baselines = {arm.baseline for arm in arms}
    cells: list[Cell] = []
    for group in _groups(arms):
        cells += [cell_of(arm, hw, work) for arm in group]
        for number in range(1, replicates + 1):
            cells += [_replicate(arm, hw, work, number) for arm in group if arm.name in baselines]
    return cells


def _replicate(arm: Arm, hw: str, work: QualityWork, number: int) -> Cell:
    """The same questions to the same weights with one thing changed: the runtime's variations in turn."""
    change = arm.runtime.variations[(number - 1) % len(arm.runtime.variations)]
    words = [f"{name} {value}" for name, value in change.options.items()]
    words += [f"order {number}"] * change.order + [f"seed {work.seed + number}"] * change.seed
    asked = structs.replace(
        work, order_seed=number * change.order, seed=work.seed + number * change.seed
    )
    return structs.replace(
        cell_of(arm, hw, asked),
        options={**arm.runtime.options, **change.options},
        replicate=number,
        variation=f"{change.name}: {', '.join(words)}",
    )


def speed_cells(arms: Sequence[Arm], hw: str, matrix: Matrix, seed: int) -> list[Cell]:
    """For each group of arms and each load: rounds, each visiting every arm, starting one further each time."""
    cells: list[Cell] = []
    for group in _groups(arms):
        for load in _loads(group):
            able = [arm for arm in group if load in arm.loads]
            for number in range(max(matrix.rounds, matrix.max_rounds)):
                first = number % len(able)
                work = LoadWork(load, seed, number)
                cells += [cell_of(arm, hw, work) for arm in (*able[first:], *able[:first])]
    return cells


def _groups(arms: Sequence[Arm]) -> list[list[Arm]]:
    """Arms that are measured side by side: those of one model, whatever runs them."""
    groups: dict[str, list[Arm]] = {}
    for arm in arms:
        groups.setdefault(arm.model.key, []).append(arm)
    return list(groups.values())


def _loads(arms: Sequence[Arm]) -> list[Load]:
    found: list[Load] = []
    for load in (load for arm in arms for load in arm.loads):
        if load not in found:
            found.append(load)
    return found
