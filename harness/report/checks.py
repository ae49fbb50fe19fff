"""Tables of what qualifies the figures: guards that spoke, cells that failed, combinations left out."""

from collections import Counter
from collections.abc import Iterator

from harness.core.look import LAST
from harness.core.record import Completed, Failed, Skipped
from harness.core.tones import NO_INFORMATION, tone
from harness.core.verdict import Comparison
from harness.report.gaps import missing
from harness.report.measured import place_of
from harness.report.readings import heading
from harness.report.steps import words
from harness.report.tables import TAGS, Table, ordered, row
from harness.report.view import View
from harness.report.wording import early, marked, percent


def guards(view: View) -> Table:
    """One row per remark: BROKEN and its reason, no information, truncated answers, disagreeing methods, warnings."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for one in [*ordered(view), *view.noise]:
        who = view.label(one.candidate_arm) if one.kind == "quality" else "A/A"
        for what, detail in _remarks(one):
            together.setdefault((view.task_labels[one.task], what, detail), []).append(who)
    rows = [row(", ".join(dict.fromkeys(who)), *what) for what, who in together.items()]
    rows += [row(view.label(arm), "all", "computed in another precision", said) for arm, said in precisions(view)]
    rows += [row(names, "speed", "limited", reason) for names, reason in _speed_reasons(view)]
    rows += [row("all", "all", "warning", text) for text in dict.fromkeys(view.analysis.warnings)]
    columns = ("Quantization", "Task", "What", "Detail")
    return Table("guards", "Guards and remarks", "", columns, tuple(rows), words=(0, 1, 2, 3))


def precisions(view: View) -> list[tuple[str, str]]:
    """(arm, remark) of every arm that computed in another type than what it is compared with, where both tell it."""
    types = {
        record.run.cell.arm: detail.value
        for record in view.completed
        for detail in record.outcome.facts.details
        if detail.name == "dtype"
    }
    pairs = dict.fromkeys((one.candidate_arm, one.baseline_arm) for one in view.quality.values())
    return [
        (arm, f"{types[arm]}, the baseline in {types[other]}: part of the change may come from that alone")
        for arm, other in pairs
        if arm in types and other in types and types[arm] != types[other]
    ]


def _remarks(one: Comparison) -> Iterator[tuple[str, str]]:
    """(what, detail) of everything that qualifies a comparison."""
    if tone(one) in ("broken", NO_INFORMATION):
        yield marked(tone(one)), one.note.removeprefix(f"{NO_INFORMATION}: ")
    elif one.note and one.note not in TAGS:
        yield "note", one.note
    if early(one):
        end = f"at look {one.look} of {LAST}, after {early(one)}"
        yield "stopped early", f"{end}; its limits and p-values are those of that look's wider boundary"
    if any(one.cap_hits):
        hits = f"{percent(one.cap_hits[0])} in the baseline, {percent(one.cap_hits[1])} in the candidate"
        yield "answers cut at the length limit", hits
    if one.second_opinion:
        yield "second opinion", one.second_opinion


def _speed_reasons(view: View) -> list[tuple[str, str]]:
    """(arms, "readings: reason") for readings that a comparison lacks or has no interval for, equal reasons together.

    What no arm has at all is in the table of what was not measured.
    """
    known = set(view.speeds.names())
    found: dict[str, dict[str, dict[str, None]]] = {}
    for one in view.analysis.speed:
        no_ratio = one.ratio is None and one.baseline_arm and one.validity != "invalid"
        if (no_ratio or "cannot be compared" in one.reason) and one.reason and (one.name in known or not one.unit):
            names = found.setdefault(one.reason, {}).setdefault(view.label(one.candidate_arm), {})
            at = place_of(one)
            names[heading(one.name) + (f" at {words(at, view.speeds.places)}" if not at.whole else "")] = None
    together: dict[tuple[str, str], list[str]] = {}
    for reason, arms in found.items():
        for arm, readings in arms.items():
            together.setdefault((reason, ", ".join(readings)), []).append(arm)
    return [(", ".join(arms), f"{readings}: {reason}") for (reason, readings), arms in together.items()]


def failures(view: View) -> Table:
    """Cells that failed or were skipped, combinations that the plan left out, and arms that wait for cells."""
    rows = []
    for record in view.analysis.records:
        if isinstance(record, Failed):
            code = "" if record.exit_code is None else f" (exit code {record.exit_code})"
            rows.append(row(record.run.cell.label, f"✕ failed: {record.kind}", record.reason + code))
        elif isinstance(record, Skipped):
            rows.append(row(record.run.cell.label, "put off" if record.later else "skipped", record.reason))
    rows += [row(skip.what, "left out of the plan", skip.reason) for skip in view.analysis.plan.skips]
    waiting = Counter(cell.arm for cell in missing(view))
    rows += [row(arm, "not measured yet", f"{cells} cell{'s' * (cells > 1)}") for arm, cells in waiting.items()]
    note = f"{_measured(view)} of {len(view.analysis.plan.cells)} planned cells were measured"
    note += "".join(f"; {one.load}: {one.words}" for one in view.analysis.repeats) + "."
    columns = ("What", "Outcome", "Reason")
    return Table("failures", "Failures and skips", note, columns, tuple(rows), words=(0, 1, 2))


def _measured(view: View) -> int:
    planned = {cell.id for cell in view.analysis.plan.cells}
    done = {record.run.cell.id for record in view.analysis.records if isinstance(record, Completed)}
    return len(planned & done)
