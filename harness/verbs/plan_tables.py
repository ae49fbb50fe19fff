"""The plan as tables of at most 80 columns, in the order a newcomer asks: where, does it fit, what will it tell."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.core.cell import Cell, LoadWork
from harness.core.config import Fact, Hardware
from harness.core.plan import Footprint, Plan
from harness.core.repetition import Repetition
from harness.core.units import GIGA
from harness.plan.build import Built
from harness.store.layout import Layout
from harness.verbs.plan_loads import show_loads
from harness.verbs.plan_reach import show_reach
from harness.verbs.ruled import ruled_table


def show(built: Built, hw: Hardware, machine: str, layout: Layout, console: Console) -> None:
    """Write the whole plan to `console`; `layout` is where earlier results would lie."""
    plan = built.plan
    quality = [cell for cell in plan.cells if cell.kind == "quality"]
    speed = [cell for cell in plan.cells if cell.kind == "load"]
    console.print(f"Plan {plan.id}: {len(quality)} quality and {speed_cells(plan)} speed cells", style="bold")
    console.print(f"  for   hw={hw.key}: {hw.name}")
    console.print(f"        memory {_fact(hw.memory_gb, 'GB')}, bandwidth {_fact(hw.bandwidth_gbs, 'GB/s')}")
    console.print(f"  found {machine}", soft_wrap=True)
    for name in built.added:
        console.print(f"  added {name}, the baseline of what you asked for")
    console.print("", _footprints(built.footprints), sep="\n")
    for note in dict.fromkeys(note for one in built.footprints for note in one.notes):
        console.print(f"  {note}", style="dim")
    if quality:
        show_reach(plan, layout, console)
    if speed:
        show_loads(built, console)
    console.print("", _cells(plan, quality, speed), "", sep="\n")
    if plan.repetition:
        console.print(rounds_in_words(plan.repetition), soft_wrap=True)
    for skip in plan.skips:
        console.print(Text.assemble(("skipped ", "yellow"), f"{skip.what}: {skip.reason}"), soft_wrap=True)


def _fact(fact: Fact, unit: str) -> str:
    if fact.value is None:
        return "not known"
    return f"{fact.value:g} {unit} ({'from memory, unverified' if fact.tag == 'memory' else fact.tag})"


def _footprints(footprints: Sequence[Footprint]) -> Table:
    table = ruled_table(
        "Does it fit, and how fast can it be?", 1, "arm", "weights", "KV cache", "context", "fits", "decode ≤"
    )
    for one in footprints:
        fits = {True: Text("yes"), False: Text("no", "red"), None: Text("?")}[one.fits]
        ceiling = _rate(one.decode_ceiling)
        table.add_row(one.arm, _bytes(one.weights_bytes), _bytes(one.kv_bytes), str(one.context), fits, ceiling)
    return table


def _rate(speed: float | None) -> str:
    if speed is None:
        return "?"
    return f"{speed:,.0f} tok/s" if speed >= 100 else f"{speed:.3g} tok/s"


def _bytes(size: float | None) -> str:
    """Decimal units, as the memory of a box is sold."""
    if size is None:
        return "?"
    return f"{size / GIGA:.3g} GB" if size >= GIGA / 10 else f"{1000 * size / GIGA:.3g} MB"


def _cells(plan: Plan, quality: Sequence[Cell], speed: Sequence[Cell]) -> Table:
    """Quality cells one by one; of each load the rounds together, with the order of the first."""
    against = {pair.candidate: pair.baseline_arm for pair in plan.pairs}
    table = ruled_table("What runs, in this order", 3, "what", "arm", "compared with")
    for cell in quality:
        what = f"replicate {cell.replicate}" if cell.replicate else "quality"
        partner = "itself: the noise floor" if cell.replicate else against.get(cell.id, "-")
        table.add_row(what, cell.arm, partner)
    for (group, load), rounds in _rounds(speed).items():
        least = min(plan.repetition.rounds, len(rounds)) if plan.repetition else len(rounds)
        first = " ".join(cell.quant for cell in rounds[0])
        span = "1" if least == 1 else f"1-{least}"
        order = f"{group}: {first}" + ("" if least == 1 else ", in turns")
        table.add_row(f"speed {load} {span}", order, "within the round")
        if least < len(rounds):
            table.add_row(f"speed {load} {least + 1}-{len(rounds)}", group, "only if needed")
    return table


def speed_cells(plan: Plan) -> str:
    """How many load cells there are, or the least and the most."""
    rounds = [cell.work.round for cell in plan.cells if isinstance(cell.work, LoadWork)]
    least = sum(number < plan.repetition.rounds for number in rounds) if plan.repetition else len(rounds)
    return f"{least} to {len(rounds)}" if least < len(rounds) else str(least)


def rounds_in_words(rule: Repetition) -> str:
    """When the rounds end."""
    budget = f" or {rule.budget_minutes:g} min for a model and load" if rule.budget_minutes else ""
    return (
        f"rounds: {rule.rounds}, then more until the headline speed of every arm is known to "
        f"{100 * rule.precision:g} %, up to {rule.max_rounds}{budget}"
    )


def _rounds(speed: Sequence[Cell]) -> dict[tuple[str, str], list[list[Cell]]]:
    """By model with runtime, and load: its rounds in order, each with its cells."""
    rounds: dict[tuple[str, str], dict[int, list[Cell]]] = {}
    for cell in speed:
        if isinstance(cell.work, LoadWork):
            place = (f"{cell.model} {cell.runtime}", cell.work.load.key)
            rounds.setdefault(place, {}).setdefault(cell.work.round, []).append(cell)
    return {place: [found[number] for number in sorted(found)] for place, found in rounds.items()}
