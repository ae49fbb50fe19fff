"""`plan`: what `run` would do, on the same code path, without doing it. Works for any box on any box."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs
from rich.console import Console

from harness import bundle, machine, settings
from harness.core.config import Hardware, Settings
from harness.core.errors import ConfigError
from harness.core.record import Machine
from harness.plan import box, suite
from harness.plan.build import Built, build
from harness.plan.rotation import tonight
from harness.store import read
from harness.store.layout import Layout
from harness.store.tries import tries
from harness.verbs import Arguments
from harness.verbs.plan_tables import show


@dataclass(frozen=True)
class Planned:
    """A plan with the box it is for (`hw`), the box found, and the machine; `run` goes on from here."""

    settings: Settings
    hw: Hardware
    found: Hardware
    machine: Machine
    built: Built


def planned(args: Arguments) -> Planned:
    """Overrides to a plan; raises UserError for whatever does not fit together. Runs nothing, fetches nothing."""
    resolved = settings.load(args.overrides, multirun=args.multirun, conf_dirs=args.conf_dirs)
    boxes = tuple(bundle.catalogue("hw", Hardware, args.conf_dirs).values())
    here = machine.inspect()
    hw = box.resolve(resolved.hw, boxes, here)
    chosen = suite.load(resolved.suite, bundle.suites(), resolved.tasks)
    built = _fitting(build(resolved, hw, chosen, bundle.assets()), resolved)
    return Planned(resolved, hw, machine.detect(boxes, here), here, built)


def _fitting(built: Built, resolved: Settings) -> Built:
    """With what fits the night's budget; of a night that has begun with what was chosen then."""
    hours, layout = resolved.matrix.budget_hours, Layout(Path(resolved.results))
    if not hours:
        return built
    if not built.plan.night:
        raise ConfigError("matrix.budget_hours is for nights", "add matrix.night=auto, or use matrix=nightly")
    begun = read.begun(layout, built.plan, hours)
    return structs.replace(built, plan=begun or tonight(built.plan, tries(layout, built.plan.cells), hours))


def main(args: Arguments) -> int:
    """Print the plan; 0 even where the box is another one, since nothing runs."""
    made = planned(args)
    console = Console(highlight=False, markup=False)
    show(made.built, made.hw, box.describe(made.machine), Layout(Path(made.settings.results)), console)
    if not box.is_same(made.settings.hw, made.found):
        console.print(f"This computer is hw={made.found.key}: run it there, or here with --other-box", style="yellow")
    words = [*(["-m"] if args.multirun else []), *args.overrides]
    for folder in args.conf_dirs:
        words += ["--conf", str(folder)]
    console.print(f"Next: python -m harness run {shlex.join(words)}".rstrip(), style="bold", soft_wrap=True)
    return 0
