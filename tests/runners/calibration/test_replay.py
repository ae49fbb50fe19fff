"""The calibration that is made with a served load."""

import msgspec
import pytest

from harness.core.record import RequestTrace, Step, Window
from runners.calibration.replay import Pace, against, chosen, of_load, paces, trial

pytestmark = pytest.mark.alone

MS = 1_000_000


def trace(number: int = 1, concurrency: int = 8, tpot_ms: int = 10, chunk: int = 1) -> RequestTrace:
    """Sent at 0, headers at 1 ms, first tokens at 20 ms, 20 tokens in all."""
    times = tuple((20 + (at // chunk) * chunk * tpot_ms) * MS for at in range(20))
    return RequestTrace(number, "steady", concurrency, 16, 0, 20, 0, 0, times[0], times[-1], times,
                        headers_ns=MS)


WINDOWS = [Window(Step(8, 0.0, 16, 20), 0, 1000 * MS, 0, 0)]


def test_what_was_not_served_over_http_is_not_calibrated() -> None:
    assert of_load([msgspec.structs.replace(trace(), headers_ns=0)], WINDOWS) == ((), ())


def test_the_pace_is_that_of_the_load() -> None:
    (pace,) = paces([trace(1), trace(2), msgspec.structs.replace(trace(3, tpot_ms=1), phase="warmup")], WINDOWS)
    assert pace.rate == pytest.approx(100)
    assert (pace.streams, pace.tokens_per_chunk, pace.step) == (8, 1, Step(8, 0.0, 16, 20))


def test_many_tokens_in_a_chunk_are_sent_so_again() -> None:
    (pace,) = paces([trace(1, chunk=4)], WINDOWS)
    assert pace.rate == pytest.approx(100)
    again = trial(pace).schedule
    assert again.tokens_per_chunk == 4
    assert again.tokens % 4 == 0


def test_a_reply_of_one_chunk_has_no_pace() -> None:
    assert paces([trace(1, chunk=20)], WINDOWS) == []


def test_an_open_loop_has_as_many_streams_as_were_under_way() -> None:
    (pace,) = paces([trace(number) for number in range(6)], [Window(Step(rate=5.0), 0, 1000 * MS, 0, 0)])
    assert pace.streams == 6


def test_each_window_has_a_pace_and_of_many_the_extremes_are_taken() -> None:
    traces, windows = [], []
    for at, (streams, tpot_ms) in enumerate(((1, 10), (2, 10), (4, 1), (8, 20))):
        later = at * 1000 * MS
        one = trace(at, streams, tpot_ms)
        traces.append(msgspec.structs.replace(
            one, sent_ns=later, first_ns=one.first_ns + later, last_ns=one.last_ns + later,
            token_ns=tuple(each + later for each in one.token_ns)))
        windows.append(Window(Step(streams), later, later + 900 * MS, 0, 0))
    found = paces(traces, windows)
    assert [pace.streams for pace in found] == [1, 2, 4, 8]
    assert [round(pace.rate) for pace in found] == [100, 100, 1000, 50]
    assert [pace.streams for pace in chosen(found)] == [1, 8, 4]
    assert chosen(found[:2]) == found[:2]


@pytest.mark.parametrize("rate", [0.5, 4.0, 30.0, 300.0, 5000.0])
def test_a_trial_is_short_whatever_the_pace(rate: float) -> None:
    (pace,) = [Pace(Step(), 4, max(rate, 4.0), 1)]
    assert 0.5 <= trial(pace).seconds <= 2


def test_a_served_load_is_calibrated_at_its_own_pace() -> None:
    (found,), flags = of_load([trace(number) for number in range(8)], [Window(Step(4), 0, 1000 * MS, 0, 0)])
    assert found.streams == 4
    assert found.interval_seconds == pytest.approx(0.01)
    assert found.requests >= 8
    assert 0 < found.ttft_error_seconds[0] < 0.01
    assert found.tpot_error_seconds[0] < 0.001
    assert found.rate_share > 0.5
    assert all("more than 5 %" in flag.reason for flag in flags)  # a busy machine may earn one


def test_an_error_above_5_percent_of_tpot_is_invalid() -> None:
    (found,), _ = of_load([trace()], WINDOWS)
    step, exact = Step(8), msgspec.structs.replace(found, interval_seconds=0.01, tpot_error_seconds=(0.0, 0.0005))
    assert against(exact, step) == []
    (flag,) = against(msgspec.structs.replace(exact, tpot_error_seconds=(0.0, 0.00051)), step)
    assert (flag.verdict, flag.step) == ("invalid", step)
