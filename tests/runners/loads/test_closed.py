"""Closed loops against an engine of known timing, in process and served."""

from contextlib import nullcontext

import pytest
from msgspec import structs

from harness.core.cell import LoadWork
from harness.core.errors import HarnessError
from harness.core.record import Step
from harness.core.runtime import Session, StreamRequest
from runners.loads import measure
from runners.loads.prompts import Prompts
from runners.runtimes.fake import FakeSession, FakeSettings, FakeStream
from tests.cells import load_cell
from tests.runners.loads.simulated import ASSETS, LogicalClock, load, reading, run, steps, value

BOTH = pytest.mark.parametrize("served", [False, True], ids=["in process", "served"])


@BOTH
def test_every_figure_of_a_single_stream_is_the_truth(served: bool) -> None:
    found = run(load(), served=served)
    assert value(found, "ttft") == pytest.approx(0.2)
    assert value(found, "tpot") == pytest.approx(0.02)
    assert value(found, "gap") == pytest.approx(0.02)
    assert value(found, "decode") == pytest.approx(50)
    assert value(found, "e2e") == pytest.approx(0.4)
    assert value(found, "prefill") == pytest.approx(100 / 0.2)
    assert value(found, "throughput") == pytest.approx(11 / 0.4)
    assert value(found, "request_rate") == pytest.approx(1 / 0.4)
    assert found.flags == ()
    assert [one.step for one in found.readings] == [None] * len(found.readings)


@BOTH
def test_users_beyond_the_capacity_share_its_rate(served: bool) -> None:
    found = run(load(concurrency=[2, 8], requests=32), capacity=4, served=served)
    assert value(found, "tpot", concurrency=2) == pytest.approx(0.02)
    assert value(found, "throughput", concurrency=2) == pytest.approx(2 * 11 / 0.4)
    assert value(found, "tpot", concurrency=8) == pytest.approx(0.04, rel=0.05)
    assert value(found, "throughput", concurrency=8) == pytest.approx(8 * 11 / 0.6, rel=0.05)


def test_users_that_wait_their_turn_wait_in_the_time_to_the_first_token() -> None:
    found = run(load(concurrency=[8], requests=32), capacity=4, queue=True)
    assert value(found, "tpot") == pytest.approx(0.02)
    assert value(found, "ttft") == pytest.approx(0.2 + 0.4)


def test_each_step_has_a_warm_up_and_at_least_two_requests_for_each_user() -> None:
    found = run(load(concurrency=[1, 8]))
    phases = [(trace.concurrency, trace.phase) for trace in found.traces]
    assert [phases.count(one) for one in ((1, "cold"), (1, "warmup"), (1, "steady"))] == [1, 3, 8]
    assert [phases.count(one) for one in ((8, "cold"), (8, "warmup"), (8, "steady"))] == [0, 8, 16]
    assert found.traces[0].phase == "cold"


def test_the_steady_part_lasts_as_long_as_asked() -> None:
    found = run(load(seconds=20))
    window = found.windows[0]
    assert 20 <= (window.end_ns - window.start_ns) / 1e9 < 21
    assert sum(trace.phase == "steady" for trace in found.traces) == 50


def test_warm_up_goes_on_until_the_last_three_agree() -> None:
    found = run(load(), cold_requests=5)  # the cold one, and four of the warm-up
    assert sum(trace.phase == "warmup" for trace in found.traces) == 7
    assert value(found, "ttft") == pytest.approx(0.2)
    assert value(found, "cold_ttft") == pytest.approx(6 * 0.2)
    assert found.flags == ()


def test_a_warm_up_that_never_settles_ends_and_is_flagged() -> None:
    found = run(load(), stall_every=23, stall_seconds=0.5)
    assert sum(trace.phase == "warmup" for trace in found.traces) == 9
    flag, = found.flags
    assert (flag.verdict, flag.step) == ("degraded", Step(concurrency=1))
    assert "did not settle: after 9 requests" in flag.reason


def test_a_stall_stays_in_the_tokens_times_of_its_request() -> None:
    found = run(load(warmup_requests=0), stall_every=23, stall_seconds=0.5)
    widest = [max(b - a for a, b in zip(t.token_ns, t.token_ns[1:], strict=False)) / 1e9 for t in found.traces]
    assert max(widest) == pytest.approx(0.52)
    assert min(widest) == pytest.approx(0.02)


def test_a_single_token_reply_has_no_time_between_tokens() -> None:
    found = run(load(output_tokens=1))
    assert reading(found, "tpot").samples == ()
    assert "one output token" in reading(found, "tpot").reason
    assert value(found, "ttft") == pytest.approx(0.2)


