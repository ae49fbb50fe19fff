"""What `list results`, `list plans` and `list references` show: a row each, in which only what is shown was read."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from harness.core.errors import SchemaError
from harness.core.suite import Suite
from harness.store import glance
from harness.store.layout import Layout
from harness.store.read import stamp
from harness.verbs.fitted import Column


class Result(Struct, frozen=True):
    """An attempt at a cell. `result` (`value`) is its score, a share, or decode tok/s, once `with_result` put it in."""

    cell: str
    run: str
    when: str
    box: str
    model: str
    quant: str
    runtime: str
    kind: str
    seconds: float | None
    state: str
    plan: str
    folder: str
    value: float | None = None
    unit: str = ""
    result: str = ""


class Planned(Struct, frozen=True):
    """A plan, and how many of its cells are measured; a night's own only.

    `verdict` has the answers of its comparisons, each once and the worst first, once `with_verdicts` put them in.
    """

    plan: str
    when: str
    box: str
    night: str
    model: str
    quant: str
    runtime: str
    cells: int
    measured: int
    state: str
    verdict: str = ""


class Referenced(Struct, frozen=True):
    """An accepted night, and what spoke against it."""

    plan: str
    when: str
    box: str
    night: str
    tag: str
    reason: str
    despite: str


class _Suited(Struct):
    suite: Suite


Row = Result | Planned | Referenced
_UNREADABLE = "unreadable by this version"
R = TypeVar("R", Result, Planned, Referenced)
RESULTS = (Column("cell", 10), Column("when", 5), Column("box", 2), Column("model", 4), Column("quant", 9),
           Column("runtime", 3), Column("kind", 7), Column("result", 8, True), Column("seconds", 1, True),
           Column("state", 6), Column("run", 0), Column("plan", -1))
PLANS = (Column("plan", 10), Column("when", 6), Column("box", 2), Column("night", 4), Column("model", 7),
         Column("quant", 5), Column("runtime", 3), Column("cells", 8, True), Column("measured", 9, True),
         Column("verdict", 8), Column("state", 1))
REFERENCES = (Column("plan", 10), Column("when", 6), Column("box", 7), Column("night", 8), Column("tag", 5),
              Column("reason", 9), Column("despite", 4))
COLUMNS = {"results": RESULTS, "plans": PLANS, "nights": PLANS, "references": REFERENCES}


def result(folder: Path) -> Result:
    """An attempt's row without its result."""
    row = Result(
        cell=folder.parent.name, run=folder.name.split("-", 1)[-1], when=stamp(folder.name),
        box=folder.parent.parent.name, model="", quant="", runtime="", kind="", seconds=None,
        state=_UNREADABLE, plan="", folder=str(folder),
    )
    try:
        found = glance.record(folder)
    except SchemaError:
        return row
    run, cell = found.run, found.run.cell
    kind = "speed" if cell.work.type == "load" else "quality" if not cell.replicate else f"A/A {cell.replicate}"
    return msgspec.structs.replace(
        row, when=run.started, model=cell.model, quant=cell.quant, runtime=cell.runtime, kind=kind,
        seconds=run.seconds or None, state=found.state, plan=run.plan_id,
    )


def with_result(row: Result, layout: Layout) -> Result:
    """The row with its headline: the mean score over tasks, or the decode speed at the lowest step."""
    from harness.compare import headline
    from harness.core.events import Figure
    from harness.core.record import Completed
    from harness.report.wording import quantity
    from harness.store import read

    if row.state in ("failed", "skipped") or not row.kind:
        return row
    figures: tuple[Figure, ...] = ()
    try:
        if row.kind != "speed":
            suite = suite_of(layout, row.plan)
            figures = headline.scores(Path(row.folder), suite) if suite else ()
        elif isinstance(record := read.record(Path(row.folder)), Completed):
            figures = headline.speeds(record)
    except SchemaError:
        return msgspec.structs.replace(row, state=_UNREADABLE)
    if not figures:
        return row
    first = figures[0]
    return msgspec.structs.replace(row, value=first.value, unit=first.unit, result=quantity(first.value, first.unit))


