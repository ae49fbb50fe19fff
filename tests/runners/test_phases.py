"""Prefill and decode told apart by the times of requests: known powers come back, or it says that it cannot tell."""

import pytest

from harness.core.record import RequestTrace
from runners.phases import Span, powers, seconds
from runners.series import Unknown
from tests.runners.watched import SECOND, window

PREFILL_WATTS, DECODE_WATTS = 300.0, 120.0


def request(number: int, start: float, prefill: float, decode: float) -> RequestTrace:
    """One request of a single stream: 200 tokens in, 101 out."""
    sent, first, last = (int(at * SECOND) for at in (start, start + prefill, start + prefill + decode))
    return RequestTrace(number, "steady", 1, 200, 0, 101, sent, sent, first, last, ())


def stream(prefill: float, decode: float) -> list[RequestTrace]:
    """Requests one after another for half a minute."""
    took = prefill + decode
    return [request(n, n * took, prefill, decode) for n in range(int(30 / took) + 1)]


def measured(traces: list[RequestTrace], noise: float = 0.0) -> list[tuple[Span, float]]:
    """Joules of each half second from 5 s to 25 s, some more and some less by `noise`."""
    spans = [(int((5 + n / 2) * SECOND), int((5.5 + n / 2) * SECOND)) for n in range(40)]
    return [(span, _joules(span, traces) * (1 + noise * (-1) ** n)) for n, span in enumerate(spans)]


def _joules(span: Span, traces: list[RequestTrace]) -> float:
    total = 0.0
    for trace in traces:
        for start, end, watts in (
            (trace.sent_ns, trace.first_ns, PREFILL_WATTS), (trace.first_ns, trace.last_ns, DECODE_WATTS)
        ):
            total += max(min(span[1], end) - max(span[0], start), 0) / SECOND * watts
    return total


def test_powers_come_back_from_phases_shorter_and_longer_than_the_sensors_period() -> None:
    for prefill, decode in ((0.8, 1.5), (0.3, 0.9)):
        traces = stream(prefill, decode)
        assert powers(measured(traces), traces, window()) == pytest.approx((PREFILL_WATTS, DECODE_WATTS))


def test_a_little_noise_moves_the_powers_a_little() -> None:
    traces = stream(0.8, 1.5)
    assert powers(measured(traces, 0.02), traces, window()) == pytest.approx((PREFILL_WATTS, DECODE_WATTS), rel=0.05)


def test_phases_in_the_same_proportion_everywhere_cannot_be_told_apart() -> None:
    traces = stream(0.05, 0.2)
    with pytest.raises(Unknown, match="longer prompts"):
        powers(measured(traces, 0.02), traces, window())


def test_too_few_readings_or_several_streams_tell_nothing() -> None:
    traces = stream(0.8, 1.5)
    with pytest.raises(Unknown, match="9 times"):
        powers(measured(traces)[:9], traces, window())
    with pytest.raises(Unknown, match="measure it at 1"):
        powers(measured(traces), traces, window(concurrency=8))


def test_prompt_tokens_from_a_cache_took_no_prefill() -> None:
    assert seconds(stream(1.0, 2.0), window(start=6, end=9))[1] == (pytest.approx(2.0), 100)
    assert seconds(stream(1.0, 2.0), window(start=6, end=9))[0] == (pytest.approx(1.0), 200)
