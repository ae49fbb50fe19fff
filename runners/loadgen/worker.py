"""A process that sends requests and stamps what comes back; nothing is parsed here but where a reply ends.

    python -m runners.loadgen.worker FD

FD is one end of a socket pair. Where to and how many at once comes first, then orders, which wait here for a free slot:
so the next request leaves the moment one has ended, however busy the other end is with reading it. When that closes,
however it happens, the process ends. It is started by `pool`, shares the machine's monotonic clock with it, and
collects no garbage.
"""

import gc
import resource
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from urllib.parse import urlsplit

from harness.core.errors import HarnessError
from runners.loadgen.flight import Address, Flight
from runners.loadgen.http import request_head
from runners.loadgen.lag import Samples
from runners.loadgen.messages import FromWorker, Inbox, LagAnswer, Landed, Order, Ready, Start, ToWorker, packed
from runners.loadgen.poller import BOTH, READ, TICK, Poller, best_poller
from runners.loadgen.tls import context_of

_READ_BYTES = 1 << 18
_TICKS_A_CHECK = 10


class Worker:
    """The loop and all its flights."""

    def __init__(self, control: socket.socket, start: Start, poller: Poller) -> None:
        self.target = target = start.target
        url = urlsplit(target.url)
        self.host = url.hostname or ""
        self.addresses = _addresses(self.host, url.port or (443 if url.scheme == "https" else 80))
        self.head, self.context = request_head(target), context_of(target)
        self._control, self._poller = control, poller
        self._inbox: Inbox[ToWorker] = Inbox(ToWorker)
        self._outbox = bytearray()
        self._handlers: dict[int, Callable[[], None]] = {TICK: self._tick}
        self._slots, self._flights, self._waiting = start.slots, set[Flight](), deque[Order]()
        self._lags, self._ticks, self._open = Samples(), 0, True

    def run(self) -> None:
        """Until the other end closes."""
        self._say(Ready(""))
        handlers, wait = self._handlers, self._poller.wait
        while self._open:
            for fd in wait():
                # A flight may have ended since, by a tick of the same round.
                if handler := handlers.get(fd):
                    handler()

    def ready(self, fd: int, events: int, handler: Callable[[], None]) -> None:
        """Call `handler` when the file is ready for `events`."""
        self._handlers[fd] = handler
        self._poller.watch(fd, events)

    def forget(self, fd: int) -> None:
        """Watch a file no more."""
        if self._handlers.pop(fd, None):
            self._poller.unwatch(fd)

    def landed(self, flight: Flight, landed: Landed) -> None:
        """A request has ended: the next one leaves before anything is told."""
        self._flights.discard(flight)
        self._launch()
        self._say(landed)

    def _launch(self) -> None:
        while self._waiting and len(self._flights) < self._slots:
            flight = Flight(self._waiting.popleft(), self)
            self._flights.add(flight)
            flight.connect()

    def _hear(self) -> None:
        if self._outbox:
            self._flush()
        try:
            data = self._control.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._open = bool(data)
        for message in self._inbox.feed(data):
            if isinstance(message, Order):
                self._waiting.append(message)
                self._launch()
            else:
                self._say(LagAnswer(self._lags.values.tobytes()))
                self._lags = Samples()

    def _say(self, message: FromWorker) -> None:
        self._outbox += packed(message)
        self._flush()

    def _flush(self) -> None:
        """Send what the other end takes now, so that a slow reader never holds up the loop."""
        try:
            while self._outbox:
                del self._outbox[:self._control.send(self._outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._open = False
            return
        self.ready(self._control.fileno(), BOTH if self._outbox else READ, self._hear)

    def _tick(self) -> None:
        self._lags.extend(self._poller.late())
        self._ticks += 1
        if self._ticks % _TICKS_A_CHECK == 0:
            now = perf_counter_ns()
            for flight in list(self._flights):
                flight.check(now)


def _addresses(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def main(fd: int) -> None:
    """Work until the other end closes; what makes that impossible is said there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # our owner gets it too, and decides
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 1 << 16, hard))
    control, inbox = socket.socket(fileno=fd), Inbox[Start](Start)
    start = None
    while start is None:
        data = control.recv(_READ_BYTES)
        if not data:
            return
        start = next(inbox.feed(data), None)
    try:
        worker = Worker(control, start, best_poller())
    except (OSError, HarnessError) as error:
        control.sendall(packed(Ready(f"{urlsplit(start.target.url).netloc}: {error}".splitlines()[0])))
        return
    control.setblocking(False)
    gc.freeze()
    gc.disable()  # its pauses would be lag; nothing here refers to itself
    worker.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
