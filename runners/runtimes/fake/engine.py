"""An engine of known timing, simulated event by event: each running request knows when its next token is due.

Alone, a request of p prompt and n output tokens takes first + p / prefill + (n - 1) / rate seconds, so every figure
that is read off it can be checked against the truth. It keeps no clock: the times of its events follow from each other.
"""

from collections import deque
from dataclasses import dataclass

from harness.core.runtime import StreamRequest
from runners.runtimes.fake.settings import FakeSettings

_SECOND = 10**9


@dataclass
class Running:
    """A request in the engine, its next token due at `due_ns`; `slow` times as slow as others."""

    id: int
    left: int
    due_ns: int
    prefill_ns: int
    cached: int
    slow: int


class Engine:
    """At most `slots` requests run, the others wait; times in ns of whatever clock the caller has."""

    def __init__(self, settings: FakeSettings, slots: int) -> None:
        self._settings = settings
        self._slots = min(slots, settings.capacity) if settings.queue and settings.capacity else slots
        self._waiting = deque[StreamRequest]()
        self.running: dict[int, Running] = {}
        self._seen: set[tuple[int, ...]] = set()
        self._admitted = self._tokens = 0

    def submit(self, request: StreamRequest, at_ns: int) -> None:
        """A request comes; it starts at once where a slot is free."""
        self._waiting.append(request)
        self._admit(at_ns)

    def next_ns(self) -> int | None:
        """When the next token is due, None where nothing runs."""
        return min((one.due_ns for one in self.running.values()), default=None)

    def due(self, until_ns: int) -> list[Running]:
        """Requests whose next token is due by then, the earliest first."""
        found = [one for one in self.running.values() if one.due_ns <= until_ns]
        return sorted(found, key=lambda one: one.due_ns)

    def emit(self, one: Running) -> bool:
        """One token of a request, at its time; whether it was the last."""
        at_ns, one.left = one.due_ns, one.left - 1
        if one.left:
            one.due_ns += self._gap_ns() * one.slow
            return False
        del self.running[one.id]
        self._admit(at_ns)
        return True

    def _gap_ns(self) -> int:
        settings = self._settings
        self._tokens += 1
        stalls = settings.stall_every and self._tokens % settings.stall_every == 0
        crowd = max(1.0, len(self.running) / settings.capacity) if settings.capacity else 1.0
        each = crowd / settings.tokens_per_second if settings.tokens_per_second else 0.0
        return round((each + (settings.stall_seconds if stalls else 0.0)) * _SECOND)

    def _admit(self, at_ns: int) -> None:
        settings = self._settings
        while self._waiting and len(self.running) < self._slots:
            request = self._waiting.popleft()
            self._admitted += 1
            slow = max(1, settings.cold_requests - self._admitted + 2)
            cached = self._cached(request.prompt) if settings.prefix_cache else 0
            rate, rest = settings.prompt_tokens_per_second, len(request.prompt) - cached
            prefill = round((settings.first_token_seconds + (rest / rate if rate else 0.0)) * _SECOND) * slow
            self.running[request.id] = Running(
                request.id, request.output_tokens, at_ns + prefill, prefill, cached, slow)

    def _cached(self, prompt: tuple[int, ...]) -> int:
        """Length of the longest beginning, but for the last token, that an earlier prompt had."""
        begins = [prompt[:length] for length in range(1, len(prompt))]
        known = sum(begin in self._seen for begin in begins)
        self._seen.update(begins)
        return known
