"""Our load generator against others: `vllm bench serve`, guidellm, aiperf; one server, one schedule, one run.

    python -m benchmarks.load_generators [short|quick] [only=ours,vllm] [vllm=PYTHON] [guidellm=PYTHON] [aiperf=PYTHON]
        [envs=DIR] [out=FILE.jsonl]

Each tool gets the same streams, lengths and rate from the calibration server, all tools in turn and then all again
(A B C D A B C D), on two processor cores that the server shares. First the timing: what each wrote of TTFT and TPOT
against when the server really sent, all streams together as an engine batches them. Then how far each goes, each stream
on its own, so that a request that leaves late loses no more than that: the token rate at 256 streams, and the streams
at 10 tok/s each, are doubled until a tool achieves less than 95 % of the schedule twice, and halved in between.

A tool whose interpreter is not given is installed into an environment of its own under `envs`. Every run goes to `out`
as a line.
"""

import math
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.load_generator_pages import page
from benchmarks.load_generator_run import Result, run
from benchmarks.load_generator_tools import TOOLS, Tool, python_of, version_of
from harness.core.calibration import Schedule, Trial
from harness.setup.install import Refused

CORES = 2
SUSTAINED = 0.95
ENOUGH_SECONDS = 8.0
_RATE_STREAMS, _STREAM_RATE = 256, 10.0
_OPTIONS = {"only", "envs", "out", *(tool.name for tool in TOOLS)}


@dataclass(frozen=True)
class Plan:
    """What is tried; lowest and highest of a search are tokens/s in all, or streams."""

    timed: tuple[int, ...] = (1, 64, 256, 1024)
    repeats: int = 2
    rates: tuple[float, float] = (2_000, 512_000)
    streams: tuple[int, int] = (128, 8192)
    refinements: int = 2


PLANS = {
    "": Plan(),
    "short": Plan((64, 256), 2, (1_000, 512_000), (64, 8192), 1),
    "quick": Plan((1, 16), 1, (2_000, 4_000), (16, 32), 0),
}


def trial(streams: int, rate: float, together: bool = False) -> Trial:
    """About ENOUGH_SECONDS of requests of a second each; `rate` is tokens/s of one stream."""
    schedule = Schedule(rate=rate, tokens=max(8, round(rate)), first_seconds=0.1, together=together)
    return Trial(streams, max(1, round(ENOUGH_SECONDS / schedule.request_seconds)), schedule)


def timing(plan: Plan, go: dict[str, Callable[[Trial], Result]]) -> Iterable[Result]:
    """Every tool at every number of streams, in turn."""
    for streams in plan.timed:
        for _ in range(plan.repeats):
            yield from (one(trial(streams, 50.0, True)) for one in go.values())


def search(lowest: float, highest: float, refinements: int, at: Callable[[float], Trial],
           go: Callable[[Trial], Result]) -> Iterable[Result]:
    """Runs at doubling values until the schedule is not kept twice, then at values between the last two."""
    kept, missed, value = 0.0, math.inf, lowest
    while value <= highest and refinements >= 0:
        tries = [go(at(value))]
        if tries[0].rate_share < SUSTAINED:
            tries.append(go(at(value)))
        yield from tries
        if max(one.rate_share for one in tries) >= SUSTAINED:
            kept = value
        else:
            missed = value
        if missed < math.inf:
            refinements -= 1
        value = math.sqrt(kept * missed) if kept and missed < math.inf else 2 * kept
        if not kept:
            return


def by_rate(total: float) -> Trial:
    """`total` tokens/s over a fixed number of streams."""
    return trial(_RATE_STREAMS, total / _RATE_STREAMS)


def by_streams(streams: float) -> Trial:
    """So many streams at a fixed rate each."""
    return trial(round(streams), _STREAM_RATE)


def main(words: list[str]) -> int:
    """Run everything and print the page; 1 if a tool could not be had."""
    plan = PLANS[next((word for word in words if word in PLANS), "")]
    options = dict(word.split("=", 1) for word in words if "=" in word)
    if strange := [word for word in words if word not in PLANS and word.partition("=")[0] not in _OPTIONS]:
        raise SystemExit(f"{strange[0]!r} means nothing here")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    console = Console(stderr=True, highlight=False)
    out = Path(options.get("out", "load_generators.jsonl"))
    wanted = options.get("only", ",".join(tool.name for tool in TOOLS)).split(",")
    go, named = _ready([tool for tool in TOOLS if tool.name in wanted], options, console, out)
    timed = list(timing(plan, go))
    rates = {name: list(search(*plan.rates, plan.refinements, by_rate, one)) for name, one in go.items()}
    streams = {name: list(search(*plan.streams, plan.refinements, by_streams, one)) for name, one in go.items()}
    sys.stdout.write(page(named, timed, list(chain(*rates.values())), list(chain(*streams.values()))))
    return int(len(go) < len(wanted))


def _ready(tools: Iterable[Tool], options: dict[str, str], console: Console,
           out: Path) -> tuple[dict[str, Callable[[Trial], Result]], dict[str, str]]:
    """Of each tool that could be had what runs it; and of every one its version, or why it could not."""
    go: dict[str, Callable[[Trial], Result]] = {}
    named: dict[str, str] = {}
    envs = Path(options.get("envs", "~/.cache/quantharness/load_generators")).expanduser().absolute()
    envs.mkdir(parents=True, exist_ok=True)
    for tool in tools:
        try:
            python = python_of(tool, options, envs)
        except Refused as error:
            named[tool.name] = f"could not be installed: {error}"
        else:
            named[tool.name] = version_of(tool, python)
            go[tool.name] = _told(tool, python, console, out)
        console.print(f"{tool.name} {named[tool.name]}")
    return go, named


def _told(tool: Tool, python: str, console: Console, out: Path) -> Callable[[Trial], Result]:
    """`run`, with each result shown and appended to `out`."""

    def go(wanted: Trial) -> Result:
        found = run(tool, python, wanted)
        with out.open("ab") as lines:
            lines.write(msgspec.json.encode(found) + b"\n")
        share = found.reason or f"{100 * found.rate_share:.1f} %"
        per_second = wanted.tokens / wanted.seconds
        console.print(f"  {tool.name}: {wanted.streams} streams, {per_second:,.0f} tok/s in all: {share}")
        return found

    return go


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
