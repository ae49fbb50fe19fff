"""What the meters cost: the same load with them and without, in turns, each in a fresh process as a run makes it.

    python -m benchmarks.metering [ROUNDS [THREADS]]

A load of the pocket model on llama.cpp. Shown is the ratio with to without, paired by round, with its 95 % interval
over rounds; within 1 % of 1 the meters do not disturb. Order alternates, so that a drift of the machine cancels. With
as many THREADS as cores whatever else wakes up on the machine makes all of them wait for one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from harness.core.cell import Cell, Job, LoadWork, Prepared
from harness.core.config import Artifact, Load, Metering
from harness.core.record import Outcome
from harness.core.verdict import Scored
from harness.stats.spread import mean_interval, ratio_interval

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "assets/pocket/pocket-f16.gguf"
LOAD = Load("metering", (1, 8), prompt_tokens=64, output_tokens=128, requests=64, warmup_requests=4)
WITH, WITHOUT = Metering(), Metering(period_seconds=0, cold_load=False)
NAMES = ("decode", "prefill", "throughput", "ttft")
Figures = dict[tuple[str, int], float]


def measure(folder: Path, metering: Metering, number: int, threads: int | None) -> Figures:
    """(reading, concurrency) -> its median in one fresh process."""
    folder.mkdir()
    work = LoadWork(LOAD, 1, number + 1)  # the first round of an arm would load the model once more, cold
    cell = Cell("", "pocket", "f16", "llama_cpp", "runners.runtimes.llama_cpp", Artifact("path", str(WEIGHTS)), "",
                {"n_threads": threads}, work)
    prepared = Prepared(str(WEIGHTS), WEIGHTS.stat().st_size, "", "", "as is")
    job = Job(cell, str(folder), "", "", "", prepared=prepared, metering=metering)
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    subprocess.run([sys.executable, "-m", "runners.worker", str(folder)], check=True, cwd=ROOT,
                   stdin=subprocess.DEVNULL)
    outcome = msgspec.json.decode((folder / "outcome.json").read_bytes(), type=Outcome)
    return {(one.name, one.at.concurrency): median(one.samples) for one in outcome.readings if one.name in NAMES}


def main(rounds: int, threads: int | None) -> int:
    """Print the table; 1 if a figure is shown to differ by 1 % or more."""
    sides: dict[bool, list[Figures]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for watched in (number % 2 == 0, number % 2 == 1):
                place = Path(folder) / f"{number}-{watched}"
                sides[watched].append(measure(place, WITH if watched else WITHOUT, number, threads))
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
