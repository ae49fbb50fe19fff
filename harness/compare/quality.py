"""Every pair of quality cells on every task: measured first, judged when the whole family is known."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.compare.evidence import Evidence, gather
from harness.compare.match import Mismatch, Paired, best_case, cells_differ, items_of, lay_side_by_side, scored_tasks
from harness.compare.noise import beside_noise
from harness.compare.runs import Runs
from harness.compare.verdict import at_margin, broken, judge, no_information
from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.plan import Pair, Plan
from harness.core.suite import Task
from harness.core.verdict import Comparison, MarginVerdict, Scored, Verdict
from harness.stats.means import paired_mean
from harness.stats.multiple import benjamini_hochberg, holm
from harness.stats.noise import flip_rate
from harness.stats.planning import items_to_decide, margin_for
from harness.stats.proportion import wilson
from harness.stats.table import Array, is_binary

Kind = Literal["quality", "aa", "bridge", "total"]
UNKNOWN = Scored(math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class Measured:
    """One pair on one task before judgement; `evidence` is None where the comparison cannot be made (`reason`).

    Where cut-off rates differ, `bound` is the same with every cut-off answer of the candidate counted as right: a loss
    that survives this cannot be the limit's doing. `remark` stands before the verdict's own note.
    """

    pair: Pair
    task: Task
    confirmatory: bool
    labels: tuple[str, str]
    paired: Paired | None
    evidence: Evidence | None
    reason: str
    bound: "Measured | None" = None
    remark: str = ""

    def pvalue(self) -> float:
        """The test of any change; what is broken keeps its place in the family with 1."""
        if self.bound is not None and self.bound.evidence is not None and self.bound.evidence.delta < 0:
            return self.bound.evidence.pvalue
        return 1.0 if self.evidence is None or self.reason else self.evidence.pvalue


def compare(plan: Plan, runs: Runs, kind: Kind, rng: np.random.Generator) -> list[Comparison]:
    """All comparisons of one kind, in the plan's order; each kind is its own family, fixed by the plan alone.

    Holm corrects the confirmatory family, Benjamini-Hochberg what the protocol leaves outside it.
    """
    found = [_measure(pair, task, plan, runs, rng) for pair, task in pairs_and_tasks(plan, runs, kind)]
    inside = np.array([one.confirmatory for one in found], dtype=bool)
    adjusted = np.array([one.pvalue() for one in found])
    adjusted[inside], adjusted[~inside] = holm(adjusted[inside]), benjamini_hochberg(adjusted[~inside])
    return [_judged(one, float(pvalue), plan.protocol, rng) for one, pvalue in zip(found, adjusted, strict=True)]


def pairs_and_tasks(plan: Plan, runs: Runs, kind: Kind) -> Iterable[tuple[Pair, Task]]:
    """The family: every pair of the kind with every scored task."""
    for pair in runs.judged(plan.pairs):
        if pair.kind == kind:
            yield from ((pair, task) for task in scored_tasks(plan.suite, runs.cell(pair.candidate)))


def _measure(pair: Pair, task: Task, plan: Plan, runs: Runs, rng: np.random.Generator) -> Measured:
    cells = runs.cell(pair.baseline), runs.cell(pair.candidate)
    labels = cells[0].arm, cells[1].arm + (f" replicate {cells[1].replicate}" if pair.kind == "aa" else "")
    confirmatory = in_family(cells[1], task, plan.protocol)
    reason = cells_differ(*cells, pair.kind) or runs.missing(pair.baseline, "baseline")
    reason = reason or runs.missing(pair.candidate, "candidate")
    paired = Mismatch(reason) if reason else _pair_items(pair, task, plan, runs)
    if isinstance(paired, Mismatch):
        return Measured(pair, task, confirmatory, labels, None, None, paired.reason)
    look = runs.look(pair.baseline, task.task)
    evidence = gather(paired, rng, look)
    if not paired.broken:
        return Measured(pair, task, confirmatory, labels, paired, evidence, "")
    kind = best_case(paired)
    bound = Measured(pair, task, confirmatory, labels, kind, gather(kind, rng, look), "", remark=_remark(paired))
    return Measured(pair, task, confirmatory, labels, paired, evidence, paired.broken, bound)


def _remark(paired: Paired) -> str:
    """What the numbers of a best case are, and what was seen instead."""
    seen = 100 * float(paired.differences.mean())
    shares = f"{100 * paired.cap_hits[0]:.1f} % and {100 * paired.cap_hits[1]:.1f} %"
    return (
        f"at least this much: answers hit a limit ({shares}), and the candidate's cut-off ones are counted as right; "
        f"as scored the difference is {'−' if seen < 0 else '+'}{abs(seen):.1f} points"
    )


def in_family(candidate: Cell, task: Task, protocol: Protocol) -> bool:
    """Whether the protocol named this task and quantization, before the run, as ones to rest claims on."""
    tasks, quants = protocol.family_tasks, protocol.family_quants
    return (not tasks or task.task in tasks) and (not quants or candidate.quant in quants)


def _pair_items(pair: Pair, task: Task, plan: Plan, runs: Runs) -> Paired | Mismatch:
    tables = [items_of(runs[cell], task, plan.suite) for cell in (pair.baseline, pair.candidate)]
    first, second = tables
    if first is None or second is None:
        arm = "baseline" if first is None else "candidate"
        return Mismatch(f"the {arm} has no items of {task.task}; run the same command again to complete it")
    repeats = [one.candidate for one in plan.pairs if one.kind == "aa" and one.baseline == pair.baseline]
    # A replicate is compared with the first run alone, everything else with the mean of all of the baseline's runs.
    repeats = [cell for cell in repeats if pair.kind != "aa" and runs.completed(cell)]
    again = [items_of(runs[cell], task, plan.suite) for cell in repeats]
    return lay_side_by_side(first, second, task, [one for one in again if one is not None])


def score(values: Array, task: Task) -> Scored:
    """One arm's mean with its 95 % interval: Wilson, or t where partial scores vary less than 0/1 scores would."""
    mean = min(float(values.mean()), 1.0)
    limits = wilson(mean, values.size, 0.95)
    low, high = limits.low, limits.high
    if not ((values == 0) | (values == 1)).all():
        t = paired_mean(values, 0.95)
        low, high = max(low, t.low, 0.0), min(high, t.high, 1.0)
    return Scored(mean, low, high) if task.higher_is_better else Scored(1 - mean, 1 - high, 1 - low)


