"""What stopping when the interval is narrow does to it: coverage of the t interval under the harness's own rule.

    python -m benchmarks.coverage_rounds [--quick]

Rounds of two equal arms scatter by a known share (normal). The rule is that of harness.compare.repeat: at least n0
rounds, then one more while half of an arm's 95 % interval is wider than the target, at most as many as the plan has. A
minute on one core. Writes the table of docs/statistics.md unless --quick. That the
rule is the product's is held by a test.
"""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.special import stdtrit

from benchmarks.coverage_pages import between

PAGE = Path(__file__).parents[1] / "docs/statistics.md"
TARGET, RUNS, QUICK_RUNS = 0.03, 100_000, 5_000
LEAST, MOST, SCATTERS = (3, 5), {3: 12, 5: 20}, (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
Floats = NDArray[np.float64]
Rounds = NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """Two equal arms, at least `least` rounds that scatter by `scatter`; shares of simulated runs.

    `covered`: an arm's interval holds the truth; `alone`: so it does for an arm without a partner to wait for; `fixed`:
    and with the number of rounds fixed at `least`. `changed`, `changed_fixed`: the 95 % interval of the ratio excludes
    1 although nothing differs. `rounds`: how many it took on average. `precise`: both arms reached the target.
    """

    least: int
    scatter: float
    covered: float
    alone: float
    fixed: float
    changed: float
    changed_fixed: float
    rounds: float
    precise: float


def interval(values: Floats, rounds: Rounds) -> tuple[Floats, Floats]:
    """Mean (...) and half the 95 % t interval of the first `rounds` (runs,) of `values` (runs, ..., most)."""
    first = np.arange(values.shape[-1]) < rounds.reshape(-1, *[1] * (values.ndim - 1))
    count = first.sum(axis=-1)
    mean = (values * first).sum(axis=-1) / count
    squares = ((values - mean[..., None]) ** 2 * first).sum(axis=-1)
    return mean, stdtrit(count - 1, 0.975) * np.sqrt(squares / (count - 1) / count)


def ends(values: Floats, least: int, target: float) -> Rounds:
    """After how many rounds (runs,) the rule ends those of `values` (runs, arms, most)."""
    runs, _, most = values.shape
    taken = np.full(runs, most)
    for rounds in range(most - 1, least - 1, -1):
        mean, half = interval(values, np.full(runs, rounds))
        taken[(half <= target * mean).all(axis=1)] = rounds
    return taken


def row(least: int, scatter: float, runs: int, rng: np.random.Generator) -> Row:
    """Simulate one truth (the mean is 1)."""
    values = rng.normal(1, scatter, (runs, 2, MOST[least]))
    taken, fixed = ends(values, least, TARGET), np.full(runs, least)
    mean, half = interval(values, taken)
    logs = np.log(values[:, 1]) - np.log(values[:, 0])
    return Row(
        least,
        scatter,
        covered=_holds(mean, half, 1.0),
        alone=_holds(*interval(values[:, :1], ends(values[:, :1], least, TARGET)), 1.0),
        fixed=_holds(*interval(values, fixed), 1.0),
        changed=1 - _holds(*interval(logs, taken), 0.0),
        changed_fixed=1 - _holds(*interval(logs, fixed), 0.0),
        rounds=float(taken.mean()),
        precise=float((half <= TARGET * mean).all(axis=1).mean()),
    )


def _holds(mean: Floats, half: Floats, truth: float) -> float:
    return float((np.abs(mean - truth) <= half).mean())


def table(rows: list[Row]) -> str:
    """As it stands in the page."""
    heads = ("rounds", "scatter", "taken", "3 % reached", "truth in the interval", "of an arm alone",
             "equal arms called different")
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {one.least} to {MOST[one.least]} | {100 * one.scatter:g} % | {one.rounds:.1f} | {100 * one.precise:.0f} % "
        f"| {100 * one.covered:.1f} % | {100 * one.alone:.1f} % | {100 * one.changed:.1f} % |"
        for one in rows
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Simulate, print, and write the table unless --quick."""
    runs = QUICK_RUNS if "--quick" in arguments else RUNS
    rng = np.random.default_rng(17)
    rows = [row(least, scatter, runs, rng) for least, scatter in itertools.product(LEAST, SCATTERS)]
    console = Console(width=200, highlight=False)
    console.print(table(rows), markup=False)
    for name, covered, changed in (
        ("by the rule", [min(one.covered, one.alone) for one in rows], [one.changed for one in rows]),
        ("rounds fixed at the least", [one.fixed for one in rows], [one.changed_fixed for one in rows]),
    ):
        console.print(f"{name}: truth in the interval {100 * min(covered):.1f} % at worst, "
                      f"equal arms called different {100 * max(changed):.1f} %", markup=False)
    if "--quick" not in arguments:
        PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), "rounds", table(rows)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
