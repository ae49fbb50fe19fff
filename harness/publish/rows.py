"""Tables that several pages share: the newest figures of arms, the steps found in their histories, runs."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from harness.core.summary import Summary
from harness.history.steps import PENALTY
from harness.publish import places
from harness.publish.said import day, newest_figure, newest_step, step_fields, title, trouble, verdict
from harness.publish.sheet import Field, Grid, Section
from harness.publish.stock import Standing, Stock
from harness.report.readings import heading
from harness.report.wording import quantity

FIGURES = ("decode", "ttft", "peak_memory", "device_memory", "energy")
_STEPS = 30
STEP_RULE = (
    "A step is marked from its third run on, where a constant level no longer fits: PELT with a penalty of "
    f"{PENALTY:g} variances of the noise between runs. Intervals: 95 %, over runs."
)


def newest(found: Sequence[Standing], find: bool = False) -> Grid:
    """One row per arm and box: its newest verdicts and figures, each of the newest run that has them."""
    shown = [name for name in FIGURES if any(one.figure(name) for one in found)]
    moved = any(change.worse for one in found for change in one.changes)
    boxes = len({one.key.hw for one in found}) > 1
    texts = ("Quantization", *(["Box"] * boxes), "Quality")
    columns = (*texts, *map(heading, shown), *(["Newest step"] * moved), "Newest run")
    rows = tuple(
        (
            Field(f"{one.key.model} {one.key.quant}", one.key.runtime, to=one.key.path),
            *([Field(one.key.hw, to=places.box(one.key.hw))] * boxes),
            verdict(one),
            *(newest_figure(one, name) for name in shown),
            *([newest_step(one)] * moved),
            _newest_run(one),
        )
        for one in found
    )
    note = (
        "Quality: every task against full precision on the same box; coloured by the worst of them, and "
        "inconclusive is no pass. Speed: single stream where it was measured, mean over rounds with its 95 % interval."
    )
    words = (*range(len(texts)), *range(len(texts) + len(shown), len(columns)))
    return Grid("Newest figures", columns, rows, words, note, find=find)


def _newest_run(one: Standing) -> Field:
    """When the arm was measured last, and what is older than that."""
    run = one.newest.run
    older = [
        f"{what} of {day(found.run.ended)}"
        for what, found in (("quality", one.judged), ("speed", one.timed))
        if found and day(found.run.ended) != day(run.ended)
    ]
    return Field(day(run.ended) or "not yet", "\n".join(older), to=places.run(run.plan), value=run.ended or "0")


def steps(found: Iterable[Standing], most: int = _STEPS) -> Section:
    """The newest steps, those of one arm and run together."""
    rows = []
    for one in found:
        for _, same in groupby(one.changes, key=lambda change: change.since.when):
            rows.append(step_fields(one, list(same)))
    rows.sort(key=lambda row: row[0].value, reverse=True)
    note = STEP_RULE + (f" The newest {most} of {len(rows)} are shown." if len(rows) > most else "")
    columns = ("Since", "Arm", "Step", "Engine")
    if not rows:
        note = f"No history has a step. {STEP_RULE}"
    return Section("steps", "Steps", (Grid("Steps found", columns, tuple(rows[:most]), (0, 1, 2, 3), note),))


def runs(stock: Stock, found: Sequence[Summary], most: int) -> Section:
    """The newest runs first."""
    rows = tuple(_run(stock, one) for one in reversed(found[-most:]))
    note = f"The newest {most} of {len(found)}." if len(found) > len(rows) else ""
    columns = ("Run", "What", "Began", "Measured", "Against it", "Report")
    return Section("runs", "Runs", (Grid("Runs", columns, rows, (0, 1, 2, 4, 5), note, folded=len(rows) > 40),))


def _run(stock: Stock, one: Summary) -> tuple[Field, ...]:
    reports = stock.reports.get(one.plan)
    return (
        Field(one.night or one.plan, to=places.run(one.plan)),
        Field(title(one)),
        Field(day(one.started), value=one.started),
        Field(f"{one.measured} of {one.planned}"),
        Field(trouble(one), f"{one.later} left for another night" if one.later else "", "broken" if one.failed else ""),
        Field("report", to=places.report(reports[0].folder)) if reports else Field(""),
    )


def weights(one: Standing) -> str:
    """Size and true bits per weight, "" where neither is known."""
    arm = one.newest.arm
    parts = [quantity(arm.weights_bytes, "B")] if arm.weights_bytes else []
    parts += [f"{arm.bits_per_weight:.2f} bits per weight"] if arm.bits_per_weight else []
    return ", ".join(parts)
