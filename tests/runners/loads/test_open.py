"""Open loops, sweeps and the search for a rate against an engine of known timing and capacity."""

from pathlib import Path
from statistics import mean

import pytest

from harness.core.config import Load
from harness.core.errors import ConfigError, NotFound
from harness.core.record import RequestTrace
from runners.loads import Measured
from tests.runners.loads.simulated import load, reading, run, steps, value

BOTH = pytest.mark.parametrize("served", [False, True], ids=["in process", "served"])
ROOMY = {"concurrency": [200], "prompt_tokens": 20}


def steady(found: Measured) -> list[RequestTrace]:
    return sorted((t for t in found.traces if t.phase == "steady"), key=lambda trace: trace.scheduled_ns)


def gaps(found: Measured) -> list[float]:
    due = [trace.scheduled_ns / 1e9 for trace in steady(found)]
    return [after - before for before, after in zip(due, due[1:], strict=False)]


@BOTH
def test_a_constant_rate_sends_each_request_when_it_is_due(served: bool) -> None:
    found = run(load(arrivals="constant", rates=[5], requests=50, **ROOMY), served=served)
    assert gaps(found) == pytest.approx([0.2] * 49)
    assert value(found, "ttft") == pytest.approx(0.2, abs=0.02)
    assert value(found, "request_rate") == pytest.approx(5, rel=0.03)
    assert value(found, "throughput") == pytest.approx(5 * 11, rel=0.05)
    assert found.flags == ()
    assert reading(found, "ttft").at.rate == 5


def test_a_server_gets_its_requests_to_the_nanosecond_and_an_engine_of_ours_within_a_step() -> None:
    shape = load(arrivals="poisson", rates=[5], requests=50, **ROOMY)
    late = {served: max(t.sent_ns - t.scheduled_ns for t in steady(run(shape, served=served)))
            for served in (True, False)}
    assert late[True] <= 1
    assert 0 < late[False] <= 0.2e9  # a prompt is one step


def test_poisson_gaps_have_their_mean_and_spread_and_the_seed_alone_decides_them() -> None:
    shape = load(arrivals="poisson", rates=[4], requests=400, **ROOMY)
    found = gaps(run(shape, served=True))
    assert mean(found) == pytest.approx(0.25, rel=0.1)
    assert sum(gap > 0.25 for gap in found) / len(found) == pytest.approx(0.368, abs=0.06)  # 1/e
    assert gaps(run(shape, served=True)) == pytest.approx(found)
    assert gaps(run(shape, served=True, seed=2)) != pytest.approx(found)
    assert gaps(run(shape, served=True, round_=1)) != pytest.approx(found)


@BOTH
def test_queueing_shows_in_the_time_to_the_first_token_and_is_flagged(served: bool) -> None:
    # Four at a time, 0.4 s each: ten requests per second. At twenty the queue grows with every request.
    shape = load(arrivals="constant", rates=[5, 20], requests=160, **ROOMY)
    found = run(shape, capacity=4, queue=True, served=served)
    assert value(found, "ttft", rate=5) == pytest.approx(0.2, abs=0.03)
    assert value(found, "ttft", rate=20) > 1.0
    assert value(found, "request_rate", rate=20) == pytest.approx(10, rel=0.05)
    flag, = found.flags
    assert flag.verdict == "degraded"
    assert flag.reason.startswith("over-saturated")
    assert flag.step == reading(found, "ttft", rate=20).at


def test_an_open_loop_counts_from_when_it_is_full() -> None:
    found = run(load(arrivals="constant", rates=[10], requests=30, **ROOMY))
    window = found.windows[0]
    started = sum(t.scheduled_ns <= window.start_ns < t.last_ns for t in found.traces)
    assert started == pytest.approx(10 * 0.4, abs=1)  # Little's law


def test_an_open_loop_lasts_as_long_as_asked() -> None:
    found = run(load(arrivals="constant", rates=[10], requests=3, seconds=12, **ROOMY))
    assert len(steady(found)) == 120


def test_a_ramp_rises_evenly_and_is_read_in_five_parts() -> None:
    found = run(load(arrivals="ramp", rates=[2, 12], seconds=50, **ROOMY), served=True)
    assert [step.rate for step in steps(found)] == [3, 5, 7, 9, 11]
    assert len(steady(found)) == 7 * 50
    for rate in (3, 5, 7, 9, 11):
        assert value(found, "request_rate", rate=rate) == pytest.approx(rate, rel=0.1)
    assert value(found, "ttft", rate=11) == pytest.approx(0.2, rel=0.01)
    assert found.flags == ()


def test_a_ramp_beyond_the_capacity_tips_over_in_the_right_part() -> None:
    found = run(load(arrivals="ramp", rates=[2, 22], seconds=50, **ROOMY), capacity=4, queue=True, served=True)
    ends = {step.rate: value(found, "request_rate", rate=step.rate) for step in steps(found)}
    assert ends[4] == pytest.approx(4, rel=0.1)
    assert ends[20] == pytest.approx(10, rel=0.05)
    assert {flag.step.rate for flag in found.flags if flag.step} == {12, 16, 20}


@BOTH
def test_a_sweep_stops_two_steps_beyond_the_capacity(served: bool) -> None:
    shape = load(arrivals="sweep", concurrency=[1, 2, 4, 8, 16, 32, 64])
    found = run(shape, capacity=4, first_token_seconds=0.001, served=served)
    assert [step.concurrency for step in steps(found)] == [1, 2, 4, 8, 16]
    assert value(found, "throughput", concurrency=4) == pytest.approx(4 * 50, rel=0.12)
    assert value(found, "throughput", concurrency=16) == pytest.approx(4 * 50, rel=0.12)
    assert found.flags == ()