def _judged(one: Measured, pvalue_holm: float, protocol: Protocol, rng: np.random.Generator) -> Comparison:
    if one.paired is None or one.evidence is None:
        return _broken(one, protocol)
    evidence, paired, n = one.evidence, one.paired, one.paired.baseline.size
    margin = margin_for(protocol, evidence.planned)
    if one.bound is not None:
        stands = _judged(one.bound, pvalue_holm, protocol, rng)
        if stands.verdict is Verdict.DEGRADED:
            return stands
    before = score(paired.baseline, one.task)
    info = no_information(before, one.task, n, margin)
    judged = judge(evidence, pvalue_holm, info, protocol)
    stopped = bool(one.reason)
    def at(share: float) -> MarginVerdict:
        return at_margin(evidence, pvalue_holm, share, info, protocol.alpha)

    lost, gained = flips(paired)
    open_question = judged.verdict is Verdict.INCONCLUSIVE and not info and not stopped
    return Comparison(
        **_identity(one),
        n_items=n,
        baseline=before,
        candidate=score(paired.candidate, one.task),
        delta=evidence.delta,
        stderr=evidence.stderr,
        low=evidence.wide.low,
        high=evidence.wide.high,
        low90=evidence.narrow.low,
        high90=evidence.narrow.high,
        lost=lost,
        gained=gained,
        flip_rate=flip_rate(paired.candidate_runs, paired.baseline_runs),
        method=evidence.method,
        pvalue=evidence.pvalue,
        pvalue_holm=math.nan if stopped else pvalue_holm,
        margin=margin,
        verdict=Verdict.BROKEN if stopped else judged.verdict,
        margins=broken(protocol, evidence.planned) if stopped else judged.margins,
        cap_hits=paired.cap_hits,
        items_needed=_items_to_decide(evidence, margin, pvalue_holm, protocol.alpha) if open_question else None,
        smallest_margin=evidence.smallest_margin,
        second_opinion=_without_cut(paired) if stopped else judged.second_opinion,
        note=one.reason or "; ".join(part for part in (judged.note, one.remark) if part),
        noise=None if stopped or one.pair.kind == "aa" else beside_noise(paired, at, rng),
        look=evidence.look.number,
        n_planned=evidence.look.planned,
    )


def flips(paired: Paired) -> tuple[int | None, int | None]:
    """Losses and gains against the baseline's first run; None where scores are sampled or not 0/1."""
    before, after = paired.baseline_runs[:, 0], paired.candidate_runs[:, 0]
    if paired.candidate_runs.shape[1] > 1 or not (is_binary(before) and is_binary(after)):
        return None, None
    return int((before > after).sum()), int((after > before).sum())


def _identity(one: Measured) -> dict[str, Any]:
    """What a comparison is of, with numbers or without."""
    return {
        "kind": one.pair.kind,
        "task": one.task.task,
        "task_kind": one.task.kind,
        "metric": one.task.metric,
        "baseline_arm": one.labels[0],
        "candidate_arm": one.labels[1],
        "baseline_cell": one.pair.baseline,
        "candidate_cell": one.pair.candidate,
        "confirmatory": one.confirmatory,
    }


def _items_to_decide(evidence: Evidence, margin: float, pvalue_holm: float, alpha: float) -> int:
    """Items at this design effect, a change tested at what the correction leaves of `alpha`; more than there are."""
    n, effect = evidence.n_items, evidence.design.effect
    # Where a smaller p-value leads than the one that was corrected, the ratio says nothing: no family is that large.
    left = alpha * min(1.0, max(evidence.pvalue / pvalue_holm, 1e-3)) if pvalue_holm > 0 else alpha
    worth = items_to_decide(int(n / effect), evidence.spread, evidence.delta, margin, left)
    return max(n + 1, math.ceil(effect * worth))


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
        **_identity(one),
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