def planned(path: Path, begun: str, layout: Layout) -> Planned:
    """The row of a plan whose first start had the stamp `begun`."""
    from harness.core.plan import Plan

    plan_id = path.stem.partition("-")[2]
    when, box = stamp(path.name), path.parent.parent.name
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    except msgspec.DecodeError:
        return Planned(plan_id, when, box, "", "", "", "", 0, 0, _UNREADABLE)
    measured = sum(_is_measured(layout.cell(cell), begun, plan.owner_of(cell)) for cell in plan.cells)
    return Planned(
        plan=plan.id, when=when, box=box, night=plan.night,
        model=_each(cell.model for cell in plan.cells), quant=_each(cell.quant for cell in plan.cells),
        runtime=_each(cell.runtime for cell in plan.cells), cells=len(plan.cells), measured=measured,
        state="ok" if measured == len(plan.cells) else "open",
    )


def with_verdicts(rows: Sequence[Planned], layout: Layout) -> list[Planned]:
    """The rows with what their plans found, of which what was not kept before is computed now."""
    measured = {row.plan for row in rows if row.measured}
    if not measured:
        return list(rows)
    from rich.console import Console

    from harness.core.tones import WORST_FIRST, tone
    from harness.history.summaries import summaries
    from harness.publish.stock import claimed

    with Console(stderr=True).status("comparing what was measured ..."):  # of many nights seconds, the first time
        found = summaries(layout, only=measured)
    tones = {run.plan: {tone(one) for arm in run.arms for one in claimed(arm)} for run in found}
    said = {plan: ", ".join(one for one in WORST_FIRST if one in own) for plan, own in tones.items()}
    return [msgspec.structs.replace(row, verdict=said.get(row.plan, "")) for row in rows]


def referenced(layout: Layout) -> list[Referenced]:
    """All accepted nights."""
    from harness.store import references

    return [Referenced(one.plan, one.when, one.hw, one.night, one.tag, one.reason, "; ".join(one.despite))
            for one in references.read(layout)]


def _each(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(names))


def _is_measured(cell: Path, begun: str, owner: str | None) -> bool:
    """Whether a completed attempt lies there; of that plan, if one is named: then it came soon after it had begun."""
    folders = _attempts(cell)
    after = bisect_left(folders, cell / begun)
    for folder in folders[after:] if owner else reversed(folders):
        found = glance.record(folder)
        if found.type == "completed" and owner in (None, found.run.plan_id):
            return True
    return False


@cache
def _attempts(cell: Path) -> list[Path]:
    return sorted(cell.glob("[0-9]*"))


@cache
def suite_of(layout: Layout, plan_id: str) -> Suite | None:
    """The suite of a stored plan, None where the plan is not there or unreadable."""
    path = next(iter(layout.root.glob(f"*/plans/*-{plan_id}.json")), None)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Suited).suite if path else None
    except msgspec.DecodeError:
        return None


def text(row: Row, column: str) -> str:
    """A field as the table shows it."""
    value = getattr(row, column)
    if column == "when":
        return f"{value[:10]} {value[11:16]}"
    if column == "seconds":
        return "" if value is None else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _sortable(row: Row, column: str) -> tuple[bool, object]:
    """What a row is sorted by; unknown values apart."""
    value = getattr(row, "value" if column == "result" else column)
    return value in (None, ""), value


def ordered(rows: Sequence[R], column: str, reverse: bool) -> list[R]:
    """Numbers and times largest first, words from A to Z, unless reversed; what is not known comes last."""
    known: list[R] = [row for row in rows if not _sortable(row, column)[0]]
    largest_first = column == "when" or any(not isinstance(_sortable(row, column)[1], str) for row in known[:1])
    known.sort(key=lambda row: _sortable(row, column)[1], reverse=largest_first != reverse)  # type: ignore[arg-type,return-value]
    unknown: list[R] = [row for row in rows if _sortable(row, column)[0]]
    return known + unknown
