"""What each load of a plan does, and about how long: exact where requests come by a schedule, else a lower bound."""

from rich.console import Console
from rich.padding import Padding

from harness.core.cell import LoadWork
from harness.core.config import Load
from harness.core.load import describe, is_open, requests_at, steps_of
from harness.plan.build import Built

_MINUTE = 60


def show_loads(built: Built, console: Console) -> None:
    """Write two lines for each load: what it does; steps, requests and time of one round of one arm."""
    ceilings = [one.decode_ceiling for one in built.footprints if one.decode_ceiling]
    console.print("\nWhat the loads do", style="bold")
    for load in dict.fromkeys(cell.work.load for cell in built.plan.cells if isinstance(cell.work, LoadWork)):
        console.print(Padding(f"{load.key}: {describe(load)}", (0, 0, 0, 2)))
        console.print(Padding(f"{_size(load)}; {_time(load, min(ceilings, default=None))}", (0, 0, 0, 4), style="dim"))


def _size(load: Load) -> str:
    steps = steps_of(load)
    requests = sum(requests_at(load, step) for step in steps)
    if load.arrivals == "slo":
        return f"about 10 steps of {requests} requests, doubled or halved and then closed in on to 5 %"
    word = "up to " if load.arrivals == "sweep" else ""
    plural = "s" if len(steps) > 1 else ""
    return f"{word}{len(steps)} step{plural}, {word}{requests} requests after the warm-up"


def _time(load: Load, ceiling: float | None) -> str:
    """Seconds of one round of one arm; the slowest arm's ceiling bounds a closed loop from below."""
    steps = steps_of(load)
    if load.arrivals in ("ramp", "trace"):
        return f"{_spell(load.seconds)} a round of an arm"
    if is_open(load):
        seconds = sum(requests_at(load, step) / step.rate for step in steps)
        return f"{_spell(seconds)} a {'step' if load.arrivals == 'slo' else 'round of an arm'}, as scheduled"
    if ceiling is None:
        return "how long, nobody knows before"
    waves = sum((requests_at(load, one) / one.concurrency + bool(load.warmup_requests)) * one.output_tokens
                for one in steps)
    return f"at least {_spell(max(waves / ceiling, load.seconds * len(steps)))} a round of an arm (memory bandwidth)"


def _spell(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"
