"""Tables of the noise floor: the baseline against itself, candidates beside it, and runtimes told from quantization."""

import math

from harness.core.tones import tone
from harness.core.units import margin
from harness.core.verdict import Comparison
from harness.report.tables import Cell, Table, ordered, row
from harness.report.view import View
from harness.report.wording import marked, percent, points, points_range, pvalue

_LONG = 14  # rows above which a table is shown on demand


def replicates(view: View) -> Table:
    """A/A: what the baseline does against itself when one thing changes that should not matter."""
    changed = {run.cell.id: run.cell.variation for run in view.runs}
    rows = tuple(
        row(
            Cell(view.task_labels[one.task], view.label(one.baseline_arm) if len(view.baselines) > 1 else ""),
            Cell(*_in_two(changed.get(one.candidate_cell, ""))),
            f"{one.n_items:,}",
            Cell(points(one.delta, 2), points_range(one.low, one.high, 2)),
            "" if one.lost is None or one.gained is None else f"{one.lost} / {one.gained}",
            percent(one.flip_rate, 2),
            Cell(marked(tone(one)), one.note, tone(one)),
        )
        for one in view.noise
    )
    note = "Each replicate of the baseline changes one thing; what its answers do then is noise."
    columns = ("Task", "Changed", "Items", "Delta, points, 95 %", "Lost / gained", "Flip rate", "Verdict")
    return Table("noise", "The baseline against itself (A/A)", note, columns, rows, words=(0, 1, 6))


def _in_two(variation: str) -> tuple[str, str]:
    """The thing changed, and to what."""
    name, _, values = variation.partition(": ")
    return name, values


def silence(view: View) -> str:
    """One sentence instead of the table where no replicate changed any score, "" where there is something to see."""
    if not view.noise or any(one.flip_rate != 0 for one in view.noise):  # NaN, of a broken one, is not silence
        return ""
    changed = {run.cell.id: _in_two(run.cell.variation)[0] for run in view.runs}
    things = ", ".join(dict.fromkeys(changed.get(one.candidate_cell, "") for one in view.noise))
    items = sum(one.n_items for one in view.noise)
    return f"The baseline against itself (A/A), changed: {things}. None of {items:,} answers changed its score."


def beside(view: View) -> Table:
    """Every difference beside the noise of re-running, the second margin, and the difference with the items fixed."""
    rows = tuple(_beside(view, one) for one in ordered(view))
    note = (
        "Flips: share of items whose score changed, here and between runs of the baseline. One more run: p-value of "
        "the candidate being no more than another run of the baseline. Band: 1.96 SD of the baseline's scores over "
        "runs, known from 3 repeats on. At noise: the verdict with the larger of 1 point and the band as margin, which "
        "never replaces the one set before the run. Same items: the change on exactly this benchmark, where only "
        "re-running is random."
    )
    names = ("Quantization", "Task", "Flips", "A/A flips", "Excess", "One more run", "Band", "At noise", "Same items")
    long = len(rows) > _LONG
    return Table("beside-noise", "Differences beside the noise", note, names, rows, words=(0, 1, 7), folded=long)


def _beside(view: View, one: Comparison) -> tuple[Cell, ...]:
    names = view.label(one.candidate_arm), view.task_labels[one.task]
    noise = one.noise
    if noise is None:
        return row(*names, percent(one.flip_rate), "", "", "", "", "", "")
    verdict = noise.at_noise.verdict.value
    return row(
        *names,
        percent(one.flip_rate),
        _known(noise.flip_rate, percent(noise.flip_rate)),
        _known(noise.excess_flips, points(noise.excess_flips)),
        _known(noise.one_more_run, f"p {pvalue(noise.one_more_run)}"),
        _known(noise.band, f"±{100 * noise.band:.2f}"),
        Cell(marked(verdict), margin(round(noise.at_noise.margin, 4)), verdict),
        Cell(points(noise.fixed.score), points_range(noise.fixed.low, noise.fixed.high)),
    )


def _known(value: float, text: str) -> str:
    return text if math.isfinite(value) else ""


def bridges(view: View) -> Table:
    """Where runtimes differ: what the runtime alone changes, what quantization adds on it, and both together.

    A bridge that no candidate stands on has a row of its own.
    """
    by = {(one.kind, one.candidate_arm, one.task): one for one in view.analysis.comparisons}
    rows = []
    for total in (one for one in view.analysis.comparisons if one.kind == "total"):
        own = by.get(("quality", total.candidate_arm, total.task))
        bridge = by.get(("bridge", own.baseline_arm, total.task)) if own else None
        rows.append(row(*_whose(view, total), *(_change(one) for one in (bridge, own, total))))
    stood_on = {one.baseline_arm for one in view.analysis.comparisons if one.kind == "quality"}
    for one in view.analysis.comparisons:
        if one.kind == "bridge" and one.candidate_arm not in stood_on:
            rows.append(row(*_whose(view, one), _change(one), "", ""))
    note = (
        "Runtime: full precision on this runtime against full precision on the reference runtime. Quantization: the "
        "candidate against full precision on its own runtime, which is what the verdicts rest on. Both: their sum."
    )
    columns = ("Arms", "Task", "Runtime", "Quantization", "Both")
    return Table("bridges", "Runtime and quantization told apart", note, columns, tuple(rows), words=(0, 1))


def _whose(view: View, one: Comparison) -> tuple[str, str]:
    return f"{view.label(one.candidate_arm)} against {view.label(one.baseline_arm)}", view.task_labels[one.task]


def _change(one: Comparison | None) -> Cell:
    if one is None:
        return Cell("not measured")
    kind = tone(one)
    if kind == "broken":
        return Cell(marked(kind), one.note, kind)
    return Cell(f"{points(one.delta)} {marked(kind)}", points_range(one.low, one.high), kind)
