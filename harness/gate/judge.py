"""A night and its references to a verdict. No clock; of files only what a Night reads when it is asked.

Broken comes before worse: what broke a night (a neighbour that took the memory, another template) may have made its
other figures worse as well, so it is measured again before anybody believes them; the table shows both. Worse comes
before undecided: what is shown stays shown.
"""

from collections.abc import Iterable, Iterator, Sequence

from harness.core.gate import EXIT_CODES, Finding, Gate, NightGate, Outcome, Status
from harness.core.summary import Summary
from harness.gate import figures, quality, verdicts
from harness.gate.night import Night, changes, crashed, elsewhere
from harness.gate.rules import Rules
from harness.gate.series import Past

_ORDER: tuple[Status, ...] = (
    "broken", "worse", "undecided", "invalid", "better", "learning", "not compared", "noise", "same"
)
_KINDS = ("cell", "quality", "verdict", "figure")
_OUTCOMES: dict[Status, Outcome] = {
    "broken": "broken", "worse": "worse", "undecided": "undecided", "invalid": "undecided"
}
_WORST: tuple[Outcome, ...] = ("broken", "worse", "undecided", "passed")


def judge(tonight: Night, references: Sequence[Night], before: Past, rules: Rules) -> NightGate:
    """All findings on a night, the worst first; `references` newest first, `before` without tonight."""
    found = [*crashed(tonight), *_other_hardware(tonight, references)]
    found += [*quality.judge(tonight, references, rules), *verdicts.judge(tonight, references)]
    found += figures.judge(tonight, references, before, rules)
    if all(one.status == "not compared" for one in found if one.gated):
        found.append(Finding("cell", "broken", "", "night", reason="nothing of this night could be compared"))
    ordered = sorted(found, key=lambda one: (not one.gated, _ORDER.index(one.status), _KINDS.index(one.kind)))
    used = {one.reference for one in found}
    return NightGate(
        plan=tonight.summary.plan,
        night=tonight.summary.night,
        started=tonight.summary.started,
        hw=tonight.summary.hw,
        outcome=outcome(found),
        references=tuple(one.held for one in references if one.summary.plan in used),
        findings=tuple(ordered),
        changed=tuple(changes(tonight, references)),
        elsewhere=tuple(elsewhere(tonight)),
    )


def unjudged(tonight: Summary, reason: str) -> NightGate:
    """A night that there is nothing to hold against."""
    found = Finding("cell", "broken", "", "night", reason=reason)
    return NightGate(tonight.plan, tonight.night, tonight.started, tonight.hw, "broken", (), (found,))


def outcome(findings: Iterable[Finding]) -> Outcome:
    """The worst of what decides."""
    return worst(_OUTCOMES.get(one.status, "passed") for one in findings if one.gated)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The first in the order broken, worse, undecided; "passed" of none."""
    return min(outcomes, key=_WORST.index, default="passed")


def gate(against: str, nights: Sequence[NightGate], allow_undecided: bool) -> Gate:
    """All nights of one command, and its exit code."""
    found = worst(one.outcome for one in nights)
    code = 0 if allow_undecided and found == "undecided" else EXIT_CODES[found]
    return Gate(against, allow_undecided, found, code, tuple(nights))


def _other_hardware(tonight: Night, references: Sequence[Night]) -> Iterator[Finding]:
    """Where a reference measured speed on hardware that is not tonight's: nothing of it can be compared."""
    known = {one.summary.fingerprint for one in references if any(arm.metrics for arm in one.summary.arms)}
    speed = any(arm.metrics for arm in tonight.summary.arms)
    if speed and known and tonight.summary.fingerprint not in known:
        yield Finding("cell", "broken", "", "hardware",
                      reason="speed was measured on other hardware than that of the reference; accept a night on it")
