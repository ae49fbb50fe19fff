"""What is compared with what: each candidate with its baseline, and each replicate with the arm it repeats.

Where an arm has a reference on another runtime, that makes one more pair: of a baseline the bridge, of a candidate the
total of runtime and quantization.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from harness.core.cell import Cell, LoadWork
from harness.core.plan import Pair
from harness.plan.matrix import Arm

Kind = Literal["quality", "aa", "bridge", "total", "speed"]


def pairs_of(cells: Sequence[Cell], arms: Sequence[Arm]) -> tuple[Pair, ...]:
    """Pairs in the order of their candidates' cells. Speed cells pair by load and round."""
    by_name = {arm.name: arm for arm in arms}
    by_place = {(cell.arm, _place(cell)): cell for cell in cells if not cell.replicate}
    found = []
    for cell in cells:
        for kind, against in _partners(cell, by_name[cell.arm]):
            partner = by_place.get((against, _place(cell)))
            if partner is not None:
                found.append(Pair(kind, cell.id, partner.id, cell.arm, partner.arm))
    return tuple(found)


def _partners(cell: Cell, arm: Arm) -> Iterator[tuple[Kind, str]]:
    """(kind of pair, name of the other arm)."""
    if cell.replicate:
        yield "aa", cell.arm
        return
    speed = cell.kind == "load"
    yield "speed" if speed else "quality", arm.baseline
    if not speed:
        yield "total" if arm.baseline else "bridge", arm.reference


def _place(cell: Cell) -> str:
    """Cells with equal places ask the same thing."""
    if isinstance(cell.work, LoadWork):
        return f"{cell.work.load.key} round {cell.work.round}"
    return "quality"
