"""The load driver against a runtime that emits one token per step."""

from pathlib import Path

import msgspec
import pytest

from harness.core.cell import LoadWork
from harness.core.errors import HarnessError
from harness.core.record import Reading, RequestTrace
from harness.core.runtime import StreamRequest
from runners import load
from runners.runtimes import fake
from tests.cells import job, load_cell


def _traces(tmp_path: Path, tokens_per_second: float = 0.0) -> list[RequestTrace]:
    cell = load_cell(tokens_per_second=tokens_per_second)
    assert isinstance(cell.work, LoadWork)
    with fake.open_session(job(cell, tmp_path)) as session:
        return list(load.drive(session, cell.work))


def _reading(readings: tuple[Reading, ...], name: str, concurrency: int) -> Reading:
    return next(r for r in readings if (r.name, r.concurrency) == (name, concurrency))


def test_every_request_gives_exactly_the_forced_number_of_tokens(tmp_path: Path) -> None:
    traces = _traces(tmp_path)
    assert {trace.output_tokens for trace in traces} == {5}
    assert all(len(trace.token_ns) == 5 for trace in traces)


def test_each_level_has_its_warm_up_and_its_steady_requests(tmp_path: Path) -> None:
    phases = [(trace.concurrency, trace.phase) for trace in _traces(tmp_path)]
    assert phases.count((1, "cold")) == 1
    assert phases.count((1, "warmup")) == 1
    assert phases.count((3, "warmup")) == 3
    assert phases.count((1, "steady")) == phases.count((3, "steady")) == 6


def test_no_two_prompts_of_any_round_are_equal(tmp_path: Path) -> None:
    shape = load_cell().work
    assert isinstance(shape, LoadWork)
    long = msgspec.structs.replace(shape.load, prompt_tokens=32)
    seen = {load.Prompts(256, long, 1000 + round_).one().prompt for round_ in range(50)}
    assert len(seen) == 50


def test_times_match_a_runtime_of_known_speed(tmp_path: Path) -> None:
    readings = load.summarise(_traces(tmp_path, tokens_per_second=100.0))
    tpot = _reading(readings, "tpot", 1).samples
    assert min(tpot) >= 0.0099
    assert sorted(tpot)[len(tpot) // 2] < 0.03
    one, three = (_reading(readings, "throughput", c).samples[0] for c in (1, 3))
    assert one <= 101
    assert 1.5 * one < three <= 303


def test_a_single_token_reply_has_no_time_between_tokens(tmp_path: Path) -> None:
    cell = load_cell()
    assert isinstance(cell.work, LoadWork)
    shape = msgspec.structs.replace(cell.work.load, output_tokens=1)
    with fake.open_session(job(cell, tmp_path)) as session:
        readings = load.summarise(list(load.drive(session, LoadWork(shape, 1, 0))))
    tpot = _reading(readings, "tpot", 1)
    assert tpot.samples == ()
    assert tpot.reason


def test_throughput_counts_the_tokens_of_the_steady_window_only() -> None:
    def trace(id_: int, phase: str, sent: int, tokens: tuple[int, ...]) -> RequestTrace:
        second = 1_000_000_000
        times = tuple(t * second for t in tokens)
        fields = (id_, phase, 1, 4, 0, len(tokens), sent * second, sent * second, times[0], times[-1], times)
        return msgspec.convert(dict(zip(RequestTrace.__struct_fields__, fields, strict=False)), RequestTrace)

    traces = [trace(1, "warmup", 0, (1, 2)), trace(2, "steady", 2, (3, 4)), trace(3, "steady", 4, (6, 8))]
    # Window: request 2 is sent at 2 s; the last is sent at 4 s and ends at 8 s: 4 tokens in 6 s.
    assert _reading(load.summarise(traces), "throughput", 1).samples == pytest.approx((4 / 6,))


def test_a_runtime_that_ends_early_is_an_error(tmp_path: Path) -> None:
    cell = load_cell()
    assert isinstance(cell.work, LoadWork)

    class Short(fake.FakeStream):
        def submit(self, request: StreamRequest) -> None:
            super().submit(msgspec.structs.replace(request, output_tokens=request.output_tokens - 1))

    class ShortSession(fake.FakeSession):
        def stream(self, slots: int):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            return nullcontext(Short(self, slots))

    with pytest.raises(HarnessError, match="asked for 5 tokens and got 4"):
        list(load.drive(ShortSession(fake.FakeSettings(), 1.0), cell.work))