def test_a_sweep_that_saturates_nothing_says_so() -> None:
    found = run(load(arrivals="sweep", concurrency=[1, 2, 4]), capacity=64)
    flag, = found.flags
    assert "not saturated" in flag.reason
    assert "load.concurrency" in flag.reason


def test_a_sweep_over_rates_stops_beyond_the_capacity() -> None:
    shape = load(arrivals="sweep", rates=[2, 4, 8, 16, 32, 64, 128], requests=80, **ROOMY)
    found = run(shape, capacity=4, queue=True, served=True)
    assert [step.rate for step in steps(found)] == [2, 4, 8, 16, 32, 64][:len(steps(found))]
    assert 4 <= len(steps(found)) <= 6
    assert value(found, "request_rate", rate=16) == pytest.approx(10, rel=0.1)


@BOTH
@pytest.mark.parametrize("start", [0.5, 3, 40])
def test_the_search_finds_the_highest_rate_within_limits(served: bool, start: float) -> None:
    # Nothing waits below ten requests a second with even arrivals; above, the queue breaks the limit of 0.5 s.
    limits = {"ttft_seconds": 0.5, "tpot_seconds": 0.03}
    shape = load(arrivals="slo", rates=[start], requests=100, limits=limits, **ROOMY)
    found = run(shape, capacity=4, queue=True, served=served)
    best = reading(found, "goodput", rate=0.0).samples[0]
    assert 6 < best < 11
    below = [step.rate for step in steps(found) if step.rate <= best]
    assert max(below) == best
    behind = {flag.step for flag in found.flags if "over-saturated" in flag.reason}
    for step in steps(found):
        share = value(found, "goodput", rate=step.rate) / value(found, "request_rate", rate=step.rate)
        assert (share > 0.899 and step not in behind) == (step.rate <= best)


def test_a_burst_that_a_queue_bears_within_the_limits_is_no_goodput() -> None:
    # Eight requests at a hundred a second all start within five seconds, yet ten a second is all the engine can do.
    shape = load(arrivals="slo", rates=[8], requests=8, limits={"ttft_seconds": 5, "tpot_seconds": 0.03}, **ROOMY)
    found = run(shape, capacity=4, queue=True, served=True)
    assert 8 <= reading(found, "goodput", rate=0.0).samples[0] < 11.5


def test_limits_that_hold_at_no_rate_give_no_goodput_but_the_reason() -> None:
    shape = load(arrivals="slo", rates=[1], limits={"ttft_seconds": 0.1, "tpot_seconds": 0.03}, **ROOMY)
    found = reading(run(shape, served=True), "goodput", rate=0.0)
    assert found.samples == ()
    assert "hold at no rate" in found.reason


def test_limits_that_hold_at_every_rate_are_flagged() -> None:
    shape = load(arrivals="slo", rates=[1], limits={"ttft_seconds": 0.01, "tpot_seconds": 1}, **ROOMY)
    found = run(shape, served=True, first_token_seconds=0.001, tokens_per_second=1e4)
    assert any("hold at every rate up to 1024" in flag.reason for flag in found.flags)


def trace(path: Path, *lines: str) -> Load:
    path.write_text("\n".join(lines))
    return load(arrivals="trace", trace=str(path), concurrency=[50])


@BOTH
def test_a_trace_is_replayed_with_its_times_and_lengths(tmp_path: Path, served: bool) -> None:
    shape = trace(tmp_path / "t.jsonl", '{"arrival_seconds": 3.5, "input_tokens": 7, "output_tokens": 3}',
                  '{"arrival_seconds": 3, "input_tokens": 30, "output_tokens": 20}', "",
                  '{"arrival_seconds": 9, "input_tokens": 8, "output_tokens": 4}')
    found = run(shape, served=served)
    assert [(t.prompt_tokens, t.output_tokens) for t in steady(found)] == [(30, 20), (7, 3), (8, 4)]
    assert gaps(found) == pytest.approx([0.5, 5.5])
    assert value(found, "ttft") == pytest.approx(0.2, abs=0.02)


def test_requests_of_a_trace_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    shape = trace(tmp_path / "t.jsonl", '{"arrival_seconds": 1, "input_tokens": 7, "output_tokens": 3}',
                  '{"arrival_seconds": 2, "input_tokens": 5000, "output_tokens": 3}',
                  '{"arrival_seconds": 3, "input_tokens": 7, "output_tokens": 3}')
    found = run(shape, served=True)
    assert len(steady(found)) == 2
    assert "left out: 1 of 3 requests" in found.flags[0].reason


def test_a_trace_that_is_none_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"t.jsonl line 2: .*output_tokens"):
        run(trace(tmp_path / "t.jsonl", '{"arrival_seconds": 1, "input_tokens": 7, "output_tokens": 3}',
                  '{"arrival_seconds": 1, "input_tokens": 7}'))
    with pytest.raises(NotFound, match=r"there is no trace nowhere.jsonl; .*bursts.jsonl"):
        run(load(arrivals="trace", trace="nowhere.jsonl"))


def test_the_trace_that_ships_runs() -> None:
    found = run(load(arrivals="trace", trace="bursts.jsonl", concurrency=[64]), served=True)
    assert len(steady(found)) == 60
