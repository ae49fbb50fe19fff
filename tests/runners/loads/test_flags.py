"""What speaks against a step, from traces written by hand: a late client, a lagging one, a silent server."""

import pytest

from harness.core.record import RequestTrace, Step
from runners.loads import flags, readings
from runners.loads.readings import Part
from runners.loads.windows import closed_window, open_window
from tests.runners.loads.simulated import load

MS = 10**6
STEP = Step(0, 2.0, 10, 5)


def trace(number: int, late_ms: float = 0, **more: object) -> RequestTrace:
    """A request due every 500 ms: 100 ms to the first token, then 10 ms each for four."""
    due = number * 500 * MS
    sent = due + round(late_ms * MS)
    times = tuple(sent + (100 + 10 * n) * MS for n in range(5))
    given = {"rate": 2.0, **more}
    return RequestTrace(number, "steady", 0, 10, 0, 5, due, sent, times[0], times[-1], times, **given)  # type: ignore[arg-type]


def part(*traces: RequestTrace, served: bool = True) -> Part:
    return Part(STEP, traces, open_window(STEP, traces), served)


def verdicts(of: Part) -> list[str]:
    return [flag.verdict for flag in flags.of_part(of, load(), True)]


def test_a_client_that_sends_late_is_invalid_and_an_engine_of_ours_that_is_busy_is_not() -> None:
    late = [trace(number, late_ms=20) for number in range(10)]
    assert verdicts(part(*late)) == ["invalid"]
    assert "sent 20.00 ms late (p99)" in next(flags.of_part(part(*late), load(), True)).reason
    assert verdicts(part(*late, served=False)) == []
    assert verdicts(part(*(trace(number, late_ms=4) for number in range(10)))) == []


def test_time_to_the_first_token_counts_from_the_schedule() -> None:
    assert readings.ttft(trace(3, late_ms=20)) == pytest.approx(0.12)
    assert (trace(3, late_ms=20).first_ns - trace(3, late_ms=20).sent_ns) / 1e9 == pytest.approx(0.1)


def test_a_loop_that_lags_by_more_than_a_twentieth_of_the_time_per_token_is_invalid() -> None:
    """Unless the kernel stamped what came: then its times are not moved."""
    cases: list[tuple[float, str, list[str]]] = [
        (0.0006, "client", ["invalid"]), (0.0004, "client", []), (0.0006, "kernel", ["degraded"]),
        (0.011, "kernel", ["invalid"])]
    for seconds, stamped, said in cases:
        assert verdicts(part(*(trace(n, lag_seconds=seconds, stamped_by=stamped) for n in range(10)))) == said


def test_a_server_that_is_silent_about_its_cache_leaves_the_share_unknown() -> None:
    silent, telling = part(trace(0), trace(1)), part(trace(0, cached_told=True), trace(1))
    assert readings.cached_share(silent) is None
    assert readings.cached_share(telling) == 0
    found = next(one for one in readings.of_part(silent, None) if one.name == "cached_share")
    assert found.samples == ()
    assert "does not tell" in found.reason


def test_tokens_that_come_in_one_chunk_are_not_divided_by() -> None:
    """Two tokens in the first chunk, two in the second, one in the third, 10 ms apart: 20 ms for three tokens."""
    times = (100 * MS, 100 * MS, 110 * MS, 110 * MS, 120 * MS)
    chunked = RequestTrace(1, "steady", 1, 10, 0, 5, 0, 0, times[0], times[-1], times)
    assert readings.tpot(chunked) == pytest.approx(0.02 / 3)
    assert readings.gaps(chunked) == pytest.approx([0.01, 0.01])
    whole = RequestTrace(1, "steady", 1, 10, 0, 2, 0, 0, MS, MS, (MS, MS))
    assert readings.tpot(whole) is None


def test_the_closed_window_ends_where_the_first_user_falls_silent() -> None:
    def made(id_: int, phase: str, sent: int, *tokens: int) -> RequestTrace:
        at = tuple(t * 10**9 for t in tokens)
        sent_ns = sent * 10**9
        return RequestTrace(id_, phase, 1, 4, 0, len(at), sent_ns, sent_ns, at[0], at[-1], at)  # type: ignore[arg-type]

    traces = [made(1, "warmup", 0, 1, 2), made(2, "steady", 2, 3, 4), made(3, "steady", 4, 6, 8)]
    # Request 2 is sent at 2 s; the last is sent at 4 s and ends at 8 s: 4 tokens in 6 s.
    window = closed_window(Step(1), traces)
    assert (window.start_ns, window.end_ns) == (2 * 10**9, 8 * 10**9)
    assert (window.prompt_tokens, window.output_tokens) == (8, 4)
    rates = {one.name: one.samples for one in readings.of_part(Part(Step(1), tuple(traces), window), None)}
    assert rates["throughput"] == pytest.approx((4 / 6,))
    assert rates["request_rate"] == pytest.approx((2 / 6,))