def test_a_served_request_keeps_what_the_server_told_of_it() -> None:
    served, own = run(load(), served=True), run(load())
    assert {trace.counted_by for trace in served.traces} == {"simulation"}
    assert value(served, "prefill_engine") == pytest.approx(100 / 0.2)
    assert [one for one in own.readings if one.name == "prefill_engine"] == []
    assert all(t.scheduled_ns == t.sent_ns <= t.headers_ns < t.first_ns < t.last_ns <= t.done_ns for t in served.traces)


@BOTH
def test_a_prefix_cache_finds_nothing_in_prompts_of_random_ids_or_text(served: bool) -> None:
    for kind in ("random", "corpus"):
        found = run(load(prompts=kind, concurrency=[3]), prefix_cache=True, served=served)
        assert value(found, "cached_share") < 0.01
        assert found.flags == ()


def test_prompts_out_of_a_cache_are_invalid_unless_asked_for() -> None:
    class Remembers(FakeSession):
        """An engine that has seen every prompt before."""

        def stream(self, slots: int):  # type: ignore[no-untyped-def]
            return nullcontext(Twice(FakeSettings(prefix_cache=True), slots, clock, lambda: None))

    class Twice(FakeStream):
        def submit(self, request: StreamRequest) -> None:
            self._engine._cached(request.prompt)
            super().submit(request)

    clock = LogicalClock().clock
    session = Remembers(FakeSettings(), 1.0, clock)
    plain = measure(session, LoadWork(load(), 1, 0), ASSETS, clock)
    asked = measure(session, LoadWork(load(cache=True), 1, 0), ASSETS, clock)
    assert [flag.verdict for flag in plain.flags] == ["invalid"]
    assert "a cache answered 99.0 % of the prompts' tokens" in plain.flags[0].reason
    assert asked.flags == ()


def test_with_caching_asked_for_the_context_is_shared_and_answered_once() -> None:
    found = run(load(cache=True, depth=300), prefix_cache=True)
    assert {trace.cached_tokens for trace in found.traces if trace.phase == "steady"} == {300}
    assert value(found, "cached_share") == pytest.approx(0.75)
    assert found.flags == ()


def test_at_a_depth_the_whole_prompt_is_sent() -> None:
    found = run(load(depth=[0, 400]), prompt_tokens_per_second=1000.0)
    assert {trace.prompt_tokens for trace in found.traces if trace.depth == 400} == {500}
    assert value(found, "ttft", depth=400) == pytest.approx(0.2 + 0.5)
    assert value(found, "tpot", depth=400) == pytest.approx(0.02)
    assert value(found, "prefill", depth=400) == pytest.approx(500 / 0.7)


def test_a_depth_beyond_the_context_is_left_out_and_said() -> None:
    found = run(load(depth=[0, 4096]))
    assert [step.depth for step in steps(found)] == [0]
    flag, = found.flags
    assert flag.reason == "not measured: needs 4,207 tokens, the context holds 4,096"
    with pytest.raises(HarnessError, match="no step of load one fits"):
        run(load(depth=5000))


def test_a_grid_measures_every_pair_of_lengths() -> None:
    found = run(load(prompt_tokens=[50, 100], output_tokens=[6, 11]), prompt_tokens_per_second=1000.0)
    pairs = [(step.prompt_tokens, step.output_tokens) for step in steps(found)]
    assert pairs == [(50, 6), (50, 11), (100, 6), (100, 11)]
    assert value(found, "e2e", prompt_tokens=100, output_tokens=6) == pytest.approx(0.2 + 0.1 + 5 * 0.02)
    assert {trace.output_tokens for trace in found.traces} == {6, 11}


def test_no_two_prompts_of_any_round_begin_alike() -> None:
    session: Session = FakeSession(FakeSettings(), 1.0)
    step = Step(1, 0.0, 32, 5)
    seen = {Prompts(session, LoadWork(load(), 1, number), ASSETS).one(step).prompt[:8] for number in range(50)}
    assert len(seen) == 50
    one = Prompts(session, LoadWork(load(prompts="corpus"), 1, 0), ASSETS)
    assert len({one.one(step).prompt[:8] for _ in range(500)}) == 500


def test_a_runtime_that_ends_early_is_an_error() -> None:
    class Short(FakeStream):
        def submit(self, request: StreamRequest) -> None:
            super().submit(structs.replace(request, output_tokens=request.output_tokens - 1))

    class ShortSession(FakeSession):
        def stream(self, slots: int):  # type: ignore[no-untyped-def]
            return nullcontext(Short(FakeSettings(), slots, LogicalClock().clock, lambda: None))

    work = load_cell().work
    assert isinstance(work, LoadWork)
    with pytest.raises(HarnessError, match="asked for 5 tokens and got 4"):
        measure(ShortSession(FakeSettings(), 1.0), work)
