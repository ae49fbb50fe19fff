"""Verdicts on ratios of speed: what they are indifferent to, and how often they err."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from harness.core.errors import InvalidScores
from harness.stats.ratios import exact_verdict, speed_verdict

MARGIN = 0.03
positive = st.floats(0.5, 2.0)
rounds = st.lists(st.tuples(positive, positive), min_size=2, max_size=8)
MIRROR = {"faster": "slower", "slower": "faster", "same": "same", "inconclusive": "inconclusive"}


def _verdict(both: list[tuple[float, float]]) -> str:
    return speed_verdict([one for one, _ in both], [other for _, other in both], "higher", MARGIN)


@given(both=rounds, factor=st.floats(0.001, 1000))
def test_units_do_not_matter(both: list[tuple[float, float]], factor: float) -> None:
    scaled = [(one * factor, other * factor) for one, other in both]
    logs = np.log([one / other for one, other in both])
    if np.ptp(logs) > 1e-9:  # of a spread that is rounding alone, rounding decides
        assert _verdict(scaled) == _verdict(both)


@given(both=rounds, draw=st.randoms(use_true_random=False))
def test_the_order_of_rounds_does_not_matter(both: list[tuple[float, float]], draw: object) -> None:
    shuffled = list(both)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    logs = np.log([one / other for one, other in both])
    if np.ptp(logs) > 1e-9:
        assert _verdict(shuffled) == _verdict(both)


@given(both=rounds)
def test_exchanging_the_arms_or_the_sense_of_better_mirrors_the_verdict(both: list[tuple[float, float]]) -> None:
    after, before = [one for one, _ in both], [other for _, other in both]
    found = speed_verdict(after, before, "higher", MARGIN)
    logs = np.log(after) - np.log(before)
    if np.ptp(logs) > 1e-9:
        assert speed_verdict(before, after, "higher", MARGIN) == MIRROR[found]
        assert speed_verdict(after, before, "lower", MARGIN) == MIRROR[found]


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ([101.0, 100.5, 100.8], "same"),  # 1 % faster for sure, and within 3 %
        ([104.0, 104.5, 104.2], "faster"),
        ([50.0, 51.0, 49.0], "slower"),
        ([90.0, 100.0, 112.0], "inconclusive"),
    ],
)
def test_each_verdict_has_its_case(candidate: list[float], said: str) -> None:
    assert speed_verdict(candidate, [100.0, 100.0, 100.0], "higher", MARGIN) == said


def test_too_few_rounds_and_rounds_without_spread_are_inconclusive() -> None:
    assert speed_verdict([2.0], [1.0], "higher", MARGIN) == "inconclusive"
    assert speed_verdict([2.0, 2.0], [1.0, 1.0], "higher", MARGIN) == "inconclusive"
    with pytest.raises(InvalidScores):
        speed_verdict([1.0, -1.0], [1.0, 1.0], "higher", MARGIN)


def test_faster_or_slower_is_the_paired_t_test_of_the_logarithms() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        before, after = rng.lognormal(0, 0.05, 4), rng.lognormal(0.06, 0.05, 4)
        found = speed_verdict(after, before, "higher", 1e-9)
        test = ttest_1samp(np.log(after / before), 0)
        assert (found in ("faster", "slower")) == (test.pvalue < 0.05)


def test_a_difference_as_large_as_the_margin_is_rarely_called_the_same() -> None:
    rng, runs = np.random.default_rng(5), 2_000
    before = rng.lognormal(0, 0.01, (runs, 5))
    after = before * (1 + MARGIN) * rng.lognormal(0, 0.01, (runs, 5))
    wrong = sum(speed_verdict(a, b, "higher", MARGIN) == "same" for a, b in zip(after, before, strict=True))
    assert 0.03 < wrong / runs < 0.065  # 5 %, known to 0.5 points


def test_sizes_that_repeat_are_judged_as_they_are() -> None:
    assert exact_verdict(0.5, "lower", MARGIN) == "faster"
    assert exact_verdict(1.02, "lower", MARGIN) == "same"
    assert exact_verdict(1.5, "lower", MARGIN) == "slower"
