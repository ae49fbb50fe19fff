"""When requests are due: offsets in seconds from the start, rising. Pure; chance comes in as an argument."""

import math
import random
from collections.abc import Sequence


def constant(rate: float, count: int) -> list[float]:
    """`count` requests at equal distances of 1/rate."""
    return [number / rate for number in range(count)]


def poisson(rate: float, count: int, rng: random.Random) -> list[float]:
    """`count` requests with independent exponential gaps of mean 1/rate.

    The same `rng` state gives the same pattern at every rate, stretched: rates are compared by the same chance.
    """
    due, offsets = 0.0, []
    for _ in range(count):
        offsets.append(due)
        due += rng.expovariate(1.0) / rate
    return offsets


def ramp(first: float, last: float, seconds: float) -> list[float]:
    """Requests at a rate that changes evenly from `first` to `last` within `seconds`: the n-th one is due where the
    integral of the rate reaches n."""
    slope = (last - first) / seconds
    return [_when(number, first, slope) for number in range(math.floor((first + last) / 2 * seconds + 1e-9))]


def _when(number: int, first: float, slope: float) -> float:
    """t with first * t + slope / 2 * t^2 = number, in the form that bears a slope of 0."""
    return 2 * number / (first + math.sqrt(max(0.0, first**2 + 2 * slope * number)))


def rate_of(offsets: Sequence[float]) -> float:
    """Mean rate of given arrivals; of one alone 0."""
    return (len(offsets) - 1) / (offsets[-1] - offsets[0]) if len(offsets) > 1 and offsets[-1] > offsets[0] else 0.0
