"""Limits and p-values to one of five verdicts, and the words that qualify it."""

import math

from msgspec import Struct

from harness.compare.evidence import Evidence
from harness.core.config import Protocol
from harness.core.suite import Task
from harness.core.verdict import Interval, MarginVerdict, Scored, Verdict
from harness.stats.planning import margin_for

CEILING, CEILING_OF_FEW = 0.995, 0.95


class Judged(Struct, frozen=True):
    """The verdict at the protocol's margin and at all margins shown, with what qualifies it."""

    verdict: Verdict
    margins: tuple[MarginVerdict, ...]
    note: str
    second_opinion: str


def shown(protocol: Protocol, margin: float) -> tuple[float, ...]:
    """The margins at which verdicts are printed, ascending, the deciding one among them."""
    return tuple(sorted({*protocol.margins_shown, margin}))


def judge(evidence: Evidence, pvalue_holm: float, info: str, protocol: Protocol) -> Judged:
    """The verdict on one task. `info` is why the baseline carries no information, "" if it does.

    `pvalue_holm` is the test of any change after Holm over the family.
    """
    margin = margin_for(protocol, evidence.planned)
    rows = tuple(at_margin(evidence, pvalue_holm, one, info, protocol.alpha) for one in shown(protocol, margin))
    verdict = next(row.verdict for row in rows if row.margin == margin)
    other = "" if info else _disagreement(evidence, verdict, pvalue_holm, margin, protocol.alpha)
    changed = _change(evidence.wide, pvalue_holm, protocol.alpha)
    return Judged(verdict, rows, _note(evidence.wide, verdict, changed, margin, info), other)


def broken(protocol: Protocol, n_items: int) -> tuple[MarginVerdict, ...]:
    """The rows of a comparison that cannot be made."""
    margin = margin_for(protocol, n_items)
    return tuple(MarginVerdict(one, Verdict.BROKEN, math.nan) for one in shown(protocol, margin))


def no_information(baseline: Scored, task: Task, n_items: int, margin: float) -> str:
    """Why a baseline's score can show no loss, "" if it can; `baseline` comes with its 95 % Wilson limits."""
    known_chance = task.chance if task.higher_is_better else (task.chance or None)
    if known_chance is not None:
        if baseline.low <= known_chance <= baseline.high:
            return "no information: baseline at chance"
        if (baseline.high < known_chance) == task.higher_is_better:
            return "no information: baseline below chance"
        if abs(baseline.score - known_chance) <= margin:
            return "no information: baseline so near chance that losing everything would fit the margin"
    ceiling = min(CEILING, max(1 - 1 / n_items, CEILING_OF_FEW))  # all items right, or all but one
    score = baseline.score if task.higher_is_better else 1 - baseline.score
    return "no information: baseline at ceiling" if score >= ceiling else ""


def at_margin(evidence: Evidence, pvalue_holm: float, margin: float, info: str, alpha: float) -> MarginVerdict:
    """The verdict at one margin; arguments as for `judge`."""
    pvalue = evidence.equivalence_pvalue(margin)
    verdict = _decide(pvalue < alpha, evidence.wide, pvalue_holm, alpha)
    # At the ceiling a loss is still a loss; whatever else is seen there, or anything at chance, means nothing.
    if info and not (info.endswith("ceiling") and verdict is Verdict.DEGRADED):
        verdict = Verdict.INCONCLUSIVE
    return MarginVerdict(margin, verdict, pvalue)


def _decide(equivalent: bool, wide: Interval, pvalue_holm: float, alpha: float) -> Verdict:
    if equivalent:
        return Verdict.EQUIVALENT
    return _change(wide, pvalue_holm, alpha) or Verdict.INCONCLUSIVE


def _change(wide: Interval, pvalue_holm: float, alpha: float) -> Verdict | None:
    """DEGRADED or IMPROVED where a real change is shown, however small."""
    if pvalue_holm < alpha and wide.high < 0:
        return Verdict.DEGRADED
    return Verdict.IMPROVED if pvalue_holm < alpha and wide.low > 0 else None


def _note(wide: Interval, verdict: Verdict, changed: Verdict | None, margin: float, info: str) -> str:
    if info:
        return info if verdict is Verdict.INCONCLUSIVE else "baseline at ceiling"
    if verdict is Verdict.EQUIVALENT and changed:
        return "small real loss" if changed is Verdict.DEGRADED else "small real gain"
    if verdict is Verdict.INCONCLUSIVE and (wide.high < 0 or wide.low > 0):
        return "a change taken alone, but not after correction for all tasks and quantizations"
    beyond = (verdict is Verdict.DEGRADED and wide.high < -margin) or (
        verdict is Verdict.IMPROVED and wide.low > margin
    )
    return "beyond the margin" if beyond else ""


def _disagreement(evidence: Evidence, verdict: Verdict, pvalue_holm: float, margin: float, alpha: float) -> str:
    """Second opinions that would have given another verdict."""
    found = []
    for opinion in evidence.opinions:
        inside = -margin < opinion.narrow.low and opinion.narrow.high < margin
        other = _decide(inside, opinion.wide, pvalue_holm, alpha)
        if other is not verdict:
            found.append(f"{opinion.name}: {other.value}")
    return "; ".join(found)
