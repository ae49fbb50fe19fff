"""Tonight's answers against the reference's: the same items, arm by arm and task by task, by compare's paired tests.

Full precision is held too: a new engine may break it, and then every comparison with it looks fine. A loss is called
one where the exact test of any change shows it after Holm over all arms and tasks of the night; answers are the same
where the equivalence test says so at the margin. The margin decides first, as everywhere: a loss that is shown to lie
within it is "same", and its note says that it is real.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.compare.evidence import Evidence, gather
from harness.compare.match import Mismatch, Paired, cells_differ, items_of, lay_side_by_side, scored_tasks
from harness.compare.quality import flips, score
from harness.core.cell import Cell
from harness.core.gate import Finding, Status
from harness.core.suite import Task
from harness.gate.night import Night
from harness.gate.rules import EQUIVALENCE_ALPHA, QUALITY_ALPHA, Rules
from harness.stats.multiple import holm
from harness.stats.planning import margin_for


@dataclass(frozen=True, eq=False)
class _Held:
    """One arm on one task in both nights; `reason` says why it cannot be judged."""

    arm: str
    task: Task
    reference: str
    paired: Paired | None
    evidence: Evidence | None
    reason: str = ""


def judge(tonight: Night, references: Sequence[Night], rules: Rules) -> Iterator[Finding]:
    """One finding per arm and task, or one per arm that cannot be held at all; the same input gives the same output."""
    rng = np.random.default_rng(int(tonight.plan.id, 16))
    held: list[_Held] = []
    for arm in tonight.arms:
        cell = tonight.quality_cell(arm)
        if cell is None or tonight.runs.completed(cell.id) is None:
            continue  # not asked for, or said by night.crashed
        found = _reference(cell, references)
        if isinstance(found, Finding):
            yield found
        else:
            held += [_hold(cell, task, tonight, found, rng) for task in scored_tasks(tonight.plan.suite, cell)]
    adjusted = holm([one.evidence.pvalue if one.evidence and not one.reason else 1.0 for one in held])
    for one, pvalue in zip(held, adjusted, strict=True):
        yield _judged(one, float(pvalue), tonight, rules)


def _reference(cell: Cell, references: Sequence[Night]) -> Night | Finding:
    """The newest reference that asked this arm the same questions, or why there is none."""
    said = Finding("cell", "not compared", cell.arm, "quality", reason="no reference has measured this arm")
    for night in references:
        other = night.quality_cell(cell.arm) if _asked(night, cell.arm) else None
        if other is None or night.runs.completed(other.id) is None:
            continue
        why = cells_differ(other, cell, "quality")
        if not why:
            return night
        if said.status != "broken":  # the newest one's reason
            reason = f"{why}; accept a night that asks these questions"
            said = Finding("cell", "broken", cell.arm, "quality", reference=night.summary.plan, reason=reason)
    return said


def _asked(night: Night, arm: str) -> bool:
    """Whether its summary has a quality cell of the arm: the plan of another need not be read."""
    found = night.arm(arm)
    return found is not None and found.cell != ""


def _hold(cell: Cell, task: Task, tonight: Night, reference: Night, rng: np.random.Generator) -> _Held:
    before = reference.quality_cell(cell.arm)
    assert before is not None  # as _reference found it
    first = items_of(reference.runs[before.id], task, reference.plan.suite)
    second = items_of(tonight.runs[cell.id], task, tonight.plan.suite)
    named = cell.arm, task, reference.summary.plan
    if first is None or second is None:
        where = "the reference" if first is None else "tonight"
        return _Held(*named, None, None, f"no items of {task.task} in {where}")
    paired = lay_side_by_side(first, second, task)
    if isinstance(paired, Mismatch):
        return _Held(*named, None, None, _in_time(paired.reason))
    return _Held(*named, paired, gather(paired, rng), _in_time(paired.broken))


def _in_time(reason: str) -> str:
    """A reason about two arms as one about two nights."""
    both = reason.replace("both arms", "both nights").replace("in one arm", "in one night")
    return both.replace("the baseline", "the reference").replace("the candidate", "tonight")


def _judged(one: _Held, pvalue: float, tonight: Night, rules: Rules) -> Finding:
    if one.paired is None or one.evidence is None or one.reason:
        return Finding("quality", "broken", one.arm, one.task.task, reference=one.reference, reason=one.reason)
    evidence, paired, n = one.evidence, one.paired, one.paired.baseline.size
    margin = rules.margin or margin_for(tonight.plan.protocol, n)
    lost, gained = flips(paired)
    return Finding(
        kind="quality",
        status=decide(evidence, pvalue, margin),
        arm=one.arm,
        name=one.task.task,
        unit="share",
        better="higher" if one.task.higher_is_better else "lower",
        reference=one.reference,
        before=score(paired.baseline, one.task).score,
        after=score(paired.candidate, one.task).score,
        change=evidence.delta,
        low=evidence.wide.low,
        high=evidence.wide.high,
        margin=margin,
        pvalue=pvalue,
        n_items=n,
        lost=lost,
        gained=gained,
        smallest=evidence.smallest_margin,
        reason=_note(evidence, pvalue, margin),
    )


def decide(evidence: Evidence, pvalue: float, margin: float) -> Status:
    """What is said of two nights' answers; `pvalue` is the test of any change after correction."""
    if evidence.equivalence_pvalue(margin) < EQUIVALENCE_ALPHA:
        return "same"
    if not _changed(evidence, pvalue):
        return "undecided"
    return "worse" if evidence.delta < 0 else "better"


def _changed(evidence: Evidence, pvalue: float) -> bool:
    return pvalue < QUALITY_ALPHA and not evidence.wide.low <= 0 <= evidence.wide.high


def _note(evidence: Evidence, pvalue: float, margin: float) -> str:
    status, least = decide(evidence, pvalue, margin), evidence.smallest_margin
    if status == "same" and _changed(evidence, pvalue):
        return f"a small real {'loss' if evidence.delta < 0 else 'gain'}, within the margin"
    if status == "undecided" and least > margin:
        return f"too few items to show less than {100 * least:.1f} points either way; ask more, or widen --margin"
    return ""
