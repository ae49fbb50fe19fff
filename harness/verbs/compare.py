"""`compare [PLAN]` or `compare BASELINE CANDIDATE` (cell ids): verdicts from stored results, on the terminal."""

import msgspec
from rich.console import Console

from harness.core.cell import Cell
from harness.core.errors import NotFound
from harness.core.plan import Pair, Plan
from harness.store.layout import Layout
from harness.verbs import Arguments, stored


def main(args: Arguments) -> int:
    """0; raises NotFound for a plan or cell that is not stored."""
    from harness.compare.analyse import analyse
    from harness.report import terminal
    from harness.store import read

    words = stored.parse(args.overrides, most=2)
    layout = Layout(words.results)
    plan = _of_two(layout, *words.ids) if len(words.ids) == 2 else read.plan(layout, *words.ids)
    terminal.show(analyse(plan, stored.records_of(plan, layout)), Console(highlight=False))
    return 0


def _of_two(layout: Layout, baseline: str, candidate: str) -> Plan:
    """A plan of one pair; suite and protocol are those the candidate was measured under."""
    base, _ = _find(layout, baseline)
    cell, plan = _find(layout, candidate)
    kind = "quality" if cell.kind == "quality" else "speed"
    pair = Pair(kind, cell.id, base.id, cell.arm, base.arm)  # type: ignore[arg-type]
    return msgspec.structs.replace(plan, cells=(base, cell), pairs=(pair,), skips=())


def _find(layout: Layout, prefix: str) -> tuple[Cell, Plan]:
    """The newest plan's cell whose id begins so; raises NotFound."""
    from harness.store import read

    for path in reversed(list(read.plans(layout))):
        plan = read.plan(layout, path.stem.split("-", 1)[1])
        for cell in plan.cells:
            if cell.id.startswith(prefix):
                return cell, plan
    raise NotFound(f"no cell {prefix!r} under {layout.root}", "see python -m harness list results")
