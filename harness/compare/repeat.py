"""Adaptive repetition: how well the headline reading is known after some rounds, and whether it takes another one.

Rounds of a model under one load go on until half the 95 % interval of the headline reading's mean (t over rounds) is,
for every arm, within the target share of that mean; or until another round would pass the budget; or until the plan has
no more. Whoever measures and whoever reports ask the same function, which sees nothing but the plan and its records, so
a killed run goes on where it stopped, and a report made years later says the same.

The headline reading is decode speed at the lowest step, which every arm has and which hangs on no schedule; where none
was taken (one output token) throughput, then TTFT; in the search for a service-level objective, its goodput.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Literal, NamedTuple

from harness.compare.validity import standing
from harness.core.cell import Cell, LoadWork
from harness.core.config import Load
from harness.core.plan import Plan
from harness.core.record import Completed, Reading, RunRecord, Skipped, Step
from harness.core.repetition import Repeated, Repetition
from harness.core.units import in_seconds
from harness.stats.spread import relative_half_width

Find = Callable[[str], RunRecord | None]
_TARGET = 0.03  # of plans with a fixed number of rounds, said for comparison only
_HEADLINES = ("decode", "throughput", "ttft")


class Group(NamedTuple):
    """The load cells that are measured side by side: rounds in order, each with the cells of all arms in run order."""

    model: str
    load: Load
    rounds: tuple[tuple[Cell, ...], ...]


class _Known(NamedTuple):
    """The headline reading of an arm."""

    arm: str
    reading: str
    step: Step
    precision: float


def groups(plan: Plan) -> list[Group]:
    """The plan's load cells by model and load, in the plan's order."""
    found: dict[tuple[str, str], dict[int, list[Cell]]] = {}
    loads: dict[tuple[str, str], Load] = {}
    for cell in plan.cells:
        if isinstance(cell.work, LoadWork):
            key = cell.model, cell.work.load.key
            loads.setdefault(key, cell.work.load)
            found.setdefault(key, {}).setdefault(cell.work.round, []).append(cell)
    return [
        Group(key[0], loads[key], tuple(tuple(rounds[number]) for number in sorted(rounds)))
        for key, rounds in found.items()
    ]


def repeats(plan: Plan, find: Find) -> list[Repeated]:
    """How far each group of the plan has come; `find` gives a cell's record by its id."""
    return [state(group, plan.repetition, find) for group in groups(plan)]


def state(group: Group, rule: Repetition | None, find: Find) -> Repeated:
    """How far a group has come; rounds are counted up to the first that is not whole."""
    rounds = list(_whole(group, find))
    seconds = sum(record.run.seconds for records in rounds for record in records)
    known = list(_known(group, rounds))
    worst = max(known, key=lambda one: math.inf if math.isnan(one.precision) else one.precision, default=None)
    precision = worst.precision if worst else math.nan
    ended = _ended(group, rule, rounds, worst)
    late = {cell.id for cells in group.rounds[len(rounds) :] for cell in cells}
    return Repeated(
        model=group.model,
        load=group.load.key,
        reading=worst.reading if worst else "",
        step=worst.step if worst else Step(),
        arm=worst.arm if worst else "",
        rounds=len(rounds),
        planned=len(group.rounds),
        precision=precision,
        target=rule.precision if rule else _TARGET,
        seconds=seconds,
        ended=ended,
        words=_words(ended, rule, (len(rounds), len(group.rounds)), precision, seconds),
        not_needed=tuple(sorted(one for one in late if find(one) is None)) if ended != "open" else (),
    )


def _whole(group: Group, find: Find) -> Iterator[tuple[RunRecord, ...]]:
    for cells in group.rounds:
        records = tuple(record for cell in cells if (record := find(cell.id)) is not None and not _later(record))
        if len(records) < len(cells):
            return
        yield records


def _later(record: RunRecord) -> bool:
    """Whether the night was over before the cell could begin: it is as if nobody had asked."""
    return isinstance(record, Skipped) and record.later


def _known(group: Group, rounds: Sequence[Sequence[RunRecord]]) -> Iterator[_Known]:
    """Of each arm that is still measured and gave its headline reading; others cannot hold the rest up."""
    names = ("goodput", *_HEADLINES) if group.load.arrivals == "slo" else _HEADLINES
    still = dict.fromkeys(one.run.cell.arm for records in rounds[-1:] for one in records if isinstance(one, Completed))
    for arm in still:
        own = [one for records in rounds for one in records if one.run.cell.arm == arm and isinstance(one, Completed)]
        for name in names:
            found = [reading for record in own if (reading := _lowest(record, name))]
            if found:
                width = relative_half_width([float(median(one.samples)) for one in found])
                yield _Known(arm, name, found[0].at, width)
                break


def _lowest(record: Completed, name: str) -> Reading | None:
    """The reading at its lowest step, None where it is not known or a flag calls it invalid."""
    found = [
        one
        for one in record.outcome.readings
        if one.name == name and one.samples and all(map(math.isfinite, one.samples))
    ]
    lowest = min(found, key=lambda one: one.at, default=None)
    return lowest if lowest and standing(record, lowest).validity != "invalid" else None


def _ended(
    group: Group, rule: Repetition | None, rounds: Sequence[Sequence[RunRecord]], worst: _Known | None
) -> Literal["precise", "budget", "rounds", "unmeasured", "open"]:
    done, planned = len(rounds), len(group.rounds)
    if done < min(rule.rounds if rule else planned, planned):
        return "open"
    if worst is None:
        return "unmeasured"
    if worst.precision <= (rule.precision if rule else _TARGET):
        return "precise"
    if done == planned:
        return "rounds"
    return "budget" if rule and _spent(rounds, 60 * rule.budget_minutes) else "open"


def _spent(rounds: Sequence[Sequence[RunRecord]], budget_seconds: float) -> bool:
    """Whether one more round, as long as the average of those before, would pass the budget."""
    seconds = sum(record.run.seconds for records in rounds for record in records)
    return bool(budget_seconds) and seconds * (1 + 1 / len(rounds)) > budget_seconds


def _words(ended: str, rule: Repetition | None, counts: tuple[int, int], precision: float, seconds: float) -> str:
    done, planned = counts
    width = "of unknown precision" if math.isnan(precision) else f"precise to {100 * precision:.2g} %"
    target = f"(target {100 * (rule.precision if rule else _TARGET):.2g} %)"
    if ended == "open":
        return f"broken off after {done} of {planned} rounds, {width} {target}; run the same command again to go on"
    if ended == "unmeasured":
        return f"no arm has a valid speed in {done} rounds"
    if ended == "budget" and rule:
        spent = f"{done} rounds and {in_seconds(seconds)}"
        return f"budget of {rule.budget_minutes:g} min ended after {spent}: {width} {target}"
    after = f"after {done} rounds" if done < planned else f"after all {done} rounds of the plan"
    return f"{width} {after} {target}"
