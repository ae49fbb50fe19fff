"""`run`: measure a plan's cells, compare, report. With nothing else: the demo on the built-in pocket model.

A terminal gets a panel, a log plain lines with the time; --quiet and --json are for scripts and machines. The objects
of --json are those of harness.core.events.
"""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from harness import bundle, environment, machine
from harness.core.errors import ConfigError
from harness.core.plan import Plan
from harness.core.units import margin
from harness.execute.loop import Context, measure
from harness.live.lines import JsonLines, Log, Quiet
from harness.live.panel import Panel
from harness.live.tell import Teller, View
from harness.plan import box
from harness.store.layout import Layout
from harness.verbs import Arguments, Flag, report
from harness.verbs.plan import Planned, planned
from harness.verbs.plan_tables import rounds_in_words, speed_cells

FLAGS = (
    Flag("quiet", "only errors, the verdicts and the report's path"),
    Flag("json", "events for machines, one JSON object a line, and nothing else on standard output"),
)


def main(args: Arguments) -> int:
    """0 if every cell was measured, 1 if one failed; what was measured is reported either way."""
    if len(args.flags) > 1:
        raise ConfigError("--quiet and --json exclude each other", "give one of them")
    made = planned(args)
    matches = box.check(made.settings.hw, made.found, made.machine, args.other_box)
    console = Console(highlight=False, quiet=bool(args.flags))
    plan, layout = made.built.plan, Layout(Path(made.settings.results))
    _announce(plan, made.built.added, console)
    _end_like_interrupt()
    with _told(plan, layout, args.flags, console) as teller:
        measure(plan, _context(made, layout, matches), teller)
    done = report.render(plan, layout, Path(made.settings.reports))
    teller.finish(done.analysis, str(report.short(done.folder)), str(report.short(layout.root)), done.exit_code)
    report.show(done, layout, console)
    if "quiet" in args.flags:
        _last_words(done)
    return done.exit_code


@contextmanager
def _told(plan: Plan, layout: Layout, flags: dict[str, str], console: Console) -> Iterator[Teller]:
    """Whoever tells how the run goes; an interrupt is said in the last line."""
    teller = None
    try:
        with _view(flags, console) as view:
            teller = Teller(plan, layout, view)
            try:
                teller.begin()
                yield teller
            finally:
                teller.close()
    except KeyboardInterrupt:
        if teller is not None:
            console.print(f"stopped; {teller.done} of {len(plan.cells)} cells are measured and kept in {layout.root}",
                          soft_wrap=True, markup=False)
        raise


@contextmanager
def _view(flags: dict[str, str], console: Console) -> Iterator[View]:
    """The form that was asked for, or that the output can show: FORCE_COLOR makes no terminal of a log."""
    if "json" in flags:
        yield JsonLines(sys.stdout)
    elif "quiet" in flags:
        yield Quiet(Console(stderr=True, highlight=False))
    elif console.is_terminal and sys.stdout.isatty() and not console.is_dumb_terminal:
        with Panel(console) as panel:
            yield panel
    else:
        yield Log(console)


def _last_words(done: report.Rendered) -> None:
    """What --quiet says in the end."""
    sentences = [claim.sentence for claim in done.analysis.claims]
    sys.stdout.writelines(f"{line}\n" for line in (*sentences, f"report: {report.short(done.folder)}/index.html"))


def _announce(plan: Plan, added: tuple[str, ...], console: Console) -> None:
    """What is about to happen, in a few lines; `plan` tells the rest."""
    quality = sum(cell.kind == "quality" for cell in plan.cells)
    fixed = plan.protocol.margin
    allowed = "1 point for tasks of 4,000 items or more, else 2" if fixed is None else margin(fixed)
    console.print(f"Plan {plan.id} on {plan.hw}: {quality} quality and {speed_cells(plan)} speed cells")
    if plan.night:
        console.print(f"  night {plan.night}" + f", {plan.budget_hours:g} h" * bool(plan.budget_hours), markup=False)
    for line in added:
        console.print(f"  added {line}", markup=False)
    for skip in plan.skips:
        console.print(f"  skipped {skip.what}: {skip.reason}", markup=False, soft_wrap=True)
    console.print(f"  margin, fixed before the run: {allowed}")
    if plan.repetition:
        console.print(f"  {rounds_in_words(plan.repetition)}")
    if plan.staged:
        console.print("  a task ends at 1/4 or 1/2 of its items where its verdict is settled for every candidate")
    console.print()


def _context(made: Planned, layout: Layout, matches: bool) -> Context:
    envs = environment.home()
    end = time.monotonic() + 3600 * (made.settings.matrix.budget_hours or math.inf)
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
        texts=made.settings.texts,
        is_over=lambda: time.monotonic() >= end,
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
