"""What a report would say tonight of candidate against baseline, beside what it said of the reference.

A verdict that turned is shown, and asks for a look; it is no loss by itself. Near the margin a verdict may turn without
any change: calling that a loss would break the promise about false alarms, and what was lost is found in the answers.
"""

from collections.abc import Iterator, Sequence

from harness.core.gate import Finding, Status
from harness.core.summary import TaskVerdict
from harness.core.verdict import Verdict
from harness.gate.night import Night

_FINE = (Verdict.EQUIVALENT, Verdict.IMPROVED)


def judge(tonight: Night, references: Sequence[Night]) -> Iterator[Finding]:
    """One finding per confirmatory verdict of tonight that a reference on the same suite has too."""
    digest = tonight.summary.suite_digest
    alike = [one for one in references if one.summary.suite_digest == digest]
    for arm in tonight.summary.arms:
        if not (_answered(tonight, arm.arm) and _answered(tonight, arm.baseline_arm)):
            continue  # said of the cell itself
        for now in arm.verdicts:
            held = next((one for one in alike if _verdict(one, arm.arm, now.task)), None)
            before = _verdict(held, arm.arm, now.task) if held else None
            if held and before and now.confirmatory:
                status, said = _turned(before, now)
                yield Finding("verdict", status, arm.arm, now.task, "share", reference=held.summary.plan,
                              before=before.delta, after=now.delta, margin=now.margin, n_items=now.n_items,
                              lost=now.lost, gained=now.gained, reason=said)


def _answered(night: Night, arm: str) -> bool:
    cell = night.quality_cell(arm)
    return cell is not None and night.runs.completed(cell.id) is not None


def _verdict(night: Night, arm: str, task: str) -> TaskVerdict | None:
    found = night.arm(arm)
    return next((one for one in found.verdicts if one.task == task), None) if found else None


def _turned(before: TaskVerdict, now: TaskVerdict) -> tuple[Status, str]:
    if now.verdict is before.verdict:
        status: Status = "not compared" if now.verdict is Verdict.BROKEN else "same"
        return status, f"{now.verdict}, as before" + (f": {now.note}" if status != "same" and now.note else "")
    said = f"was {before.verdict}, is {now.verdict}" + (f": {now.note}" if now.note else "")
    if now.verdict is Verdict.BROKEN:
        return "broken", said
    if now.verdict is Verdict.DEGRADED and before.verdict in _FINE:
        return "undecided", f"{said}; whether answers were lost since is said of the arm itself"
    return ("better" if now.verdict in _FINE and before.verdict is Verdict.DEGRADED else "noise"), said
