"""What of a plan is measured tonight: least recently measured first, as much as fits; the rest on other nights.

A part is one arm's quality, or its speed under one load. Parts that others are compared with come along with them, so
that a candidate is never without its baseline of the same night; they are paid for once. A part that does not fit is
passed over for younger ones that do: these then stand behind it, so that nothing waits longer for it. Where a part
together with its baselines takes at most the share m of the budget, and all of them so counted T budgets, each is
measured at least once in ceil(T / (1 - m)) nights: every night but the last spends more than 1 - m on what is oldest.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from harness.core.cell import Cell, LoadWork
from harness.core.errors import NotFound
from harness.core.plan import Plan, Skip
from harness.core.units import in_seconds
from harness.store.tries import Tried

_GUESS_SECONDS = {"quality": 1200.0, "load": 300.0}
"""Of a cell that is like none that was measured: chosen to be long, and right after the first night."""

Tries = Mapping[str, Sequence[Tried]]


@dataclass
class _Part:
    """Cells that are measured together, the names of the parts that must come along, and what a night of it takes.

    `required` are the cells without which it does not count as measured: those of rounds that always run.
    """

    name: str
    cells: list[Cell] = field(default_factory=list)
    required: list[Cell] = field(default_factory=list)
    against: set[str] = field(default_factory=set)


def tonight(plan: Plan, tries: Tries, budget_hours: float) -> Plan:
    """The plan with what fits tonight; all that does not is a Skip that says when it was last measured.

    Raises NotFound where no part fits the budget with its baselines, as far as can be told from earlier nights.
    """
    budget = 3600 * budget_hours
    parts = _parts(plan)
    together = {name: _together(name, parts) for name in parts}
    asked = [name for name in parts if not any(name in one.against for one in parts.values())]
    seconds = {cell.id: _expected(cell, plan, tries) for cell in plan.cells}
    alone = {name: _cost(together[name], parts, seconds, budget) for name in asked}
    chosen: dict[str, None] = {}
    for name in sorted(asked, key=lambda one: _last_tried(parts[one], tries)):
        with_it = chosen | dict.fromkeys(together[name])
        if (alone[name] if not chosen else _cost(with_it, parts, seconds, math.inf)) <= budget:
            chosen = with_it
    if not chosen:
        least = min(asked, key=lambda one: alone[one])
        raise NotFound(f"no part of the plan fits matrix.budget_hours={budget_hours:g}: the shortest, {least}, takes "
                       f"{in_seconds(alone[least])} with what it is compared with", "raise matrix.budget_hours")
    kept = {cell.id for name in chosen for cell in parts[name].cells}
    skips = [Skip(name, _why(part, alone.get(name, 0.0), budget_hours, tries)) for name, part in parts.items()
             if name not in chosen]
    return structs.replace(
        plan,
        cells=tuple(cell for cell in plan.cells if cell.id in kept),
        pairs=tuple(pair for pair in plan.pairs if pair.candidate in kept and pair.baseline in kept),
        skips=(*plan.skips, *skips),
        whole=plan.id,
        budget_hours=budget_hours,
    )


def _parts(plan: Plan) -> dict[str, _Part]:
    """By name, in the plan's order; a baseline's replicates belong to it."""
    found: dict[str, _Part] = {}
    of_cell: dict[str, str] = {}
    for cell in plan.cells:
        what = f"speed under {cell.work.load.key}" if isinstance(cell.work, LoadWork) else "quality"
        part = found.setdefault(f"{cell.arm} {what}", _Part(f"{cell.arm} {what}"))
        part.cells.append(cell)
        of_cell[cell.id] = part.name
        late = isinstance(cell.work, LoadWork) and plan.repetition and cell.work.round >= plan.repetition.rounds
        part.required += [] if late else [cell]
    for pair in plan.pairs:
        found[of_cell[pair.candidate]].against |= {of_cell[pair.baseline]} - {of_cell[pair.candidate]}
    return found


def _together(name: str, parts: Mapping[str, _Part]) -> list[str]:
    """The part and all that it is compared with, and what these are."""
    found, rest = [], [name]
    while rest:
        one = rest.pop()
        if one not in found:
            found.append(one)
            rest += sorted(parts[one].against)
    return found


def _cost(
    names: Iterable[str], parts: Mapping[str, _Part], seconds: Mapping[str, tuple[float, bool]], at_most: float
) -> float:
    """Seconds of these parts; a guess fills `at_most` and no more, so that it keeps nothing from being tried."""
    found = [seconds[cell.id] for name in names for cell in parts[name].cells]
    known, guessed = (sum(one for one, sure in found if sure == wanted) for wanted in (True, False))
    return known + min(guessed, max(0.0, at_most - known))


def _expected(cell: Cell, plan: Plan, tries: Tries) -> tuple[float, bool]:
    """Seconds, and whether they are known: the longest of its newest attempts, of those most like it, or a guess.

    An attempt that failed says nothing: one that crashed took no time, one that hung took its timeout.
    """
    alike = [one for one in plan.cells if _kind(one) == _kind(cell) and one.model == cell.model]
    for group in ([cell], [one for one in alike if one.arm == cell.arm], alike):
        found = [attempt.seconds for one in group for attempt in tries.get(one.id, ()) if attempt.completed]
        if found:
            return max(found), True
    return _GUESS_SECONDS[cell.kind], False


def _kind(cell: Cell) -> str:
    return cell.work.load.key if isinstance(cell.work, LoadWork) else ""


def _last_tried(part: _Part, tries: Tries) -> str:
    """When all of the part was last tried, "" if some of it never was; what fails counts, so that it takes turns."""
    return min(tries[cell.id][0].started if cell.id in tries else "" for cell in part.required)


def _why(part: _Part, seconds: float, budget_hours: float, tries: Tries) -> str:
    """The reason of a part that is left to another night."""
    done = [[one.started for one in tries.get(cell.id, ()) if one.completed] for cell in part.required]
    last = f"last measured {min(max(one) for one in done)[:10]}" if all(done) else "never measured as a whole"
    if seconds > 3600 * budget_hours:
        return (f"not tonight, nor any night: {in_seconds(seconds)} with what it is compared with is more than the "
                f"budget of {budget_hours:g} h, raise matrix.budget_hours; {last}")
    return f"not tonight: no room left in {budget_hours:g} h; {last}"
