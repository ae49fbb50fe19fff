"""The load driver: closed loops of requests with forced output length, every token stamped with its time.

Definitions are those of docs/MEASURING.md. At each concurrency `c` there are always `c` requests in flight: a finished
one is replaced at once. Warm-up requests have the measured shape. Throughput is taken over the steady window: from the
first measured request being sent until fewer than `c` are in flight.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from harness.core.cell import LoadWork
from harness.core.config import Load
from harness.core.errors import HarnessError
from harness.core.record import Reading, RequestTrace, Step, Window
from harness.core.runtime import Session, Stream, StreamRequest, TokenEvent

_POLL_SECONDS = 1.0
_SECOND = 1e9
Phase = Literal["cold", "warmup", "steady"]


@dataclass
class _Flight:
    """A request under way."""

    request: StreamRequest
    phase: Phase
    sent_ns: int
    token_ns: list[int] = field(default_factory=list)
    cached: int = 0


class Prompts:
    """Prompts of random token ids, a new one for every request, so that no prefix cache can answer it."""

    def __init__(self, vocabulary: int, load: Load, seed: int) -> None:
        self._rng, self._vocabulary, self._load = random.Random(seed), vocabulary, load
        self._next = 0

    def one(self) -> StreamRequest:
        """The next request of the load's shape."""
        self._next += 1
        prompt = tuple(self._rng.randrange(self._vocabulary) for _ in range(self._load.prompt_lengths[0]))
        return StreamRequest(self._next, prompt, self._load.output_lengths[0])


def drive(session: Session, work: LoadWork) -> Iterator[RequestTrace]:
    """Run the load at each concurrency in turn and yield every request's trace, warm-up included.

    Raises HarnessError where a reply has not exactly the forced number of tokens.
    """
    load = work.load
    # Fewer than the round's number of seeds apart: rounds never share a prompt.
    prompts = Prompts(session.facts().vocabulary, load, work.seed * 1000 + work.round)
    for level, concurrency in enumerate(load.concurrency):
        phases: list[Phase] = ["cold"] if level == 0 else []
        phases += ["warmup"] * max(load.warmup_requests, concurrency)
        phases += ["steady"] * load.requests
        with session.stream(concurrency) as stream:
            yield from _closed_loop(stream, prompts, phases, concurrency)


def _closed_loop(stream: Stream, prompts: Prompts, phases: list[Phase], concurrency: int) -> Iterator[RequestTrace]:
    waiting = iter(phases)
    flights: dict[int, _Flight] = {}
    for phase in waiting:
        _send(stream, prompts.one(), phase, flights)
        # The cold request runs alone, so that its time holds no other's work.
        while flights and (len(flights) == concurrency or phase == "cold"):
            yield from _poll(stream, flights, concurrency)
    while flights:
        yield from _poll(stream, flights, concurrency)


def _send(stream: Stream, request: StreamRequest, phase: Phase, flights: dict[int, _Flight]) -> None:
    flights[request.id] = _Flight(request, phase, time.perf_counter_ns())
    stream.submit(request)


def _poll(stream: Stream, flights: dict[int, _Flight], concurrency: int) -> Iterator[RequestTrace]:
    for event in stream.poll(_POLL_SECONDS):
        flight = flights[event.id]
        flight.token_ns.extend([event.at_ns] * event.tokens)
        flight.cached = max(flight.cached, event.cached)
        if event.done:
            yield _trace(flights.pop(event.id), event, concurrency)


def _trace(flight: _Flight, event: TokenEvent, concurrency: int) -> RequestTrace:
    asked, got = flight.request.output_tokens, len(flight.token_ns)
    if asked != got:
        raise HarnessError(f"request {event.id} asked for {asked} tokens and got {got}: the runtime ended it early")
    return RequestTrace(
        id=event.id,
        phase=flight.phase,
        concurrency=concurrency,
        prompt_tokens=len(flight.request.prompt),
        cached_tokens=flight.cached,
        output_tokens=got,
        scheduled_ns=flight.sent_ns,
        sent_ns=flight.sent_ns,
        first_ns=flight.token_ns[0],
        last_ns=flight.token_ns[-1],
        token_ns=tuple(flight.token_ns),
    )


def summarise(traces: list[RequestTrace]) -> tuple[Reading, ...]:
    """Readings per concurrency: one sample per steady request, one throughput per window, and the cold request."""
    readings = []
    for concurrency in sorted({trace.concurrency for trace in traces}):
        level = [trace for trace in traces if trace.concurrency == concurrency]
        readings += _level(level, concurrency)
    cold = [trace for trace in traces if trace.phase == "cold"]
    if cold:
        readings.append(Reading("cold_ttft", "s", "lower", (_ttft(cold[0]),), 1))
    return tuple(readings)


def _level(traces: list[RequestTrace], concurrency: int) -> list[Reading]:
    steady = [trace for trace in traces if trace.phase == "steady"]
    tpot = [value for trace in steady if (value := _tpot(trace)) is not None]
    short = "" if tpot else "one output token per request: no time between tokens"
    readings = [
        Reading("ttft", "s", "lower", tuple(_ttft(trace) for trace in steady), concurrency),
        Reading("tpot", "s", "lower", tuple(tpot), concurrency, short),
        Reading("decode", "tok/s", "higher", tuple(1 / value for value in tpot), concurrency, short),
        _throughput(traces, concurrency),
    ]
    if concurrency == 1:
        # With several in flight TTFT holds waiting for others, so a prefill rate is taken from the single stream only.
        rates = tuple((t.prompt_tokens - t.cached_tokens) / _ttft(t) for t in steady)
        readings.append(Reading("prefill", "tok/s", "higher", rates, concurrency))
    return readings


def _ttft(trace: RequestTrace) -> float:
    return (trace.first_ns - trace.sent_ns) / _SECOND


def _tpot(trace: RequestTrace) -> float | None:
    """Seconds per token after the first chunk; None where there is none."""
    first_chunk = trace.token_ns.count(trace.first_ns)
    rest = trace.output_tokens - first_chunk
    return (trace.last_ns - trace.first_ns) / rest / _SECOND if rest > 0 else None


def windows(traces: list[RequestTrace]) -> tuple[Window, ...]:
    """The steady window of each concurrency."""
    levels = sorted({trace.concurrency for trace in traces})
    return tuple(_window([t for t in traces if t.concurrency == level], level) for level in levels)


def _window(traces: list[RequestTrace], concurrency: int) -> Window:
    """Every request's tokens that fall into it count; a prompt counts where its first token falls into it."""
    start = min(trace.sent_ns for trace in traces if trace.phase == "steady")
    # The loop is full until the last request is sent; the first end after that starts the drain.
    last_sent = max(trace.sent_ns for trace in traces)
    end = min(trace.last_ns for trace in traces if trace.last_ns > last_sent)
    tokens = sum(start < at <= end for trace in traces for at in trace.token_ns)
    prompts = sum(trace.prompt_tokens for trace in traces if start < trace.first_ns <= end)
    return Window(Step(concurrency=concurrency), start, end, prompts, tokens)


def _throughput(traces: list[RequestTrace], concurrency: int) -> Reading:
    """Output tokens per second of the steady window."""
    window = _window(traces, concurrency)
    rate = window.output_tokens / (window.end_ns - window.start_ns) * _SECOND
    return Reading("throughput", "tok/s", "higher", (rate,), concurrency)

