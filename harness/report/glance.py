"""The one table of the first screen: each arm with its verdicts by task or group of tasks, its size, speed and memory.

A cell of a group is coloured and marked by the worst that is in it, so that only a group in which every task is
equivalent looks like one.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.repetition import Repeated
from harness.core.tones import WORST_FIRST, tone, worst
from harness.core.units import GIB, MIB, margin
from harness.core.verdict import Arm, Comparison, Scored
from harness.report.costs import lighter
from harness.report.figures import INVALID
from harness.report.glossary import VERDICTS
from harness.report.measured import Measured
from harness.report.objections import SIGNS
from harness.report.readings import heading, verdict_words
from harness.report.sentence import tallied
from harness.report.steps import words
from harness.report.tables import SMALL, Cell, Table, row
from harness.report.view import View, foremost
from harness.report.wording import SYMBOLS, marked, percent, points, significant

SINGLE = 5  # tasks that have a column each; of more, a column holds a group
_ROWS = 14  # arms; what more there are stand in the tables below
_ROOMY = 6  # arms up to which a ratio's interval has a line of its own
_MEMORY = ("device_memory", "peak_footprint", "peak_memory")
_SPEED = ("decode", "throughput")


@dataclass(frozen=True)
class Group:
    """A column of verdicts: its title and its tasks."""

    title: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Scale:
    """A unit and the factor that turns a value into it."""

    unit: str
    factor: float

    def write(self, value: float) -> str:
        """The value in three significant digits, without its unit; "" for NaN."""
        return significant(self.factor * value) if math.isfinite(value) else ""

    def limits(self, scored: Scored) -> str:
        """The interval, "" where there is none."""
        known = math.isfinite(scored.low + scored.high)
        return f"[{self.write(scored.low)}, {self.write(scored.high)}]" if known else ""


def groups(view: View) -> list[Group]:
    """A column for each task where they are few, else for each kind of task; explored ones apart."""
    compared = view.verdicts
    tasks = list(dict.fromkeys(task for _, task in compared))
    claimed = {one.task for one in compared.values() if one.confirmatory or one.kind == "bridge"}
    explored = set(tasks) - claimed
    told = {task: " (explored)" if task in explored else "" for task in tasks}
    tasks.sort(key=view.tasks.index)
    if len(tasks) <= SINGLE:
        return [Group(view.task_labels[task] + told[task], (task,)) for task in tasks]
    kinds = {one.task: one.task_kind.replace("_", " ") for one in compared.values()}
    found: dict[str, list[str]] = {}
    for task in tasks:
        found.setdefault(kinds[task] + told[task], []).append(task)
    return [Group(title, tuple(inside)) for title, inside in found.items()]


def glance(view: View) -> Table:
    """One row per arm, of too many those that lost; columns that nobody knows are left out."""
    shown = groups(view)
    readings = _readings(view)
    size = scale("B", [arm.weights_bytes or 0 for arm in view.arms])
    roomy = len(view.arms) <= _ROOMY
    rows = [
        row(
            Cell(view.label(arm.arm), view.role(arm)),
            *(_verdict(view, arm, group) for group in shown),
            Cell(size.write(arm.weights_bytes or math.nan), lighter(view, arm)),
            significant(arm.bits_per_weight) if arm.bits_per_weight else "",
            *(_figure(one, _measured(view, arm, name), roomy) for name, one in readings.items()),
        )
        for arm in foremost(view.arms, _ROWS, lambda arm: WORST_FIRST[0] if arm.is_baseline else view.tone(arm.arm))
    ]
    units = (f"{heading(name)}, {one.unit}" for name, one in readings.items())
    several = len({arm.runtime for arm in view.arms}) > 1
    first = "Arm" if several else "Quantization"
    columns = (first, *(group.title for group in shown), f"Size, {size.unit}", "Bits per weight", *units)
    kept = [at for at in range(len(columns)) if not at or any(cells[at].text for cells in rows)]
    cells = tuple(tuple(line[at] if line[at].text else Cell("unknown", tone="missing") for at in kept) for line in rows)
    words_at = tuple(new for new, at in enumerate(kept) if at <= len(shown))
    return Table("glance", "At a glance", _note(view, readings), tuple(columns[at] for at in kept), cells, words_at)


def scale(unit: str, values: Iterable[float]) -> Scale:
    """The unit in which a whole column is written: that of its largest value."""
    largest = max(values, default=0.0)
    if unit in ("B", "bytes", "byte"):
        return Scale("GiB", 1 / GIB) if largest >= GIB else Scale("MiB", 1 / MIB)
    if unit in ("s", "seconds"):
        return Scale("ms", 1000) if largest < 1 else Scale("s", 1)
    return Scale({"J/tok": "J/token"}.get(unit, unit), 1)


def _readings(view: View) -> dict[str, Scale]:
    """Speed, time to first token, memory and energy: of each the first reading that some arm has, with its unit."""
    known = view.speeds.names()
    found = [next((one for one in names if one in known), "") for names in (_SPEED, ("ttft",), _MEMORY, ("energy",))]
    scales = {}
    for name in filter(None, found):
        rows = [one for arm in view.arms if (one := _measured(view, arm, name)) and one.scored]
        if rows:
            scales[name] = scale(rows[0].unit, [one.scored.score for one in rows if one.scored])
    return scales


def _measured(view: View, arm: Arm, name: str) -> Measured | None:
    return view.speeds.get(arm.arm, name, view.speeds.lightest)


def _verdict(view: View, arm: Arm, group: Group) -> Cell:
    found = [view.verdicts.get((arm.arm, task)) for task in group.tasks]
    rows = [one for one in found if one]
    if not rows and arm.is_baseline:
        return _score(arm, group)
    if not rows:
        return Cell("not measured", tone="missing")
    tones = [tone(one) for one in rows]
    if len(group.tasks) == 1:
        return _single(rows[0])
    absent = len(found) - len(rows)
    overall = worst([*tones, *(["inconclusive"] if absent else [])])
    small = Counter(tag for one in rows for tag in SMALL if tag in one.note)
    rest = [tallied(tones, skip="equivalent"), f"{absent} not measured" if absent else ""]
    rest += [f"{count} with a {tag}" for tag, count in small.items()]
    detail = ", ".join(part for part in rest if part)
    return Cell(f"{SYMBOLS[overall]} {tones.count('equivalent')} of {len(found)} equivalent", detail, overall)


def _single(one: Comparison) -> Cell:
    """A verdict alone, with its change and what qualifies it."""
    kind = tone(one)
    change = "" if kind == "broken" else points(one.delta)
    tags = [tag for tag in SMALL if tag in one.note]
    tags += ["or worse"] if "at least this much" in one.note else []
    return Cell(marked(kind), "\n".join(part for part in (change, *tags) if part), kind)


def _score(arm: Arm, group: Group) -> Cell:
    scores = [score.score for task, score in arm.scores if task in group.tasks]
    if not scores:
        return Cell("")
    return Cell(percent(sum(scores) / len(scores)), f"mean of {len(scores)}" if len(scores) > 1 else "")


def _figure(unit: Scale, one: Measured | None, roomy: bool) -> Cell:
    """A measured figure and, of a candidate, its ratio with what it means."""
    if one is None or one.scored is None:
        return Cell("")
    if one.unusable:
        return Cell(f"{SIGNS[INVALID]} invalid", "see flags", INVALID)
    text = f"{unit.write(one.scored.score)} {_signs(one)}".strip()
    if one.against is None or one.against.ratio is None:
        return Cell(text, (unit.limits(one.scored) or ("1 round" if one.rounds == 1 else "")) if roomy else "")
    word = {"inconclusive": SYMBOLS["inconclusive"]}.get(verdict_words(one.against), verdict_words(one.against))
    ratio = one.against.ratio
    limits = f"[{ratio.low:.2f}, {ratio.high:.2f}]" if roomy and math.isfinite(ratio.low + ratio.high) else ""
    return Cell(text, "\n".join(part for part in (f"×{ratio.score:.2f} {word}".strip(), limits) if part))


def _signs(one: Measured) -> str:
    """The kinds of its objections, without their numbers."""
    return "".join(dict.fromkeys(objection.mark[0] for objection in one.objections))


def _precision(one: Repeated) -> str:
    name = heading(one.reading).lower()
    return f"{name} is known to ±{100 * one.precision:.2g} % at worst (target {100 * one.target:.2g} %)"


def _note(view: View, readings: Iterable[str]) -> str:
    found = view.verdicts.values()
    tones = {tone(one) for one in found}
    said = [f"{marked(one)}: {VERDICTS[one]}" for one in SYMBOLS if one in tones]
    if tones:
        said.append(f"margin {' or '.join(map(margin, sorted({one.margin for one in found})))}")
    if readings:
        at = words(view.speeds.lightest)
        said.append(f"×: ratio to the baseline, [95 % interval over rounds], {at}; with ? it may be none at all")
        said += [_precision(one) for one in view.analysis.repeats if one.precision > one.target]
    if any(one.objections for one in view.speeds.all.values()):
        said.append(f"{SIGNS['flagged']} flagged; {SIGNS[INVALID]} with invalid rounds, which are left out")
    more = len(view.arms) - _ROWS
    said += [f"{more} more arms in the report's other tables"] if more > 0 else []
    return "; ".join(said) + "." if said else ""
