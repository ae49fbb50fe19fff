"""What must be said of results that were measured elsewhere: what could not be checked, and their fidelity figures."""

import math
from collections.abc import Iterator, Sequence

from harness.compare.match import items_of, prompts_compared, scored_tasks
from harness.compare.runs import Runs
from harness.core.cell import IMPORTED, Cell
from harness.core.plan import Pair, Plan
from harness.core.record import Reading
from harness.core.suite import Task
from harness.core.verdict import Diagnostic
from harness.stats.planning import Z95

_STDERR = ", stderr"
_SHOWN = ("KLD mean", "KLD median", "KLD 99 %", "KLD 99.9 %", "KLD maximum", "Δp mean", "RMS Δp", "same top token")


def remarks(plan: Plan, runs: Runs) -> Iterator[str]:
    """One line for every guard that had nothing to look at."""
    for pair in plan.pairs:
        cells = runs.cell(pair.baseline), runs.cell(pair.candidate)
        if not any(cell.imported for cell in cells) or pair.kind == "speed":
            continue
        if not all(runs.completed(cell.id) for cell in cells):
            continue
        yield from _remarks(cells, plan, runs)


def _remarks(cells: tuple[Cell, Cell], plan: Plan, runs: Runs) -> Iterator[str]:
    tasks = scored_tasks(plan.suite, cells[1])
    if unchecked := [task.task for task in tasks if not _prompts_known(cells, task, plan, runs)]:
        yield f"prompts could not be compared on {', '.join(unchecked)}: an arm holds no prompt hashes of the same kind"
    blind = [task.task for task in tasks if task.output == "generate" and not _ends_known(cells, task, plan, runs)]
    if blind:
        yield f"whether answers were cut off is not known on {', '.join(blind)}: an arm does not say how replies ended"
    if unnamed := [cell.arm for cell in cells if cell.runtime == IMPORTED]:
        yield f"what engine answered is not known of {', '.join(unnamed)}: say it with runtime= when importing"
    if cells[0].model != cells[1].model:
        names = f"{cells[0].model} and {cells[1].model}"
        yield f"the models are called {names}: if they are one model quantized, import both with the same model="


def _prompts_known(cells: tuple[Cell, Cell], task: Task, plan: Plan, runs: Runs) -> bool:
    """Whether every prompt could be compared; also true where the arms cannot be laid side by side at all."""
    first, second = (items_of(runs[cell.id], task, plan.suite) for cell in cells)
    if first is None or second is None or first.starts.size != second.starts.size:
        return True
    return bool(prompts_compared(first, second)[0].all())


def _ends_known(cells: tuple[Cell, Cell], task: Task, plan: Plan, runs: Runs) -> bool:
    tables = [items_of(runs[cell.id], task, plan.suite) for cell in cells]
    return all(table is None or (table.finish_reason != "").all() for table in tables)


def fidelity(plan: Plan, runs: Runs) -> list[Diagnostic]:
    """Figures of llama-perplexity that were imported for a pair's candidate, beside its verdicts."""
    found = []
    for pair in plan.pairs:
        for cell in plan.cells:
            if pair.kind == "quality" and cell.imported and cell.options.get("of", cell.id) == pair.candidate:
                record = runs.completed(cell.id)
                found += list(_figures(pair, record.outcome.readings)) if record else []
    return found


def _figures(pair: Pair, readings: Sequence[Reading]) -> Iterator[Diagnostic]:
    """The figures that are usually quoted; all of them are in the record."""
    values = {one.name: one.samples[0] for one in readings if one.samples}
    nan = math.nan

    def one(name: str, unit: str, figures: tuple[float, float, float], limits: tuple[float, float]) -> Diagnostic:
        """`limits` are (middle, stderr) of the 95 % interval."""
        low, high = (limits[0] + side * Z95 * limits[1] for side in (-1, 1))
        return Diagnostic("next token", name, unit, pair.baseline_arm, pair.candidate_arm, *figures, low, high, 0)

    if "PPL(Q)" in values:
        ratio, stderr = (values.get(f"PPL(Q)/PPL(base){end}", nan) for end in ("", _STDERR))
        yield one("perplexity", "", (values.get("PPL(base)", nan), values["PPL(Q)"], ratio), (ratio, stderr))
    for reading in readings:
        if reading.name in _SHOWN:
            value = values[reading.name]
            yield one(reading.name, reading.unit, (nan, value, nan), (value, values.get(reading.name + _STDERR, nan)))
