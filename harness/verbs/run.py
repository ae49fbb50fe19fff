"""`run`: measure a plan's cells, compare, report. With nothing else: the demo on the built-in pocket model."""

import os
import signal
from pathlib import Path

from rich.console import Console

from harness import bundle, environment, machine
from harness.core.plan import Plan
from harness.core.units import in_points
from harness.execute.loop import Context, measure
from harness.plan import box
from harness.store.layout import Layout
from harness.verbs import Arguments
from harness.verbs.plan import Planned, planned
from harness.verbs.plan_tables import rounds_in_words, speed_cells
from harness.verbs.report import publish
from harness.verbs.watch import ConsoleWatcher


def main(args: Arguments) -> int:
    """0 if every cell was measured, 1 if one failed; what was measured is reported either way."""
    made = planned(args)
    matches = box.check(made.settings.hw, made.found, made.machine, args.other_box)
    console = Console(highlight=False)
    plan = made.built.plan
    _announce(plan, made.built.added, console)
    _end_like_interrupt()
    layout = Layout(Path(made.settings.results))
    measure(plan, _context(made, layout, matches), ConsoleWatcher(console, plan))
    return publish(plan, layout, Path(made.settings.reports), console)


def _announce(plan: Plan, added: tuple[str, ...], console: Console) -> None:
    """What is about to happen, in a few lines; `plan` tells the rest."""
    quality = sum(cell.kind == "quality" for cell in plan.cells)
    margin = "1 point for tasks of 4,000 items or more, else 2"
    if plan.protocol.margin is not None:
        margin = in_points(plan.protocol.margin).lstrip("+") + " points"
    console.print(f"Plan {plan.id} on {plan.hw}: {quality} quality and {speed_cells(plan)} speed cells")
    for line in added:
        console.print(f"  added {line}", markup=False)
    for skip in plan.skips:
        console.print(f"  skipped {skip.what}: {skip.reason}", markup=False)
    console.print(f"  margin, fixed before the run: {margin}")
    if plan.repetition:
        console.print(f"  {rounds_in_words(plan.repetition)}")
    if plan.staged:
        console.print("  a task ends at 1/4 or 1/2 of its items where its verdict is settled for every candidate")
    console.print()


def _context(made: Planned, layout: Layout, matches: bool) -> Context:
    envs = environment.home()
    runtimes = {key: made.settings.runtimes[key] for key in sorted({cell.runtime for cell in made.built.plan.cells})}
    return Context(
        layout=layout,
        assets=bundle.assets(),
        cache=_cache(),
        machine=made.machine,
        interpreters={key: environment.interpreter(one, envs) for key, one in runtimes.items()},
        source=machine.source(bundle.root()),
        timeout_seconds=made.settings.timeout_seconds,
        rerun=made.settings.rerun,
        hw_matches=matches,
        hardware=made.settings.hw,
        metering=made.settings.metering,
    )


def _cache() -> Path:
    """Where weights made on this box are kept, by the digest of what they were made from."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "quantharness"


def _end_like_interrupt() -> None:
    """A stop request from a service manager or a CI job ends the run as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
