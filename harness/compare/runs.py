"""The plan's cells with the one record of each that counts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from harness.compare import canary
from harness.core.cell import Cell
from harness.core.plan import Pair, Plan
from harness.core.record import Completed, Failed, RunRecord, Skipped
from harness.stats.sequential import WHOLE, Look
from harness.store.items import LoadedRun


class Runs:
    """Look-ups from cell id; of several attempts at a cell the newest completed one counts, else the newest."""

    def __init__(self, plan: Plan, records: Sequence[LoadedRun]) -> None:
        self._cells = {cell.id: cell for cell in plan.cells}
        self._found: dict[str, LoadedRun] = {}
        self.strangers = 0
        for loaded in sorted(records, key=_precedence):
            cell_id = loaded.record.run.cell.id
            if cell_id in self._cells:
                self._found[cell_id] = loaded
            else:
                self.strangers += 1
        self._stored = {cell_id: loaded.record for cell_id, loaded in self._found.items()}
        self._judge_the_box()

    def _judge_the_box(self) -> None:
        """Give a load cell the flag that its machine was slower than in the plan's other ones."""
        loads = {id_: one for id_, one in self._found.items() if self._cells[id_].kind == "load"}
        measured = [one.record for one in loads.values() if isinstance(one.record, Completed)]
        for cell_id, loaded in loads.items():
            if isinstance(loaded.record, Completed) and (flags := canary.judge(loaded.record, measured)):
                outcome = structs.replace(loaded.record.outcome, flags=(*loaded.record.outcome.flags, *flags))
                self._found[cell_id] = replace(loaded, record=structs.replace(loaded.record, outcome=outcome))

    def __getitem__(self, cell_id: str) -> LoadedRun:
        return self._found[cell_id]

    def cell(self, cell_id: str) -> Cell:
        """The plan's cell of that id; raises KeyError for an id the plan does not have."""
        return self._cells[cell_id]

    def completed(self, cell_id: str) -> Completed | None:
        """The cell's record if it was measured."""
        loaded = self._found.get(cell_id)
        return loaded.record if loaded and isinstance(loaded.record, Completed) else None

    def find(self, cell_id: str) -> RunRecord | None:
        """The cell's record, however it ended, as it was stored: what those who measured the rounds had seen."""
        return self._stored.get(cell_id)

    def missing(self, cell_id: str, arm: str) -> str:
        """Why a cell has no measurement, "" if it has one."""
        loaded = self._found.get(cell_id)
        if loaded is None:
            return f"the {arm} has not been measured; run the same command again to complete it"
        if isinstance(loaded.record, Failed):
            return f"the {arm} failed ({loaded.record.kind}): {loaded.record.reason}"
        return "" if isinstance(loaded.record, Completed) else f"the {arm} was skipped: {loaded.record.reason}"

    def put_off(self, cell_id: str) -> bool:
        """Whether the night was over before the cell could begin: it is judged on the night on which it is measured."""
        record = self._found[cell_id].record if cell_id in self._found else None
        return isinstance(record, Skipped) and record.later

    def judged(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Those of which neither side was put off."""
        return (one for one in pairs if not (self.put_off(one.candidate) or self.put_off(one.baseline)))

    def look(self, cell_id: str, task: str) -> Look:
        """The look up to which a cell answered a task."""
        record = self.completed(cell_id)
        found = [one for one in record.outcome.asked if one.task == task] if record else []
        return Look(found[0].look, found[0].planned) if found else WHOLE

    @property
    def loaded(self) -> tuple[LoadedRun, ...]:
        """The records that count, in the plan's order."""
        return tuple(self._found[cell_id] for cell_id in self._cells if cell_id in self._found)

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """As `loaded`, the records alone."""
        return tuple(one.record for one in self.loaded)


def _precedence(loaded: LoadedRun) -> tuple[bool, str]:
    return isinstance(loaded.record, Completed), loaded.record.run.started
