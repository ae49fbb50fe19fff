"""The book of requests under way on one stream: sent, followed event by event, closed as a trace."""

from dataclasses import dataclass, field
from typing import Literal

from harness.core.errors import HarnessError
from harness.core.record import RequestTrace, Step
from harness.core.runtime import Delivery, Stream, StreamRequest, TokenEvent
from runners.clock import Clock

Phase = Literal["cold", "warmup", "steady"]


@dataclass
class Flight:
    """A request under way in a step; in a closed loop none is due before it is sent."""

    request: StreamRequest
    step: Step
    phase: Phase
    due_ns: int | None
    sent_ns: int
    token_ns: list[int] = field(default_factory=list)
    cached: int = 0


class Book:
    """Who is under way, and everything that ended (`traces`)."""

    def __init__(self, stream: Stream, clock: Clock) -> None:
        self._stream, self.clock = stream, clock
        self._flights: dict[int, Flight] = {}
        self.traces: list[RequestTrace] = []

    @property
    def under_way(self) -> int:
        """Requests sent and not done."""
        return len(self._flights)

    def send(self, request: StreamRequest, step: Step, phase: Phase, due_ns: int | None = None) -> None:
        """Send a request now."""
        self._flights[request.id] = Flight(request, step, phase, due_ns, self.clock.now_ns())
        self._stream.submit(request)

    def poll(self, seconds: float) -> list[RequestTrace]:
        """Wait for events, or advance the engine; the traces of requests that ended.

        Raises HarnessError where a reply has not exactly the forced number of tokens.
        """
        ended = []
        for event in self._stream.poll(seconds):
            flight = self._flights[event.id]
            flight.token_ns.extend([event.at_ns] * event.tokens)
            flight.cached = max(flight.cached, event.cached)
            if event.done:
                ended.append(_trace(self._flights.pop(event.id), event))
        self.traces += ended
        return ended


def _trace(flight: Flight, event: TokenEvent) -> RequestTrace:
    asked, got = flight.request.output_tokens, len(flight.token_ns)
    if asked != got:
        raise HarnessError(f"request {event.id} asked for {asked} tokens and got {got}: the runtime ended it early")
    told = event.delivery or Delivery()
    times, sent = sorted(flight.token_ns), told.sent_ns or flight.sent_ns
    return RequestTrace(
        id=event.id,
        phase=flight.phase,
        concurrency=flight.step.concurrency,
        prompt_tokens=len(flight.request.prompt),
        cached_tokens=flight.cached,
        output_tokens=got,
        scheduled_ns=sent if flight.due_ns is None else flight.due_ns,
        sent_ns=sent,
        first_ns=times[0],
        last_ns=times[-1],
        token_ns=tuple(times),
        rate=flight.step.rate,
        depth=flight.step.depth,
        headers_ns=told.headers_ns,
        first_answer_ns=told.first_answer_ns,
        done_ns=event.at_ns,
        counted_by=told.counted_by,
        engine_prefill_seconds=told.engine_prefill_seconds,
        lag_seconds=told.lag_seconds,
        stamped_by=told.stamped_by,
        cached_told=told.cached_told or flight.cached > 0,
    )
