"""What the live panel costs a load: the same load with a parent that draws and without, in turns, on one model.

    python -m benchmarks.live_tick [--rounds 8] [--every 1] [--threads N] [--runtime llama_cpp]

The parent of a measured child is a process of its own; here it is one that draws the panel to a terminal that nobody
sees, every second, where `run` draws every 10 s and a log gets a line every 30 s: what is found here bounds them ten
times over. The other side's parent sleeps. Sides alternate, and the sampler runs in both, as in a run. Shown is the
ratio with to without, paired by round, with its 95 % interval, and the processor time of one tick. 1 if a figure is
shown to differ by 1 % or more.
"""

import argparse
import contextlib
import io
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from benchmarks.metering import LOAD, WEIGHTS
from harness.core.cell import Cell, Job, LoadWork, Prepared
from harness.core.config import Artifact, Protocol, Scalar
from harness.core.plan import Plan
from harness.core.runtime import Session
from harness.core.suite import Suite
from harness.live.panel import Panel
from harness.live.tell import Teller
from harness.stats.spread import mean_interval, ratio_interval
from harness.store.layout import Layout
from runners import loads
from runners.loads.readings import ttft
from runners.metering import watch

NAMES = ("decode", "throughput", "ttft")
Figures = dict[str, float]


def new_job(folder: str, runtime: str, threads: int | None) -> Job:
    """The pocket model; the fake runtime answers at a fixed pace by the clock."""
    options: dict[str, Scalar] = {"tokens_per_second": 400} if runtime == "fake" else {"n_threads": threads}
    cell = Cell("", "pocket", "f16", runtime, f"runners.runtimes.{runtime}", Artifact("path", str(WEIGHTS)), "",
                options, LoadWork(LOAD, 1, 0))
    return Job(cell, folder, "", "", "", prepared=Prepared(str(WEIGHTS), WEIGHTS.stat().st_size, "", "", "as is"))


def draw(scratch: Path, every_seconds: float) -> None:
    """The parent that draws, until its stdin ends; says on stdout how often, and what processor time that took."""
    cell = new_job(str(scratch), "fake", None).cell
    plan = Plan("cpu", (cell,), (), (), Suite("none", "", "", ()), Protocol())
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, height=40)
    ticks = 0
    with Panel(screen) as panel:
        teller = Teller(plan, Layout(scratch), panel)
        teller.begin()
        teller.started(cell, 1, 1)
        begun = time.process_time()
        while not _told_to_end(every_seconds):
            teller.ticked(scratch)
            ticks += 1
    sys.stdout.write(f"{ticks} {time.process_time() - begun}\n")


def _told_to_end(seconds: float) -> bool:
    return bool(select.select([0], [], [], seconds)[0])


@contextlib.contextmanager
def parent(scratch: Path, every_seconds: float, costs: list[float]) -> Iterator[None]:
    """The drawing process beside the block; `costs` gets its processor seconds a tick."""
    command = [sys.executable, "-m", "benchmarks.live_tick", "--draw", str(scratch), "--every", str(every_seconds)]
    drawing = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(3.0)  # until it has started
    yield
    ticks, seconds = drawing.communicate("\n")[0].split()
    costs += [float(seconds) / int(ticks)] if int(ticks) else []


def measure(session: Session, job: Job, number: int) -> Figures:
    """Readings by name and concurrency in one pass of the load, and the longest waits of its requests."""
    scratch = Path(job.scratch)
    with watch(job, scratch):
        measured = loads.measure(session, LoadWork(LOAD, 1, number))
    found = {f"{one.name} at {one.at.concurrency}": median(one.samples) for one in measured.readings
             if one.name in NAMES}
    steady = [trace for trace in measured.traces if trace.phase == "steady"]
    gaps = [(b - a) / 1e9 for one in steady for a, b in zip(one.token_ns, one.token_ns[1:], strict=False) if b > a]
    return found | {"gap p99": quantiles(gaps, n=100)[-1], "ttft p95": quantiles(map(ttft, steady), n=20)[-1]}


def in_turns(
    session: Session, job: Job, rounds: int, every_seconds: float
) -> tuple[dict[bool, list[Figures]], list[float]]:
    """The figures with a parent that draws (True) and without, A B, B A, ..., and a tick's processor seconds."""
    sides: dict[bool, list[Figures]] = {True: [], False: []}
    costs: list[float] = []
    measure(session, job, 2 * rounds)  # warm
    for number in range(rounds):
        for drawn in (number % 2 == 0, number % 2 == 1):
            with parent(Path(job.scratch), every_seconds if drawn else 1e6, costs):
                sides[drawn].append(measure(session, job, 2 * number + drawn))
    return sides, costs


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--runtime", default="llama_cpp")
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.draw:
        draw(given.draw, given.every)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        job = new_job(folder, given.runtime, given.threads)
        with import_module(job.cell.module).open_session(job) as session:
            sides, costs = in_turns(session, job, given.rounds, given.every)
    what = f"{given.runtime}, {given.rounds} rounds each, {given.threads or 'all'} threads, drawn every {given.every} s"
    return _show(sides, f"{what}; a tick takes {1000 * mean_interval(costs).score:.1f} ms of one core")


def _show(sides: dict[bool, list[Figures]], title: str) -> int:
    table = Table("reading", "without", "with", "ratio, 95 % over rounds", title=title)
    differs = False
    for name in sides[True][0]:
        drawn, without = ([one[name] for one in sides[side]] for side in (True, False))
        ratio = ratio_interval(drawn, without)
        differs |= ratio.high < 0.99 or ratio.low > 1.01
        means = [f"{mean_interval(one).score:.4g}" for one in (without, drawn)]
        table.add_row(name, *means, f"{ratio.score:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]")
    Console().print(table)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
