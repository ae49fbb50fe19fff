"""A night as the gate sees it: its summary, its plan, and the records that count."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.compare.repeat import repeats
from harness.compare.runs import Runs
from harness.core.cell import Cell, LoadWork
from harness.core.gate import Finding, Held
from harness.core.plan import Plan
from harness.core.record import Skipped
from harness.core.summary import ArmSummary, Summary
from harness.store.items import LoadedRun


@dataclass(frozen=True, eq=False)
class Night:
    """One plan as it was measured; what its summary does not say is read when it is asked for, and once.

    Of many references most are held against nothing, and need not be opened.
    """

    summary: Summary
    read_plan: Callable[[], Plan]
    read_records: Callable[[Plan], Sequence[LoadedRun]]

    @cached_property
    def plan(self) -> Plan:
        """As it was stored."""
        return self.read_plan()

    @cached_property
    def runs(self) -> Runs:
        """The records that count, with their items, by cell."""
        return Runs(self.plan, self.read_records(self.plan))

    @cached_property
    def not_needed(self) -> frozenset[str]:
        """Ids of load cells whose rounds had ended before them."""
        return frozenset(id_ for one in repeats(self.plan, self.runs.find) for id_ in one.not_needed)

    @property
    def held(self) -> Held:
        """As a reference that was used."""
        return Held(self.summary.plan, self.summary.night, self.summary.started)

    def arm(self, name: str) -> ArmSummary | None:
        """What was found of an arm."""
        return next((one for one in self.summary.arms if one.arm == name), None)

    def quality_cell(self, arm: str) -> Cell | None:
        """The cell in which an arm answers the suite."""
        return next((cell for cell in self.cells(arm) if cell.kind == "quality" and cell.replicate == 0), None)

    def load_cells(self, arm: str) -> dict[str, list[Cell]]:
        """Load -> the arm's cells under it, in the plan's order."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells(arm):
            if isinstance(cell.work, LoadWork):
                found.setdefault(cell.work.load.key, []).append(cell)
        return found

    def cells(self, arm: str) -> Iterator[Cell]:
        return (cell for cell in self.plan.cells if cell.arm == arm)

    @property
    def arms(self) -> tuple[str, ...]:
        """All arms of the plan, in its order."""
        return tuple(dict.fromkeys(cell.arm for cell in self.plan.cells))


def crashed(night: Night) -> Iterator[Finding]:
    """What was planned and is not there: every quality cell, and the rounds of an arm under a load together."""
    for arm in night.arms:
        for cell in night.cells(arm):
            if cell.kind == "quality" and (why := _lost(night, cell)):
                name = f"replicate {cell.replicate}" if cell.replicate else "quality"
                yield Finding("cell", "broken", arm, name, reason=why)
        for load, cells in night.load_cells(arm).items():
            lost = [why for cell in cells if (why := _lost(night, cell))]
            if lost:
                reason = f"{len(lost)} of {len(cells)} rounds: {'; '.join(dict.fromkeys(lost))}"
                yield Finding("cell", "broken", arm, "speed", load=load, reason=reason)


def _lost(night: Night, cell: Cell) -> str:
    """Why a cell that should have been measured was not, "" if it was or was left to another night."""
    record = night.runs.find(cell.id)
    later = isinstance(record, Skipped) and record.later
    return "" if later or cell.id in night.not_needed else night.runs.missing(cell.id, "arm")


def elsewhere(night: Night) -> Iterator[str]:
    """What was left to other nights: when the night was planned, and when its time was over."""
    yield from (f"{one.what}: {one.reason}" for one in night.plan.skips)
    for record in night.runs.records:
        if isinstance(record, Skipped) and record.later:
            yield f"{record.run.cell.label}: {record.reason}"


def changes(night: Night, references: Iterable[Night]) -> Iterator[str]:
    """What else is not as it was in the first reference: system, harness, and of each arm engine, weights, options."""
    before = next(iter(references), None)
    if before is None:
        return
    pairs = [(name, getattr(before.summary, field), getattr(night.summary, field))
             for name, field in (("box", "hw"), ("system", "system"))]
    for name, old, new in (*pairs, ("harness", _source(before), _source(night))):
        if old != new:
            yield f"{name}: {old or 'unknown'} -> {new or 'unknown'}"
    said: dict[str, list[str]] = {}
    for arm in night.arms:
        for one in _changes_of(arm, before, night):
            said.setdefault(one, []).append(arm)
    yield from (f"{one} ({', '.join(arms)})" for one, arms in said.items())


def _changes_of(arm: str, before: Night, night: Night) -> Iterator[str]:
    one, other = before.arm(arm), night.arm(arm)
    if one and other and one.engine and other.engine and one.engine != other.engine:
        yield f"engine: {one.engine} -> {other.engine}"
    first, second = next(before.cells(arm), None), next(night.cells(arm), None)
    if first and second and first.artifact != second.artifact:
        yield f"weights: {_artifact(first)} -> {_artifact(second)}"
    if first and second and first.options != second.options:
        names = sorted(key for key in {*first.options, *second.options}
                       if first.options.get(key) != second.options.get(key))
        yield "options: " + ", ".join(
            f"{key} {first.options.get(key)} -> {second.options.get(key)}" for key in names)


def _source(night: Night) -> str:
    source = night.summary.source
    if source is None:
        return ""
    return f"{source.version} {source.commit[:12]}".strip() + (" with uncommitted changes" if source.dirty else "")


def _artifact(cell: Cell) -> str:
    one = cell.artifact
    return " ".join(filter(None, [one.location, one.file, one.revision[:12], one.sha256[:12]]))
