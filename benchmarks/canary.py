"""How much the canary varies on this machine, and what it makes of a neighbour: where its limits come from.

    python -m benchmarks.canary [PROBES]

Probes in a row while the machine is idle, and as many with one other process that computes without a break. A flag is
counted wherever a probe is that much slower than an idle one (the idle ones: than the one before).
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, stdev

from rich.console import Console
from rich.table import Table

from harness.core.record import SLOWER_DEGRADED, SLOWER_INVALID
from runners.cores import usable_cores
from runners.meters.canary import Canary, judge, probe

_HOG = "while True: pass"


@contextmanager
def hog() -> Iterator[None]:
    """A process that keeps one core busy."""
    process = subprocess.Popen([sys.executable, "-c", _HOG])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def probes(number: int) -> list[Canary]:
    """As many probes in a row."""
    found = [probe(usable_cores()) for _ in range(number)]
    return [one for one in found if isinstance(one, Canary)]


def main(number: int) -> int:
    """Print the spread and how often a flag would stand."""
    idle = probes(number)
    with hog():
        beside = probes(number)
    table = Table("figure", "machine", "median", "lowest", "highest", "spread (sd / median)",
                  title=f"{number} probes each on {usable_cores()} cores")
    for name in Canary.__struct_fields__:
        for words, found in (("idle", idle), ("beside a busy process", beside)):
            values = [getattr(one, name) for one in found]
            spread = stdev(values) / median(values)
            table.add_row(name, words, *(f"{value:.1f}" for value in (median(values), min(values), max(values))),
                          f"{100 * spread:.1f} %")
    console = Console()
    console.print(table)
    false = [flag.verdict for before, after in zip(idle, idle[1:], strict=False) for flag in judge(before, after)]
    true = [flag.verdict for before, after in zip(idle, beside, strict=True) for flag in judge(before, after)]
    for words, flags, of in (("idle after idle", false, len(idle) - 1), ("busy after idle", true, len(beside))):
        console.print(f"{words}: {flags.count('degraded')} degraded (over {100 * SLOWER_DEGRADED:.0f} %), "
                      f"{flags.count('invalid')} invalid (over {100 * SLOWER_INVALID:.0f} %), of {of}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 20))
