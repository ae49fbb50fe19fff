"""The caller's side: worker processes, requests spread over them, and what they hand back."""

import os
import select
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from harness.core.errors import HarnessError
from runners.cores import usable_cores
from runners.loadgen.finished import Finished, finish
from runners.loadgen.lag import Lag, Samples, lag_of
from runners.loadgen.messages import (
    MOST_BYTES,
    FromWorker,
    Inbox,
    LagAnswer,
    LagQuestion,
    Landed,
    Order,
    Start,
    Target,
    packed,
)

_STREAMS_A_WORKER = 256
_READ_BYTES = 1 << 20
_START_SECONDS = 60.0
_LONGEST_SECONDS = 3600.0


def worker_count(streams: int, cores: int) -> int:
    """How many processes so many streams are spread over: at most half of the cores, the rest is the server's."""
    return max(1, min(-(-streams // _STREAMS_A_WORKER), cores // 2))


class _Peer:
    """One worker as seen from here."""

    def __init__(self, target: Target, slots: int) -> None:
        self.socket, theirs = socket.socketpair()
        self.slots, self.under_way = slots, 0
        self.inbox: Inbox[FromWorker] = Inbox(FromWorker)
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __package__ + ".worker", str(theirs.fileno())], stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": path})
        self.send(Start(target, slots))

    def send(self, message: Struct) -> None:
        """Say something; raises HarnessError where the worker has died."""
        try:
            self.socket.sendall(packed(message))
        except ConnectionError:
            raise self._dead() from None

    def hear(self) -> Iterator[FromWorker]:
        """What it says, when there is something to read; raises HarnessError where it has died."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except ConnectionError:  # it had not read all that it was sent
            data = b""
        if not data:
            raise self._dead()
        return self.inbox.feed(data)

    def _dead(self) -> HarnessError:
        return HarnessError(f"a worker of the load generator died (exit code {self.process.wait()})",
                            "its output above says why")

    def close(self) -> None:
        """End the process: it sees its socket close."""
        self.socket.close()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Client:
    """Use `client` to make one. All methods are called from one thread."""

    def __init__(self, target: Target, streams: int, processes: int) -> None:
        self._lags, self._arrived = Samples(), list[Finished]()
        self._answers = 0
        # Shares of the streams, none of them empty.
        shares = [(streams + at) // processes for at in range(processes)]
        self._peers = [_Peer(target, share) for share in shares if share]
        self._by_file = {peer.socket.fileno(): peer for peer in self._peers}
        self._ready = 0

    def submit(self, id: int, body: bytes, most_bytes: int = MOST_BYTES) -> None:
        """POST the body at once; it waits in its worker where `streams` requests are under way already."""
        peer = min(self._peers, key=lambda one: one.under_way / one.slots)
        peer.under_way += 1
        peer.send(Order(id, body, most_bytes))

    @property
    def under_way(self) -> int:
        """Requests that have not come back by `poll`, waiting ones included."""
        return sum(peer.under_way for peer in self._peers) + len(self._arrived)

    def poll(self, timeout_seconds: float) -> list[Finished]:
        """Wait for a request to end, then return all that have; [] after the timeout or where none is under way.

        Raises HarnessError where a worker has died.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._arrived and self.under_way and (left := deadline - time.monotonic()) > 0:
            self._hear(left)
        self._hear(0.0)
        arrived, self._arrived = self._arrived, []
        return arrived

    def lag(self, reset: bool = True) -> Lag:
        """How late the workers' loops were, since the start or the last call that did `reset`."""
        self._ask()
        lag = lag_of(self._lags.values)
        if reset:
            self._lags = Samples()
        return lag

    def _ask(self) -> None:
        self._answers = 0
        for peer in self._peers:
            peer.send(LagQuestion())
        while self._answers < len(self._peers):
            self._hear(_LONGEST_SECONDS)

    def _hear(self, seconds: float) -> None:
        ready, _, _ = select.select(list(self._by_file), [], [], min(seconds, _LONGEST_SECONDS))
        for fd in ready:
            peer = self._by_file[fd]
            for message in peer.hear():
                self._take(peer, message)

    def _take(self, peer: _Peer, message: FromWorker) -> None:
        if isinstance(message, Landed):
            peer.under_way -= 1
            self._arrived.append(finish(message))
        elif isinstance(message, LagAnswer):
            self._lags.extend(array("q", message.samples))
            self._answers += 1
        elif message.error:
            raise HarnessError(f"the load generator cannot start: {message.error}")
        else:
            self._ready += 1

    def wait_ready(self) -> None:
        """Until every worker waits for orders."""
        deadline = time.monotonic() + _START_SECONDS
        while self._ready < len(self._peers):
            if time.monotonic() > deadline:
                raise HarnessError(f"the load generator did not start within {_START_SECONDS:.0f} s")
            self._hear(1.0)

    def close(self) -> None:
        """End the workers; what is under way is dropped."""
        for peer in self._peers:
            peer.close()


@contextmanager
def client(target: Target, streams: int, processes: int = 0) -> Iterator[Client]:
    """A client for at most `streams` requests at once, in `processes` workers (0: as many as that needs).

    Workers are ready when the block begins and gone when it ends, or when this process does. Raises HarnessError where
    they cannot start: an unknown host, a bad `ca_file`.
    """
    made = Client(target, streams, processes or worker_count(streams, usable_cores()))
    try:
        made.wait_ready()
        yield made
    finally:
        made.close()
