"""Tables behind the verdicts: how they move with the margin, and diagnostics."""

import math

from harness.core.tones import NO_INFORMATION, tone
from harness.core.units import margin
from harness.core.verdict import Comparison, Diagnostic
from harness.report.tables import Cell, Table, row, tally
from harness.report.view import View
from harness.report.wording import counts, significant


def margin_counts(view: View) -> Table:
    """How the counts of verdicts move with the margin, per candidate."""
    shown = view.margins
    rows = []
    for arm in view.candidates:
        found = [one for (name, _), one in view.quality.items() if name == arm.arm]
        if found:
            cells = [counts(tally(at_margin(one, share) for one in found)) for share in shown]
            rows.append(row(view.label(arm.arm), *cells))
    note = "Number of tasks with each verdict, had the margin been another; the claim's was set before the run."
    return Table(
        "margins",
        "Verdicts at all margins",
        note,
        ("Quantization", *map(margin, shown)),
        tuple(rows),
        _all(len(shown) + 1),
    )


def at_margin(one: Comparison, share: float) -> str:
    """The tone of a comparison at a margin; a broken or empty one stays so at any margin."""
    kind = tone(one)
    if kind in ("broken", NO_INFORMATION):
        return kind
    return next((entry.verdict.value for entry in one.margins if math.isclose(entry.margin, share)), kind)


def _all(columns: int) -> tuple[int, ...]:
    return tuple(range(columns))


def diagnostics(view: View) -> Table:
    """Perplexity and its kind: shown beside the verdicts, never one."""
    rows = tuple(
        row(
            view.label(one.candidate_arm),
            one.task.replace("_", " "),
            Cell(one.name.replace("_", " "), one.unit),
            f"{one.n_items:,}" if one.n_items else "",
            significant(one.baseline) if math.isfinite(one.baseline) else "",
            *_diagnosed(one),
        )
        for one in view.analysis.diagnostics
    )
    note = "Never a verdict: near the baseline these figures do not rank quantizations by how well they answer."
    columns = ("Quantization", "Task", "Figure", "Items", "Baseline", "Candidate", "Ratio, 95 %")
    return Table("diagnostics", "Diagnostics, never a verdict", note, columns, rows, words=(0, 1, 2))


def _diagnosed(one: Diagnostic) -> tuple[Cell, Cell]:
    """Candidate's figure and ratio; the interval stands with the ratio, or with the figure that has none."""
    known = math.isfinite(one.low + one.high)
    if math.isfinite(one.ratio):
        limits = f"[{one.low:.4f}, {one.high:.4f}]" if known else ""
        return Cell(significant(one.candidate)), Cell(f"×{one.ratio:.4f}", limits)
    limits = f"[{one.low:.4g}, {one.high:.4g}]" if known else ""
    return Cell(significant(one.candidate), limits), Cell("")
