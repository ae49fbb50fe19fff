"""An Analysis to the Summary of its plan: no clock, no files."""

import math
from collections.abc import Iterator
from typing import Literal

from harness.core.cell import LoadWork
from harness.core.record import Completed, Failed, RunRecord, Skipped, Step
from harness.core.summary import ArmSummary, Metric, Score, Summary, TaskVerdict
from harness.core.verdict import Analysis, Arm, Comparison, RoundValue
from harness.stats.spread import mean_interval

_Place = tuple[str, str, Step]


def summarize(analysis: Analysis) -> Summary:
    """The headline figures; equal analyses give equal summaries."""
    plan, records = analysis.plan, analysis.records
    runs = sorted((record.run for record in records), key=lambda run: (run.started, run.run_id))
    own = [run for run in runs if run.plan_id == plan.id]
    last = own[-1] if own else runs[-1] if runs else None
    return Summary(
        plan=plan.id,
        night=plan.night,
        started=own[0].started if own else "",
        ended=own[-1].started if own else "",
        hw=plan.hw,
        machine=last.machine.cpu if last else "",
        fingerprint=last.machine.fingerprint if last else "",
        suite=plan.suite.name,
        suite_digest=plan.suite.digest,
        source=last.source if last else None,
        arms=tuple(_arm(analysis, arm) for arm in analysis.arms),
        planned=len(plan.cells),
        measured=sum(isinstance(record, Completed) for record in records),
        failed=sum(isinstance(record, Failed) for record in records),
        not_needed=sum(len(one.not_needed) for one in analysis.repeats),
        reasons=tuple(dict.fromkeys([*_reasons(records), *(f"{one.what}: {one.reason}" for one in plan.skips)])),
        overrides=plan.overrides,
        system=last.machine.system if last else "",
        later=sum(isinstance(record, Skipped) and record.later for record in records),
        elsewhere=any(not run.hw_matches for run in runs),
    )


def _reasons(records: tuple[RunRecord, ...]) -> Iterator[str]:
    for record in records:
        if isinstance(record, Failed | Skipped):
            yield f"{record.run.cell.label}: {record.reason}"


def _arm(analysis: Analysis, arm: Arm) -> ArmSummary:
    claim = next((one for one in analysis.claims if one.candidate_arm == arm.arm), None)
    cells = [one for one in analysis.plan.cells if (one.arm, one.kind, one.replicate) == (arm.arm, "quality", 0)]
    pairs = (one for one in analysis.plan.pairs if one.candidate_arm == arm.arm and one.kind != "aa")
    return ArmSummary(
        arm=arm.arm,
        model=arm.model,
        quant=arm.quant,
        runtime=arm.runtime,
        is_baseline=arm.is_baseline,
        baseline_arm=next((one.baseline_arm for one in pairs), ""),
        cell=cells[0].id if cells else "",
        engine=arm.engine,
        weights_bytes=arm.weights_bytes,
        bits_per_weight=arm.bits_per_weight,
        sentence=claim.sentence if claim else "",
        scores=tuple(Score(task, one.score, _known(one.low), _known(one.high)) for task, one in arm.scores),
        verdicts=tuple(_verdicts(analysis, arm.arm)),
        metrics=tuple(_metrics(analysis, arm.arm)),
        loads=tuple(_loads(analysis, arm.arm)),
    )


def _loads(analysis: Analysis, arm: str) -> Iterator[tuple[str, str]]:
    for cell in analysis.plan.cells:
        if cell.arm == arm and isinstance(cell.work, LoadWork) and cell.work.round == 0:
            yield cell.work.load.key, cell.id


def _verdicts(analysis: Analysis, arm: str) -> Iterator[TaskVerdict]:
    found = (one for one in analysis.comparisons if (one.kind, one.candidate_arm) == ("quality", arm))
    yield from map(task_verdict, found)


def task_verdict(one: Comparison) -> TaskVerdict:
    """What of a comparison is a headline."""
    return TaskVerdict(
        task=one.task,
        task_kind=one.task_kind,
        verdict=one.verdict,
        margin=one.margin,
        delta=_known(one.delta),
        low=_known(one.low),
        high=_known(one.high),
        n_items=one.n_items,
        lost=one.lost,
        gained=one.gained,
        note=one.note,
        confirmatory=one.confirmatory,
    )


def _metrics(analysis: Analysis, arm: str) -> Iterator[Metric]:
    better = {(one.name, one.unit): one.better for one in analysis.speed}
    places: dict[_Place, list[RoundValue]] = {}
    for one in sorted(analysis.rounds, key=lambda one: one.round):
        if one.arm == arm and (one.name, one.unit) in better:
            places.setdefault((one.load, one.name, one.step), []).append(one)
    for (load, name, step), rounds in places.items():
        usable = [one for one in rounds if not one.flag.startswith("invalid")]
        values = tuple(one.value for one in usable or rounds)
        mean, unit = mean_interval(list(values)), rounds[0].unit
        limits = _known(mean.low), _known(mean.high)
        yield Metric(name, unit, better[name, unit], mean.score, *limits, values, load, step, _validity(usable))


def _validity(usable: list[RoundValue]) -> Literal["valid", "degraded", "invalid"]:
    if not usable:
        return "invalid"
    return "degraded" if any(one.flag for one in usable) else "valid"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
