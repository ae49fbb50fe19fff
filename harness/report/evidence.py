"""Tables behind the verdicts: every comparison in full, all margins, noise floor, flips, diagnostics."""

import math

from harness.core.verdict import Comparison, Diagnostic
from harness.report.tables import Cell, Table, ordered, row, score_range, tally
from harness.report.view import View
from harness.report.wording import (
    NO_INFORMATION,
    counts,
    early,
    margin,
    marked,
    percent,
    points,
    points_range,
    pvalue,
    significant,
    tone,
)


def margin_counts(view: View) -> Table:
    """How the counts of verdicts move with the margin, per candidate."""
    shown = view.margins
    rows = []
    for arm in view.candidates:
        found = [one for (name, _), one in view.quality.items() if name == arm.arm]
        if found:
            cells = [counts(tally(_at(one, share) for one in found)) for share in shown]
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


def margin_details(view: View) -> Table:
    """The verdict and the TOST p-value of each task at each margin."""
    shown = view.margins
    rows = []
    for one in ordered(view):
        by = {round(entry.margin, 9): entry for entry in one.margins}
        cells = [by.get(round(share, 9)) for share in shown]
        rows.append(
            row(
                view.label(one.candidate_arm),
                view.task_labels[one.task],
                *(
                    Cell(marked(_at(one, entry.margin)), f"TOST p {pvalue(entry.pvalue)}", _at(one, entry.margin))
                    if entry
                    else ""
                    for entry in cells
                ),
            )
        )
    columns = ("Quantization", "Task", *map(margin, shown))
    return Table(
        "margin-details", "Each task at each margin", "", columns, tuple(rows), _all(len(columns)), folded=True
    )


def _at(one: Comparison, share: float) -> str:
    """The tone of a comparison at a margin; a broken or empty one stays so at any margin."""
    kind = tone(one)
    if kind in ("broken", NO_INFORMATION):
        return kind
    return next((entry.verdict.value for entry in one.margins if math.isclose(entry.margin, share)), kind)


def _all(columns: int) -> tuple[int, ...]:
    return tuple(range(columns))


def comparisons(view: View) -> Table:
    """All figures behind each verdict."""
    note = (
        "Lost: right in the baseline only; gained: right in the candidate only. p change: exact test of any change; "
        "p Holm: the same after Holm over all tasks and quantizations; p TOST: equivalence at the margin. "
        "Needed: items to decide at this margin and flip rate."
    )
    columns = (
        *("Quantization", "Task", "Items", "Baseline", "Candidate", "Delta, 95 %", "90 %", "Lost / gained", "Flips"),
        *("p change", "p Holm", "p TOST", "Margin", "Verdict", "Needed", "Method"),
    )
    rows = tuple(_figures(view, one) for one in ordered(view))
    return Table("comparisons", "All comparisons", note, columns, rows, words=(0, 1, 13, 15), folded=True)


def _figures(view: View, one: Comparison) -> tuple[Cell, ...]:
    tost = next((entry.pvalue for entry in one.margins if math.isclose(entry.margin, one.margin)), math.nan)
    flips = "" if one.lost is None or one.gained is None else f"{one.lost} / {one.gained}"
    return row(
        view.label(one.candidate_arm),
        view.task_labels[one.task],
        Cell(f"{one.n_items:,}", early(one) and f"of {one.n_planned:,}, look {one.look}"),
        Cell(percent(one.baseline.score), score_range(one.baseline)),
        Cell(percent(one.candidate.score), score_range(one.candidate)),
        Cell(points(one.delta, 2), points_range(one.low, one.high, 2)),
        points_range(one.low90, one.high90, 2),
        flips,
        percent(one.flip_rate),
        pvalue(one.pvalue),
        pvalue(one.pvalue_holm),
        pvalue(tost),
        f"{100 * one.margin:g}",
        Cell(marked(tone(one)), one.note, tone(one)),
        "" if one.items_needed is None else f"{one.items_needed:,}",
        Cell(one.method, one.metric),
    )


def diagnostics(view: View) -> Table:
    """Perplexity and its kind: shown beside the verdicts, never one."""
    rows = tuple(
        row(
            view.label(one.candidate_arm),
            one.task.replace("_", " "),
            Cell(one.name, one.unit),
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
