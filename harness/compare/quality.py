"""Every quality and A/A pair of the plan on every task: measured first, judged when the whole family is known."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.compare.evidence import Evidence, gather
from harness.compare.match import Mismatch, Paired, cells_differ, items_of, lay_side_by_side, scored_tasks
from harness.compare.runs import Runs
from harness.compare.verdict import broken, judge, margin_for, no_information
from harness.core.config import Protocol
from harness.core.plan import Pair, Plan
from harness.core.suite import Task
from harness.core.verdict import Comparison, Scored, Verdict
from harness.stats.means import paired_mean
from harness.stats.multiple import holm
from harness.stats.planning import items_to_decide, smallest_margin
from harness.stats.proportion import wilson
from harness.stats.table import Array

UNKNOWN = Scored(math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class Measured:
    """One pair on one task before judgement; `evidence` is None where the comparison cannot be made (`reason`)."""

    kind: Literal["quality", "aa"]
    pair: Pair
    task: Task
    labels: tuple[str, str]
    paired: Paired | None
    evidence: Evidence | None
    reason: str

    def pvalues(self) -> tuple[float, float]:
        """The test of any change: headline, and clustered where there is one. What is broken keeps its place with 1."""
        if self.evidence is None or self.reason:
            return 1.0, 1.0
        own = self.evidence.pvalue
        clustered = [one.pvalue for one in self.evidence.opinions if one.pvalue is not None]
        return own, max([own, *clustered])


def compare(plan: Plan, runs: Runs, kind: Literal["quality", "aa"], rng: np.random.Generator) -> list[Comparison]:
    """All comparisons of one kind, in the plan's order; each kind is its own Holm family, fixed by the plan alone."""
    family = [_measure(pair, task, plan, runs, kind, rng) for pair, task in pairs_and_tasks(plan, runs, kind)]
    headline = holm([one.pvalues()[0] for one in family])
    clustered = holm([one.pvalues()[1] for one in family])
    return [
        _judged(one, float(first), float(second), plan.protocol)
        for one, first, second in zip(family, headline, clustered, strict=True)
    ]


def pairs_and_tasks(plan: Plan, runs: Runs, kind: Literal["quality", "aa"]) -> Iterable[tuple[Pair, Task]]:
    """The family: every pair of the kind with every scored task."""
    for pair in plan.pairs:
        if pair.kind == kind:
            yield from ((pair, task) for task in scored_tasks(plan.suite, runs.cell(pair.candidate)))


def _measure(
    pair: Pair, task: Task, plan: Plan, runs: Runs, kind: Literal["quality", "aa"], rng: np.random.Generator
) -> Measured:
    cells = runs.cell(pair.baseline), runs.cell(pair.candidate)
    labels = cells[0].arm, cells[1].arm + (f" replicate {cells[1].replicate}" if kind == "aa" else "")
    reason = cells_differ(*cells, kind) or runs.missing(pair.baseline, "baseline")
    reason = reason or runs.missing(pair.candidate, "candidate")
    paired = Mismatch(reason) if reason else _pair_items(pair, task, plan, runs)
    if isinstance(paired, Mismatch):
        return Measured(kind, pair, task, labels, None, None, paired.reason)
    return Measured(kind, pair, task, labels, paired, gather(paired, rng), paired.broken)


def _pair_items(pair: Pair, task: Task, plan: Plan, runs: Runs) -> Paired | Mismatch:
    tables = [items_of(runs[cell], task, plan.suite) for cell in (pair.baseline, pair.candidate)]
    first, second = tables
    if first is None or second is None:
        arm = "baseline" if first is None else "candidate"
        return Mismatch(f"the {arm} has no items of {task.task}; run the same command again to complete it")
    return lay_side_by_side(first, second, task)


def score(values: Array, task: Task) -> Scored:
    """One arm's mean with its 95 % interval: Wilson, or t where partial scores vary less than 0/1 scores would."""
    mean = min(float(values.mean()), 1.0)
    limits = wilson(mean, values.size, 0.95)
    low, high = limits.low, limits.high
    if not ((values == 0) | (values == 1)).all():
        t = paired_mean(values, 0.95)
        low, high = max(low, t.low, 0.0), min(high, t.high, 1.0)
    return Scored(mean, low, high) if task.higher_is_better else Scored(1 - mean, 1 - high, 1 - low)


def _judged(one: Measured, pvalue_holm: float, clustered_holm: float, protocol: Protocol) -> Comparison:
    if one.paired is None or one.evidence is None:
        return _broken(one, protocol)
    evidence, paired, n = one.evidence, one.paired, one.paired.baseline.size
    margin = margin_for(protocol, n)
    before = score(paired.baseline, one.task)
    info = no_information(before, one.task, n, margin)
    judged = judge(evidence, pvalue_holm, clustered_holm, info, protocol)
    stopped = bool(one.reason)
    open_question = judged.verdict is Verdict.INCONCLUSIVE and not info and not stopped
    return Comparison(
        kind=one.kind,
        task=one.task.task,
        task_kind=one.task.kind,
        metric=one.task.metric,
        baseline_arm=one.labels[0],
        candidate_arm=one.labels[1],
        baseline_cell=one.pair.baseline,
        candidate_cell=one.pair.candidate,
        n_items=n,
        baseline=before,
        candidate=score(paired.candidate, one.task),
        delta=evidence.delta,
        stderr=evidence.stderr,
        low=evidence.wide.low,
        high=evidence.wide.high,
        low90=evidence.narrow.low,
        high90=evidence.narrow.high,
        lost=evidence.lost,
        gained=evidence.gained,
        flip_rate=evidence.flip_rate,
        method=evidence.method,
        pvalue=evidence.pvalue,
        pvalue_holm=math.nan if stopped else pvalue_holm,
        margin=margin,
        verdict=Verdict.BROKEN if stopped else judged.verdict,
        margins=broken(protocol, n) if stopped else judged.margins,
        cap_hits=paired.cap_hits,
        items_needed=items_to_decide(n, evidence.spread, evidence.delta, margin) if open_question else None,
        smallest_margin=smallest_margin(n, evidence.spread),
        second_opinion=_without_cut(paired) if stopped else judged.second_opinion,
        note=one.reason or judged.note,
    )


def _without_cut(paired: Paired) -> str:
    """What is left of the difference when items cut off in either arm are set aside: a hint, not a verdict."""
    kept = ~paired.cut
    if not kept.any():
        return "every item was cut off in one arm"
    delta = 100 * float(paired.differences[kept].mean())
    return f"without the {int(paired.cut.sum())} items cut off in either arm: {delta:+.1f} points on {int(kept.sum())}"


def _broken(one: Measured, protocol: Protocol) -> Comparison:
    """A comparison without numbers."""
    nan = math.nan
    return Comparison(
        kind=one.kind,
        task=one.task.task,
        task_kind=one.task.kind,
        metric=one.task.metric,
        baseline_arm=one.labels[0],
        candidate_arm=one.labels[1],
        baseline_cell=one.pair.baseline,
        candidate_cell=one.pair.candidate,
        n_items=0,
        baseline=UNKNOWN,
        candidate=UNKNOWN,
        delta=nan,
        stderr=nan,
        low=nan,
        high=nan,
        low90=nan,
        high90=nan,
        lost=None,
        gained=None,
        flip_rate=nan,
        method="none",
        pvalue=nan,
        pvalue_holm=nan,
        margin=margin_for(protocol, one.task.items or 0),
        verdict=Verdict.BROKEN,
        margins=broken(protocol, one.task.items or 0),
        note=one.reason,
    )
