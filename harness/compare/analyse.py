"""The one entry point: a plan and its stored records in, everything a report shows out. No clock, no files."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness.compare import imported, latency, quality, repeat, rolling, rounds, speed
from harness.compare.claim import claims
from harness.compare.match import items_of, scored_tasks, single
from harness.compare.runs import Runs
from harness.core.cell import Cell
from harness.core.plan import Plan
from harness.core.record import Completed
from harness.core.verdict import Analysis, Arm, Input, Scored
from harness.store.items import LoadedRun

KINDS: tuple[quality.Kind, ...] = ("quality", "aa", "bridge", "total")


def analyse(plan: Plan, records: Sequence[LoadedRun]) -> Analysis:
    """Compare every pair of the plan on what was measured; the same input gives the same output.

    Records of cells the plan does not have are left out and counted in the warnings; cells without a record make
    their comparisons BROKEN with the reason.
    """
    runs = Runs(plan, records)
    rng = np.random.default_rng(int(plan.id, 16))
    comparisons = [one for kind in KINDS for one in quality.compare(plan, runs, kind, rng)]
    diagnostics, problems = rolling.diagnose(plan, runs)
    measured = rounds.values(runs)
    repeated = repeat.repeats(plan, runs.find)
    not_needed = frozenset(cell for one in repeated for cell in one.not_needed)
    return Analysis(
        plan=plan,
        arms=tuple(_arms(plan, runs)),
        comparisons=tuple(comparisons),
        diagnostics=(*diagnostics, *imported.fidelity(plan, runs)),
        speed=tuple(speed.compare(plan, runs, not_needed)),
        claims=tuple(claims(plan, runs, comparisons)),
        records=runs.records,
        inputs=tuple(
            Input(one.record.run.cell.id, one.record.run.cell.label, one.path, one.sha256) for one in runs.loaded
        ),
        warnings=(*_warnings(plan, runs), *imported.remarks(plan, runs), *problems),
        rounds=tuple(measured),
        latencies=tuple(latency.latencies(runs)),
        drifts=tuple(rounds.drifts(measured)),
        repeats=tuple(repeated),
    )


def _arms(plan: Plan, runs: Runs) -> Iterator[Arm]:
    """Every arm once, in the plan's order, described by the first of its cells that was measured."""
    baselines = {pair.baseline_arm for pair in plan.pairs if pair.kind != "aa"}
    for name in dict.fromkeys(cell.arm for cell in plan.cells):
        cells = [cell for cell in plan.cells if cell.arm == name and cell.replicate == 0]
        measured = [(cell, record) for cell in cells if (record := runs.completed(cell.id))]
        cell = cells[0]
        record = measured[0][1] if measured else None
        yield Arm(
            arm=name,
            model=cell.model,
            quant=cell.quant,
            runtime=cell.runtime,
            is_baseline=name in baselines,
            weights_bytes=_weights_bytes(record),
            sha256=record.prepared.sha256 if record else "",
            source_sha256=record.prepared.source_sha256 if record else "",
            engine=f"{record.outcome.facts.engine} {record.outcome.facts.version}".strip() if record else "",
            scores=tuple(score for one, _ in measured for score in _scores(one, plan, runs)),
            bits_per_weight=_bits(cell.model, record, runs),
        )


def _weights_bytes(record: Completed | None) -> int | None:
    if record is None:
        return None
    return record.outcome.facts.weights_bytes or record.prepared.bytes or None


def _bits(model: str, record: Completed | None, runs: Runs) -> float | None:
    """Bits of the weights over the parameters as the arm's engine counts them, else as that of another arm does."""
    others = (one for one in runs.records if isinstance(one, Completed) and one.run.cell.model == model)
    details = (detail for one in ([record] if record else []) + list(others) for detail in one.outcome.facts.details)
    counted = next((int(one.value) for one in details if one.name == "parameters" and one.value.isdecimal()), None)
    weights = _weights_bytes(record)
    return 8 * weights / counted if counted and weights else None


def _scores(cell: Cell, plan: Plan, runs: Runs) -> Iterator[tuple[str, Scored]]:
    """The arm's own scores; a task whose items cannot be scored is left to its comparison, which says why."""
    for task in scored_tasks(plan.suite, cell):
        table = items_of(runs[cell.id], task, plan.suite)
        values = None if table is None else single(table, task)
        if values is not None:
            yield task.task, quality.score(values, task)


def _warnings(plan: Plan, runs: Runs) -> Iterator[str]:
    if runs.strangers:
        yield f"{runs.strangers} records belong to no cell of this plan and were left out"
    unpaired = {pair.kind for pair in plan.pairs}
    if plan.cells and not unpaired:
        yield "nothing is compared: the plan has no baseline, so no claim can be made"
    boxes = {one.run.machine.fingerprint for one in runs.records}
    if len(boxes) > 1:
        yield f"the records come from {len(boxes)} different boxes"
    for loaded in runs.loaded:
        record = loaded.record
        label = record.run.cell.label
        if not record.run.hw_matches:
            yield f"{label}: measured on another box than {plan.hw}"
        if isinstance(record, Completed):
            yield from (f"{label}: {text}" for text in record.outcome.warnings)
        for table in loaded.items:
            if not _asked_for(table.task, plan):
                yield f"{label}: items of {table.task}, which the suite does not name, are in no comparison"


def _asked_for(name: str, plan: Plan) -> bool:
    return any(name == task.task or name.startswith(f"{task.task}_") for task in plan.suite.tasks)
