"""The simulated engine as a stream: in process it advances by a token when polled, served it runs by the clock."""

from collections.abc import Callable

from harness.core.runtime import Delivery, StreamRequest, TokenEvent
from runners.clock import Clock
from runners.runtimes.fake.engine import Engine, Running
from runners.runtimes.fake.settings import FakeSettings

_SECOND = 10**9


class FakeStream:
    """`step` is called whenever the engine moves: it may fail."""

    def __init__(self, settings: FakeSettings, slots: int, clock: Clock, step: Callable[[], None]) -> None:
        self._engine, self._clock, self._step = Engine(settings, slots), clock, step
        self._served = settings.served
        self._sent: dict[int, int] = {}
        self._held: dict[int, list[TokenEvent]] = {}
        self._ready: list[TokenEvent] = []

    def submit(self, request: StreamRequest) -> None:
        """A request comes in now."""
        now = self._clock.now_ns()
        if self._served:
            self._run_to(now)
        self._sent[request.id] = now
        self._engine.submit(request, now)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """In process the next tokens, however long they take; served what has ended, at the latest at the timeout."""
        self._step()
        return self._wait(timeout_seconds) if self._served else self._advance()

    def _advance(self) -> list[TokenEvent]:
        due = self._engine.next_ns()
        if due is None:
            return []
        self._sleep_to(due)
        now = self._clock.now_ns()
        return [TokenEvent(one.id, now, 1, self._engine.emit(one), one.cached) for one in self._engine.due(due)]

    def _wait(self, timeout_seconds: float) -> list[TokenEvent]:
        deadline = self._clock.now_ns() + round(timeout_seconds * _SECOND)
        self._run_to(self._clock.now_ns())
        while not self._ready and (due := self._engine.next_ns()) is not None:
            self._sleep_to(min(due, deadline))
            if due > deadline:
                break
            self._run_to(due)
        ready, self._ready = self._ready, []
        return ready

    def _run_to(self, at_ns: int) -> None:
        """Everything that happened in the server by then."""
        while due := self._engine.due(at_ns):
            self._hold(due[0])

    def _hold(self, one: Running) -> None:
        at_ns, prefill_seconds = one.due_ns, one.prefill_ns / _SECOND
        done = self._engine.emit(one)
        sent = self._sent[one.id]
        told = Delivery(sent, sent, 0, "simulation", prefill_seconds, cached_told=True) if done else None
        held = self._held.setdefault(one.id, [])
        held.append(TokenEvent(one.id, at_ns, 1, done, one.cached, told))
        if done:
            self._ready += self._held.pop(one.id)

    def _sleep_to(self, at_ns: int) -> None:
        left = at_ns - self._clock.now_ns()
        if left > 0:
            self._clock.sleep(left / _SECOND)
