"""What the meters cost: the same load with them and without, in turns, on one loaded model.

Fresh processes differ by more than what is looked for, so both sides share one; the sampler itself is a new process
each time, as in a run.

    python -m benchmarks.metering [ROUNDS [THREADS]]

A load of the pocket model on llama.cpp. Shown is the ratio with to without, paired by round, with its 95 % interval
over rounds; within 1 % of 1 the meters do not disturb. Order alternates, so that a drift of the machine cancels. With
as many THREADS as cores whatever else wakes up on the machine makes all of them wait for one.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from harness.core.cell import Cell, Job, LoadWork, Prepared
from harness.core.config import Artifact, Load, Metering
from harness.core.runtime import Session
from harness.core.verdict import Scored
from harness.stats.spread import mean_interval, ratio_interval
from runners import loads
from runners.metering import watch
from runners.runtimes.llama_cpp import open_session

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "assets/pocket/pocket-f16.gguf"
LOAD = Load("metering", (1, 8), prompt_tokens=64, output_tokens=128, requests=64, warmup_requests=4)
WITH, WITHOUT = Metering(), Metering(period_seconds=0, cold_load=False)
NAMES = ("decode", "prefill", "throughput", "ttft")
Figures = dict[tuple[str, int], float]


def measure(session: Session, job: Job, metering: Metering, number: int) -> Figures:
    """(reading, concurrency) -> its median in one pass of the load; no two passes share a prompt."""
    job = msgspec.structs.replace(job, metering=metering)
    with watch(job, Path(job.scratch)):
        measured = loads.measure(session, LoadWork(LOAD, 1, number))
    return {(one.name, one.at.concurrency): median(one.samples) for one in measured.readings if one.name in NAMES}


def new_job(folder: str, threads: int | None) -> Job:
    """The pocket model on llama.cpp."""
    cell = Cell("", "pocket", "f16", "llama_cpp", "runners.runtimes.llama_cpp", Artifact("path", str(WEIGHTS)), "",
                {"n_threads": threads}, LoadWork(LOAD, 1, 0))
    return Job(cell, folder, "", "", "", prepared=Prepared(str(WEIGHTS), WEIGHTS.stat().st_size, "", "", "as is"))


def main(rounds: int, threads: int | None) -> int:
    """Print the table; 1 if a figure is shown to differ by 1 % or more."""
    sides: dict[bool, list[Figures]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, open_session(job := new_job(folder, threads)) as session:
        measure(session, job, WITHOUT, 2 * rounds)  # warm
        for number in range(rounds):
            for watched in (number % 2 == 0, number % 2 == 1):
                sides[watched].append(measure(session, job, WITH if watched else WITHOUT, 2 * number + watched))
    table = Table("reading", "concurrency", "without", "with", "ratio, 95 % over rounds",
                  title=f"pocket F16 on llama.cpp, {rounds} rounds each, {threads or 'all'} threads, "
                        f"sampled every {WITH.period_seconds} s")
    differs = False
    for name, concurrency in sides[True][0]:
        with_, without = ([one[name, concurrency] for one in sides[side]] for side in (True, False))
        ratio = ratio_interval(with_, without)
        differs |= ratio.high < 0.99 or ratio.low > 1.01
        means = [f"{mean_interval(one).score:.4g}" for one in (without, with_)]
        table.add_row(name, str(concurrency), *means, _shown(ratio))
    Console().print(table)
    return int(differs)


def _shown(ratio: Scored) -> str:
    return f"{ratio.score:.4f} [{ratio.low:.4f}, {ratio.high:.4f}]"


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else 10, given[1] if given[1:] else None))
