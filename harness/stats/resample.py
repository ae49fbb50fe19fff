"""Bootstrap interval of a mean, a second opinion on scores that are not 0/1 (Efron's BCa, by scipy)."""

import numpy as np
from numpy.typing import ArrayLike

from harness.core.errors import InvalidScores
from harness.core.verdict import Interval
from harness.stats.means import few_differences
from harness.stats.table import differences

_RESAMPLES, _BATCH_NUMBERS = 4_000, 4_000_000


def bca_interval(values: ArrayLike, confidence: float, rng: np.random.Generator) -> Interval:
    """BCa limits of the mean of paired differences (n,); raises InvalidScores where too few of them are not 0."""
    from scipy.stats import bootstrap

    d = differences(values)
    if few_differences(d):
        raise InvalidScores("a bootstrap over so few non-zero differences promises too much")
    batch = max(1, _BATCH_NUMBERS // d.size)
    found = bootstrap(
        (d,), np.mean, confidence_level=confidence, n_resamples=_RESAMPLES, batch=batch, rng=rng, method="BCa"
    ).confidence_interval
    return Interval(float(found.low), float(found.high))
