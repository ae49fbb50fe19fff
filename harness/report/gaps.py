"""What a run planned and does not judge: cells that are missing, failed, left out or put off, broken comparisons."""

from harness.core.cell import IMPORTED, Cell
from harness.core.record import Completed, Failed, Skipped
from harness.core.verdict import Verdict
from harness.report.view import View

_NAMED = 6  # of what was left out; more are counted, and all stand with the failures


def missing(view: View) -> tuple[Cell, ...]:
    """Planned cells of which nothing is known: neither measured, failed nor skipped, nor left out as not needed."""
    known = {one.run.cell.id for one in view.analysis.records if isinstance(one, Completed | Failed | Skipped)}
    known |= {cell for one in view.analysis.repeats for cell in one.not_needed}
    return tuple(cell for cell in view.analysis.plan.cells if cell.id not in known)


def failed(view: View) -> tuple[Failed, ...]:
    """The records of planned cells that failed."""
    return tuple(one for one in view.analysis.records if isinstance(one, Failed))


def left_out(view: View) -> list[tuple[str, str]]:
    """(what, reason) of all that was asked for and not tried: left out of the plan, skipped, or put off."""
    skipped = [(one.run.cell.label, one.reason) for one in view.analysis.records if isinstance(one, Skipped)]
    return [*((one.what, one.reason) for one in view.analysis.plan.skips), *skipped]


def warnings(view: View) -> tuple[str, ...]:
    """What went wrong or is missing, each in a sentence."""
    cells, lost, left = len(view.analysis.plan.cells), failed(view), len(missing(view))
    found = [f"{left} of {cells} planned cells are not measured: the same command goes on with them."] if left else []
    if lost:
        label, kind = lost[0].run.cell.label, lost[0].kind
        found.append(f"{len(lost)} of {cells} planned cells failed, first {label} ({kind}).")
    found += [*_left_out(view), *_broken(view)]
    elsewhere = [view.label(one.arm) for one in view.analysis.plan.cells if one.hw == IMPORTED]
    if elsewhere:
        names = ", ".join(dict.fromkeys(elsewhere))
        found.append(f"Imported, so neither box nor engine could be checked: {names}.")
    unstable = dict.fromkeys(one for claim in view.claims for one in claim.qualifiers if "itself is not stable" in one)
    return (*found, *unstable)


def _left_out(view: View) -> list[str]:
    found = left_out(view)
    if not found:
        return []
    names = ", ".join(what for what, _ in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    reason = f"{found[0][0]}: {found[0][1]}" if len(found) > 1 else found[0][1]
    return [f"{len(found)} left out or put off: {names}{more} ({reason})."]


def _broken(view: View) -> list[str]:
    """Comparisons that cannot be made although both sides were measured; of the others their cells tell."""
    done = {one.run.cell.id for one in view.completed}
    found = [
        one for one in view.verdicts.values()
        if one.verdict is Verdict.BROKEN and {one.candidate_cell, one.baseline_cell} <= done
    ]
    if not found:
        return []
    first = f"{view.label(found[0].candidate_arm)} on {view.task_labels[found[0].task]}: {found[0].note}"
    if len(found) == 1:
        return [f"1 comparison cannot be made, {first}."]
    return [f"{len(found)} comparisons cannot be made, first {first}."]
