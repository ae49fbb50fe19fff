"""How often a step is marked where there is none, and how soon one that is there is found.

    python -m benchmarks.false_steps [SERIES]

Each row is SERIES (2,000) simulated histories without any step: the share of them in which one is marked. Noise of 1 %:
normal; Student t with 3 degrees of freedom (bad nights); autocorrelated (0.3 from night to night); and scores of 200
items of which 2 % fall anew each night. Below, steps of a known size: the share found, at most one night off.
"""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from harness.history.steps import breaks
from harness.verbs.ruled import ruled_table

Floats = NDArray[np.float64]
KINDS = ("normal", "t, 3 df", "autocorrelated", "scores")
RUNS = (8, 15, 30, 100, 365)
SIZES = (0.02, 0.03, 0.04, 0.05, 0.08)
_SD, _AUTO, _ITEMS, _REDRAWN, _SCORE = 0.01, 0.3, 200, 0.02, 0.8


def noise(kind: str, runs: int, rng: np.random.Generator) -> Floats:
    """A history (runs,) without a step: logarithms of a reading, or scores."""
    if kind == "scores":
        fixed = rng.random(_ITEMS) < _SCORE
        anew = rng.random((runs, _ITEMS)) < _REDRAWN
        answers = np.where(anew, rng.random((runs, _ITEMS)) < _SCORE, fixed)
        return np.asarray(answers.mean(axis=1), dtype=np.float64)
    drawn = rng.standard_t(3, runs) if kind == "t, 3 df" else rng.normal(size=runs)
    if kind == "autocorrelated":
        drawn[0] /= np.sqrt(1 - _AUTO**2)
        for at in range(1, runs):
            drawn[at] += _AUTO * drawn[at - 1]
    return _SD * drawn


def false_share(kind: str, runs: int, histories: int, seed: int = 1) -> float:
    """The share of histories of pure noise in which at least one step is marked."""
    rng = np.random.default_rng(seed)
    return sum(bool(breaks(noise(kind, runs, rng))) for _ in range(histories)) / histories


def found_share(size: float, runs: int, after: int, histories: int, seed: int = 2) -> float:
    """The share of histories of normal noise with a step of `size`, `after` runs before the end, where it is marked."""
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(histories):
        values = noise("normal", runs, rng)
        values[runs - after :] += np.log1p(-size)
        hits += any(abs(at - (runs - after)) <= 1 for at in breaks(values))
    return hits / histories


def main(words: Sequence[str]) -> int:
    """Print both tables."""
    histories = int(words[0]) if words else 2_000
    console = Console()
    table = ruled_table(f"a step marked where there is none, share of {histories:,} histories", 1, "runs", *KINDS)
    for runs in RUNS:
        table.add_row(str(runs), *(f"{100 * false_share(kind, runs, histories):.2f} %" for kind in KINDS))
    console.print(table)
    shown = ("step", *(f"{after} of {runs} runs after it" for runs in (30, 100) for after in (3, 10)))
    table = ruled_table("\na step that is there, noise of 1 %: share found", 1, *shown)
    for size in SIZES:
        places = ((runs, after) for runs in (30, 100) for after in (3, 10))
        found = (found_share(size, *place, histories // 4) for place in places)
        table.add_row(f"{100 * size:g} %", *(f"{100 * one:.1f} %" for one in found))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
