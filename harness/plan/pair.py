"""What is compared with what: each candidate with its baseline, and each replicate with the arm it repeats."""

from collections.abc import Iterator, Sequence

from harness.core.cell import Cell, LoadWork
from harness.core.plan import Pair
from harness.plan.matrix import Arm


def pairs_of(cells: Sequence[Cell], arms: Sequence[Arm]) -> tuple[Pair, ...]:
    """Pairs in the order of their candidates' cells. Speed cells pair by load and round."""
    baseline = {arm.name: arm.baseline for arm in arms}
    by_place = {(cell.arm, _place(cell)): cell for cell in cells if not cell.replicate}
    return tuple(_pairs(cells, baseline, by_place))


def _pairs(cells: Sequence[Cell], baseline: dict[str, str], by_place: dict[tuple[str, str], Cell]) -> Iterator[Pair]:
    for cell in cells:
        against = cell.arm if cell.replicate else baseline[cell.arm]
        partner = by_place.get((against, _place(cell)))
        if partner is None:
            continue
        kind = "aa" if cell.replicate else "quality" if cell.kind == "quality" else "speed"
        yield Pair(kind, cell.id, partner.id, cell.arm, partner.arm)  # type: ignore[arg-type]


def _place(cell: Cell) -> str:
    """Cells with equal places ask the same thing."""
    if isinstance(cell.work, LoadWork):
        return f"{cell.work.load.key} round {cell.work.round}"
    return "quality"
