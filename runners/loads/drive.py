"""The two loops. Closed: so many users, each sending its next request when the last is answered. Open: by a schedule.

In the open loop a request is sent when it is due, whatever is under way: queueing then shows in its TTFT, which counts
from the schedule. An engine in our own process computes while it is polled, so a request that falls due during a step
of it joins with the next one, as in the loop of a server.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.core.record import RequestTrace, Step
from harness.core.runtime import StreamRequest
from runners.loads.book import Book, Phase
from runners.loads.warmup import WarmUp

_POLL_SECONDS = 1.0
_SECOND = 10**9
Source = Callable[[Step], StreamRequest]


@dataclass(frozen=True)
class Due:
    """A request to be sent `seconds` after the start."""

    seconds: float
    step: Step
    phase: Phase = "steady"


def cold(book: Book, source: Source, step: Step) -> None:
    """The first request of a process, alone, so that its time holds no other's work."""
    book.send(source(step), step, "cold")
    while book.under_way:
        book.poll(_POLL_SECONDS)


class ClosedLoop:
    """`users` requests always under way: a warm-up until it has settled, then the measured ones."""

    def __init__(self, book: Book, source: Source, step: Step, warmup: WarmUp) -> None:
        self._book, self._source, self._step, self.warmup = book, source, step, warmup
        self._requests, self._seconds = 0, 0.0
        self._steady_sent = self._steady_since = 0

    def run(self, users: int, requests: int, seconds: float) -> None:
        """Everything, to the last reply: `requests` or more for `seconds` or more; 0 of both is a warm-up alone."""
        self._requests, self._seconds = requests, seconds
        request = self._source(self._step)  # made ahead, so that none is made while a user waits
        while True:
            while self._book.under_way < users and (phase := self._next_phase()):
                self._book.send(request, self._step, phase)
                request = self._source(self._step)
            if not self._book.under_way:
                return
            for trace in self._book.poll(_POLL_SECONDS):
                if trace.phase == "warmup":
                    self.warmup.saw(trace)

    def _next_phase(self) -> Phase | None:
        if not self._steady_sent and self.warmup.send():
            return "warmup"
        now = self._book.clock.now_ns()
        self._steady_since = self._steady_since or now
        if self._steady_sent < self._requests or (now - self._steady_since) / _SECOND < self._seconds:
            self._steady_sent += 1
            return "steady"
        return None


def open_loop(book: Book, source: Source, schedule: Sequence[Due]) -> list[RequestTrace]:
    """Send every request when it is due and wait for the last reply; the traces of these requests."""
    known, start = len(book.traces), book.clock.now_ns()
    for due in schedule:
        request, due_ns = source(due.step), start + round(due.seconds * _SECOND)
        _until(book, due_ns)
        book.send(request, due.step, due.phase, due_ns)
    while book.under_way:
        book.poll(_POLL_SECONDS)
    return book.traces[known:]


def _until(book: Book, due_ns: int) -> None:
    """Follow what is under way until it is time."""
    while (left := due_ns - book.clock.now_ns()) > 0:
        if book.under_way:
            book.poll(min(left / _SECOND, _POLL_SECONDS))
        else:
            book.clock.sleep(left / _SECOND)
