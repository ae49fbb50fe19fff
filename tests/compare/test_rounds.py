"""Values and drift by round, and latencies of the requests behind them."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.compare.headline import speeds
from harness.core.events import Figure
from harness.core.record import Completed, Flag, Reading, Step
from harness.core.verdict import Analysis, Latency
from harness.store.items import LoadedRun
from harness.store.requests import Requests
from tests.compare.arms import choice, load_cell, measured, plan_of, suite

AT = Step(concurrency=1)


def analysis(runs: Sequence[LoadedRun]) -> Analysis:
    return analyse(plan_of(suite(choice("triage")), [one.record.run.cell for one in runs], []), runs)


def rounds_of(values: Sequence[float], flag: Flag | None = None, quant: str = "f16") -> list[LoadedRun]:
    """One decode figure a round; `flag` speaks against the last."""
    return [
        measured(
            load_cell(quant, number),
            readings=(Reading("decode", "tok/s", "higher", (value, value, 9e9), 1),),
            flags=(flag,) if flag and number == len(values) - 1 else (),
        )
        for number, value in enumerate(values)
    ]


def test_each_round_has_its_median_and_what_speaks_against_it() -> None:
    found = analysis(rounds_of([10, 11, 12], Flag("degraded", "hot"))).rounds
    assert [(one.round, one.value, one.flag) for one in found] == [(1, 10, ""), (2, 11, ""), (3, 12, "degraded: hot")]
    assert {(one.arm, one.name, one.unit, one.step, one.load) for one in found} == {
        ("pocket f16 llama_cpp", "decode", "tok/s", AT, "tiny")
    }


def test_a_box_that_slows_down_drifts_and_one_that_swings_does_not() -> None:
    slowing = [100, 98.1, 95.9, 94.0, 92.1]
    (found,) = analysis(rounds_of(slowing)).drifts
    assert found.pvalue < 0.001
    assert found.slope.low < -0.02 < found.slope.high < 0
    (found,) = analysis(rounds_of([100, 95, 101, 94, 100])).drifts
    assert found.pvalue > 0.3


def test_an_invalid_round_is_no_drift_and_two_rounds_are_not_tested() -> None:
    (found,) = analysis(rounds_of([100, 101, 99.5, 20], Flag("invalid", "x"))).drifts
    assert found.rounds == 3
    assert analysis(rounds_of([100, 90])).drifts == ()


def test_among_many_arms_one_small_p_value_is_corrected() -> None:
    slowing = rounds_of([100, 98.1, 95.9, 94.0, 92.1])
    alone = analysis(slowing).drifts[0].pvalue
    calm = [run for n in range(9) for run in rounds_of([100, 95, 101, 94, 100], quant=f"q{n}")]
    assert analysis([*slowing, *calm]).drifts[0].pvalue == pytest.approx(10 * alone)


def with_requests(run: LoadedRun, gaps: np.ndarray, users: Sequence[float] = (1,)) -> LoadedRun:
    """The run with requests (n,) of m gaps each, gaps (n, m) in seconds; TTFT is the first gap, twice."""
    n, m = gaps.shape
    place = np.tile([0.0, 0, 8, 8, 0], (n, 1))
    place[:, 0] = np.resize(users, n)
    found = Requests(np.arange(1_000, 1_000 + n), place, 2 * gaps[:, 0], gaps.mean(axis=1),
                     gaps.ravel().astype(np.float32), np.repeat(np.arange(n, dtype=np.int32), m))
    return dataclasses.replace(run, requests=lambda: found)


def test_latencies_pool_requests_for_the_curve_and_take_intervals_over_rounds() -> None:
    rng = np.random.default_rng(4)
    runs = [with_requests(run, rng.normal(0.02, 0.001, (64, 7))) for run in rounds_of([1, 2, 3])]
    found = {one.name: one for one in analysis(runs).latencies}
    assert list(found) == ["ttft", "tpot", "gap"]
    assert {(one.n, one.step) for one in found.values()} == {(192, AT)}
    assert [share for share, _ in found["gap"].quantiles] == [0.5, 0.9, 0.95], "requests count, not gaps"
    assert [share for share, _ in found["gap"].over_rounds] == [0.5, 0.9]
    share, middle = found["ttft"].over_rounds[0]
    assert middle.low < 0.04 < middle.high
    assert len(found["gap"].curve) == 200
    assert (found["gap"].stalled, found["gap"].stalls) == (0, ())


def test_a_stall_is_shown_with_its_round_and_request_and_stays_in_the_curve() -> None:
    gaps = np.random.default_rng(4).normal(0.02, 0.001, (20, 7))
    gaps[3, 5] = 1.5
    runs = rounds_of([1, 2])
    calm = with_requests(runs[0], np.full((20, 7), 0.02))
    (found,) = (one for one in analysis([calm, with_requests(runs[1], gaps)]).latencies if one.name == "gap")
    ((round_, request, seconds),) = found.stalls
    assert (round_, request, found.stalled) == (2, 1_003, 1)
    assert seconds == found.curve[-1][1] == pytest.approx(1.5)


def test_requests_of_each_step_stay_apart() -> None:
    gaps = np.repeat([[0.01], [0.03]], 20, axis=0).repeat(3, axis=1)
    run = with_requests(rounds_of([1])[0], gaps, users=[1] * 20 + [8] * 20)
    found = {(one.step.concurrency, one.name): one for one in analysis([run]).latencies}
    assert found[1, "gap"].quantiles[0][1] == pytest.approx(0.01)
    assert found[8, "gap"].quantiles[0][1] == pytest.approx(0.03)
    assert found[8, "gap"].n == 20


def test_a_step_that_names_its_lengths_is_found_by_them() -> None:
    steps = Step(4, 0.0, 8, 8), Step(4, 0.0, 16, 8), Step(4, 0.0, 8, 8, 100)
    run = measured(load_cell("f16", 0), readings=tuple(
        Reading("ttft", "s", "lower", (1.0,), 4, step=one) for one in steps))
    base = with_requests(run, np.full((3, 2), 0.01))
    assert base.requests is not None
    requests = base.requests()
    place = np.array([[4, 0, 8, 8, 0], [4, 0, 16, 8, 0], [4, 0, 108, 8, 100]], dtype=float)
    mixed = dataclasses.replace(run, requests=lambda: dataclasses.replace(requests, place=place))
    assert {one.step for one in analysis([mixed]).latencies} == set(steps)


def latency_of(runs: Sequence[LoadedRun], name: str = "ttft") -> Latency:
    return next(one for one in analysis(runs).latencies if one.name == name)


@pytest.mark.parametrize("by", ["flag", "reading"])
def test_an_invalid_round_is_in_no_percentile_curve_or_stall(by: str) -> None:
    gaps = np.random.default_rng(4).normal(0.02, 0.001, (20, 7))
    good = with_requests(rounds_of([1])[0], gaps)
    why = {"flags": (Flag("invalid", "the client lags"),)} if by == "flag" else {
        "readings": (Reading("ttft", "s", "lower", (1.0,), 1, valid=False, reason="too few requests"),)}
    bad = with_requests(measured(load_cell("f16", 1), **why), 50 * gaps)
    alone, both = latency_of([good]), latency_of([good, bad])
    assert (both.n, both.quantiles, both.curve, both.stalls) == (20, alone.quantiles, alone.curve, alone.stalls)
    assert latency_of([bad]).n == 20, "a report shows what was read, as invalid"


def test_one_record_in_a_line_says_what_its_round_says_in_a_report() -> None:
    (run,) = rounds_of([10])
    (found,) = analysis([run]).rounds
    assert isinstance(run.record, Completed)
    assert speeds(run.record) == (Figure("decode", "tok/s", found.value),)


def test_a_reading_that_is_not_valid_is_no_figure_of_a_record_in_a_line() -> None:
    at = (Step(concurrency=1), False, 9.0), (Step(concurrency=8), True, 7.0)
    readings = tuple(Reading("decode", "tok/s", "higher", (value,), step=step, valid=good) for step, good, value in at)
    run = measured(load_cell("f16", 0), readings=readings)
    assert isinstance(run.record, Completed)
    assert speeds(run.record) == (), "another step is another figure"
