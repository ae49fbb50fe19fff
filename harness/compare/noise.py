"""A difference beside the noise floor: flips beyond those of re-running, "one more run?", and the items held fixed."""

import math
from collections.abc import Callable

import numpy as np

from harness.compare.match import Paired
from harness.core.verdict import MarginVerdict, Noise, Scored
from harness.stats.noise import flip_rate, noise_floor, one_more_run, this_benchmark

SMALLEST = 0.01  # points below which a margin of noise is not taken, however quiet the runs


def beside_noise(
    paired: Paired, at: Callable[[float], MarginVerdict], rng: np.random.Generator
) -> Noise | None:
    """The comparison against the baseline's runs among themselves; None where no arm answered an item twice.

    `at` judges at a margin. That of noise, max(1 point, run-to-run band), is shown beside the one fixed before the run.
    """
    fixed = this_benchmark(paired.candidate_runs, paired.baseline_runs, 0.95)
    if fixed is None:
        return None
    floor = noise_floor(paired.baseline_runs)
    margin = SMALLEST if math.isnan(floor.band) else max(SMALLEST, floor.band)
    again = floor.runs > 1
    return Noise(
        runs=floor.runs,
        flip_rate=floor.flip_rate,
        largest=floor.largest,
        band=floor.band,
        excess_flips=flip_rate(paired.candidate_runs, paired.baseline_runs) - floor.flip_rate,
        one_more_run=one_more_run(paired.candidate_runs, paired.baseline_runs, rng) if again else math.nan,
        fixed=Scored(fixed.delta, fixed.low, fixed.high),
        at_noise=at(margin),
    )
