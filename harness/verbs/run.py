"""`run`: measure a plan's cells, compare, report. With nothing else: the demo on the built-in pocket model."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from harness import bundle, machine
from harness.core.config import Hardware, Settings
from harness.core.errors import Interrupted
from harness.core.plan import Plan
from harness.core.record import Machine
from harness.core.units import in_points
from harness.execute.loop import Context, measure
from harness.plan.box import check, resolve
from harness.plan.build import Built, build
from harness.plan.suite import load as load_suite
from harness.settings import load as load_settings
from harness.store.layout import Layout
from harness.verbs import Arguments
from harness.verbs.report import publish
from harness.verbs.watch import ConsoleWatcher


def main(args: Arguments) -> int:
    """0 if every cell was measured, 1 if one failed; what was measured is reported either way."""
    settings = load_settings(args.overrides, multirun=args.multirun, conf_dirs=args.conf_dirs)
    boxes = tuple(bundle.catalogue("hw", Hardware, args.conf_dirs).values())
    found = machine.inspect()
    matches = check(settings.hw, machine.detect(boxes, found), found, args.other_box)
    suite = load_suite(settings.suite, bundle.suites(), settings.tasks)
    built = build(settings, resolve(settings.hw, boxes, found), suite, bundle.assets())
    console = Console(highlight=False)
    _announce(built, console)
    _end_like_interrupt()
    layout = Layout(Path(settings.results))
    try:
        measure(built.plan, _context(settings, layout, found, built.plan, matches), ConsoleWatcher(console))
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is measured is kept", "run the same command again to go on") from None
    return publish(built.plan, layout, Path(settings.reports), datetime.now(UTC), console)


def _announce(built: Built, console: Console) -> None:
    """What is about to happen, in a few lines; `plan` tells the rest."""
    plan = built.plan
    quality = sum(cell.kind == "quality" for cell in plan.cells)
    margin = "1 point for tasks of 4,000 items or more, else 2"
    if plan.protocol.margin is not None:
        margin = in_points(plan.protocol.margin).lstrip("+") + " points"
    counts = f"{quality} quality and {len(plan.cells) - quality} speed cells"
    console.print(f"[bold]Plan {plan.id}[/] on {plan.hw}: {counts}")
    for line in built.added:
        console.print(f"  added the baseline {line}")
    for skip in plan.skips:
        console.print(f"  [yellow]skipped[/] {skip.what}: {skip.reason}")
    console.print(f"  margin fixed before the run: {margin}\n")


def _context(settings: Settings, layout: Layout, found: Machine, plan: Plan, matches: bool) -> Context:
    names = sorted({point.runtime.package for point in settings.points if point.runtime.package})
    return Context(
        layout=layout,
        assets=bundle.assets(),
        cache=_cache(),
        machine=found,
        packages=machine.packages(["lm-eval", "numpy", *names]),
        source=machine.source(bundle.root()),
        timeout_seconds=settings.timeout_seconds,
        rerun=settings.rerun,
        hw_matches=matches,
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
