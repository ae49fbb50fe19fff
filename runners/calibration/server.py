"""The calibration server: an OpenAI-compatible endpoint without a model, whose tokens come at exactly known times.

    python -m runners.calibration.server '{"rate": 50, "tokens": 100}' [PORT]

The argument is a `Schedule` in JSON, {} for its defaults. The address is written to stdout as one line. Completions and
chats are answered under /v1; /v1/models and /health say that it is there. GET /truth tells when each chunk was really
sent (`truth.Truth`), DELETE /truth forgets it. A request's number is "calibration_number" in its body, else the order
in which it came; it is told in the reply's id.

One process, one thread, and nothing done per chunk but reading the clock, one send of bytes made before, and noting the
time. It sleeps until the next chunk is due and never spins, so that a client on the same cores is not robbed of them:
it may wake some ten microseconds late, which is measured (sent against due) and not charged to the client.
"""

import gc
import heapq
import os
import resource
import select
import selectors
import signal
import socket
import sys
import threading
import time
from time import perf_counter_ns

import msgspec

from harness.core.calibration import Schedule
from runners.calibration import arrival
from runners.calibration.connection import Connection, Reply
from runners.calibration.truth import Served, Truth

_TURN_CHUNKS = 256
"""Sent at most before new requests are looked at."""
_IDLE_SECONDS = 0.2


class Server:
    """All connections and the queue of chunks that are due, soonest first."""

    def __init__(self, schedule: Schedule, port: int = 0) -> None:
        self.schedule = schedule
        self.blocked = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._listener.setblocking(False)
        arrival.ask(self._listener)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._listener, selectors.EVENT_READ, self._accept)
        self._due: list[tuple[int, int, Reply]] = []
        self._replies: list[Reply] = []
        self._entries = self._numbers = 0
        self._stopped = False

    @property
    def url(self) -> str:
        """Its address, with /v1."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def run(self) -> None:
        """Serve until `stop`."""
        while not self._stopped:
            self._turn()

    def stop(self, *_: object) -> None:
        """Return from `run` after this turn."""
        self._stopped = True

    def begin(self, reply: Reply) -> None:
        """Queue the first chunk of a reply."""
        self._replies.append(reply)
        self._entries += 1
        heapq.heappush(self._due, (reply.next_ns, self._entries, reply))

    def number(self) -> int:
        """The next in order of arrival."""
        self._numbers += 1
        return self._numbers

    def watch(self, connection: Connection, writing: bool) -> None:
        """Be told when it can be read, or also written."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        self._ready.modify(connection.socket, events, connection.handle)

    def drop(self, connection: Connection) -> None:
        """The client has gone."""
        self._ready.unregister(connection.socket)
        connection.socket.close()

    def truth(self) -> Truth:
        """What was sent of replies that are at their end."""
        ended = tuple(served(one) for one in self._replies if one.done)
        return Truth(ended, self.blocked, time.process_time())

    def forget(self) -> None:
        """Forget replies that are at their end, and start numbering anew."""
        self._replies = [one for one in self._replies if not one.done]
        self.blocked = self._numbers = 0
        gc.collect()

    def _turn(self) -> None:
        wait = (self._due[0][0] - perf_counter_ns()) / 1e9 if self._due else _IDLE_SECONDS
        if wait > 0:
            # Not the selector's own timeout: epoll counts in milliseconds, select in microseconds.
            select.select([self._ready], [], [], min(wait, _IDLE_SECONDS))
        at_ns = perf_counter_ns()
        for key, _ in self._ready.select(0):
            key.data(at_ns)
        self._send_due()

    def _send_due(self) -> None:
        due = self._due
        for _ in range(_TURN_CHUNKS):
            if not due or due[0][0] > (now := perf_counter_ns()):
                return
            _, entry, reply = due[0]
            reply.send(now)
            if reply.done:
                heapq.heappop(due)
            else:
                heapq.heapreplace(due, (reply.next_ns, entry, reply))

    def _accept(self, _: int) -> None:
        while True:
            try:
                accepted, _address = self._listener.accept()
            except BlockingIOError:
                return
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(accepted, self)
            self._ready.register(accepted, selectors.EVENT_READ, connection.handle)


def served(reply: Reply) -> Served:
    """A finished reply as it is told."""
    return Served(reply.number, reply.request_id, reply.received_ns, tuple(reply.due_ns), tuple(reply.sent_ns),
                  reply.tokens, reply.schedule.tokens_per_chunk)


def main(words: list[str]) -> int:
    """Serve until SIGTERM, or until the parent has gone, where it holds our stdin."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 1 << 16) if most > 0 else 1 << 16, most))
    server = Server(msgspec.json.decode(words[0], type=Schedule), int(words[1]) if words[1:] else 0)
    signal.signal(signal.SIGTERM, server.stop)
    signal.signal(signal.SIGINT, server.stop)
    if os.environ.get("HARNESS_CHILD") == "1":
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    gc.disable()  # a collection takes milliseconds, in which nothing would be sent
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    server.run()
    return 0


def _end_with_parent(server: Server) -> None:
    os.read(0, 1)
    server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
