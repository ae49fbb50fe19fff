"""One request: connect, send, receive. The hot path is `_receive`: a read, its time, and the bytes put aside.

Each request has a connection of its own, straight to the server and through no proxy: some servers drop kept ones as
the next request is sent. It counts as sent when the connection, and TLS, stand: what that takes is no part of a TTFT.

On Linux the kernel also says when the bytes arrived (SO_TIMESTAMPNS, socket(7)): that time does not depend on how late
this process was woken up. It comes with the read itself and is looked at when the request has ended.
"""

import errno
import os
import socket
import ssl
import sys
from array import array
from collections.abc import Callable
from time import perf_counter_ns, time_ns
from typing import Protocol

from harness.core.errors import HarnessError
from runners.loadgen.http import HEAD_END, Head, parse_head
from runners.loadgen.messages import Landed, Order, Target
from runners.loadgen.poller import READ, WRITE
from runners.loadgen.tls import Channel

_READ_BYTES = 1 << 15
_LINUX = sys.platform == "linux"
# Linux's value on all machines with 64 bits (asm-generic/socket.h); Python has no name for it.
_SO_TIMESTAMPNS = 35 if _LINUX and sys.maxsize > 1 << 32 else 0
_STAMP_BYTES = 16
_ANCILLARY = socket.CMSG_SPACE(_STAMP_BYTES) if hasattr(socket, "CMSG_SPACE") else 0
_NOT_TOLD = bytes(_STAMP_BYTES)
_SECOND = 1_000_000_000
Address = tuple[int, tuple[object, ...]]


class Route(Protocol):
    """What all flights of a worker share."""

    target: Target
    host: str
    addresses: list[Address]
    head: bytes
    context: ssl.SSLContext | None

    def ready(self, fd: int, events: int, handler: Callable[[], None]) -> None:
        """Call `handler` when the file is ready for `events`."""

    def forget(self, fd: int) -> None:
        """The file is about to be closed."""

    def landed(self, flight: "Flight", landed: Landed) -> None:
        """The request has ended."""


class Flight:
    """A request under way; ends exactly once, through `Route.landed`."""

    def __init__(self, order: Order, route: Route) -> None:
        self._order, self._route = order, route
        self._started_ns, self._sent_ns, self._clock_ns = perf_counter_ns(), 0, _clock_ns()
        self._reads, self._arrived, self._parts = array("q"), bytearray(), list[bytes]()
        self._size, self._head, self._ends = 0, None, ()  # type: tuple[int, Head | None, tuple[bytes, ...]]
        self._addresses = list(route.addresses)
        self._tls: Channel | None = None
        self._socket: socket.socket | None = None
        self._out = memoryview(b"")

    def connect(self) -> None:
        """Begin with the next address there is."""
        family, address = self._addresses.pop(0)
        try:
            self._socket = one = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # too many files
            return self.end(f"no connection: {os.strerror(error.errno or 0)}")
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _SO_TIMESTAMPNS:
            one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        code = one.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            return self._not_connected(code)
        return self._route.ready(one.fileno(), WRITE, self._connected)

    def _not_connected(self, code: int) -> None:
        if not self._addresses:
            return self.end(f"no connection: {os.strerror(code)}")
        self._close()
        return self.connect()

    def _connected(self) -> None:
        assert self._socket is not None
        if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return self._not_connected(code)
        if self._route.context is None:
            return self._begin()
        self._tls = Channel(self._route.context, self._route.host)
        self._tls.shake()
        return self._put(self._tls.outgoing(), self._shake)

    def _shake(self) -> None:
        assert self._socket is not None
        assert self._tls is not None
        try:
            received = self._socket.recv(_READ_BYTES)
            done = bool(received) and self._tls.shake(received)
        except BlockingIOError:
            return None
        except OSError as error:  # of TLS too
            return self.end(_reason(error))
        if not received:
            return self.end("the server ended the connection while TLS was agreed on")
        return self._begin() if done else self._put(self._tls.outgoing(), self._shake)

    def _begin(self) -> None:
        request = b"".join((self._route.head, b"%d" % len(self._order.body), HEAD_END, self._order.body))
        if self._tls is not None:
            self._tls.seal(request)
            request = self._tls.outgoing()
        self._sent_ns = perf_counter_ns()
        self._put(request, self._receive if self._tls is None else self._receive_sealed)

    def _put(self, data: bytes, then: Callable[[], None]) -> None:
        """Send all of `data`, however often it takes, then wait for an answer."""
        self._out = memoryview(data)
        self._send(then)

    def _send(self, then: Callable[[], None]) -> None:
        assert self._socket is not None
        try:
            while self._out:
                self._out = self._out[self._socket.send(self._out):]
        except BlockingIOError:
            return self._route.ready(self._socket.fileno(), WRITE, lambda: self._send(then))
        except OSError:
            pass  # the server may have answered before it had read all: the reply, or its lack, says why
        return self._route.ready(self._socket.fileno(), READ, then)

    def _receive(self) -> None:
        data = self._read()
        if data:
            self._parts.append(data)
            self._size += len(data)
            if self._head is None or data.endswith(self._ends):
                self._look()

    def _receive_sealed(self) -> None:
        assert self._tls is not None
        data = self._read()
        if not data:
            return None
        try:
            plain = self._tls.open(data)
        except OSError as error:
            self._parts.append(b"")
            return self.end(_reason(error))
        self._parts.append(plain)
        self._size += len(plain)
        return self._look() if plain and (self._head is None or plain.endswith(self._ends)) else None

    def _read(self) -> bytes:
        """One read with its times; b"" where there is nothing or the request has ended by it."""
        one = self._socket
        assert one is not None
        try:
            data, told, _, _ = one.recvmsg(_READ_BYTES, _ANCILLARY)
        except BlockingIOError:
            return b""
        except OSError as error:
            self.end(_reason(error))
            return b""
        now = perf_counter_ns()
        if not data:
            self.end("")
            return b""
        self._reads.append(now)
        self._arrived += told[0][2] if told else _NOT_TOLD
        if _LINUX:
            # Delayed acknowledgement comes back by itself (tcp(7)). A server that leaves Nagle's algorithm on, as
            # llama-server does, holds a token back until the one before it is acknowledged: by up to 40 ms.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

    def _look(self) -> None:
        """The rare reads: the first, until the head is whole, and what looks like the last."""
        if self._head is None:
            try:
                self._head = parse_head(b"".join(self._parts))
            except HarnessError as error:
                return self.end(str(error))
            if self._head is None:
                return None
            self._ends = self._head.ends
        return self.end("") if self._is_whole(self._head) else None

    def _is_whole(self, head: Head) -> bool:
        if head.length is not None:
            return self._size >= head.size + head.length
        return b"".join(self._parts[-2:]).endswith(self._ends)  # two, as a read may end anywhere

    def check(self, now_ns: int) -> None:
        """End what takes too long or too much; called now and then."""
        target, waited = self._route.target, (now_ns - self._started_ns) / _SECOND
        silent = (now_ns - (self._reads[-1] if self._reads else self._sent_ns or now_ns)) / _SECOND
        if self._head is not None and self._is_whole(self._head):
            self.end("")
        elif self._size > self._order.most_bytes:
            self.end(f"the server sends more than {self._order.most_bytes} bytes")
        elif not self._sent_ns and waited > target.connect_seconds:
            self.end(f"no connection within {target.connect_seconds:g} s")
        elif waited > target.timeout_seconds:
            self.end(f"no complete reply in time ({target.timeout_seconds:g} s)")
        elif silent > target.stall_seconds:
            self.end(f"no complete reply in time (nothing for {target.stall_seconds:g} s)")

    def end(self, error: str) -> None:
        """Close the connection and hand over what there is."""
        sizes = array("q", map(len, self._parts))
        landed = Landed(
            self._order.id, self._sent_ns, perf_counter_ns(), self._reads.tobytes(), bytes(self._arrived),
            (self._clock_ns, _clock_ns()), sizes.tobytes(), b"".join(self._parts), error)
        self._close()
        self._route.landed(self, landed)

    def _close(self) -> None:
        if self._socket is not None:
            self._route.forget(self._socket.fileno())
            self._socket.close()


def _clock_ns() -> int:
    """CLOCK_REALTIME, which the kernel stamps with, minus perf_counter_ns: of some tries the least disturbed."""
    tries = [(perf_counter_ns(), time_ns(), perf_counter_ns()) for _ in range(3)]
    before, at, after = min(tries, key=lambda times: times[2] - times[0])
    return at - (before + after) // 2


def _reason(error: OSError) -> str:
    """One line; these errors hold codes and certificates, never what was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not accepted: {error.verify_message}"
    told = str(error.reason) if isinstance(error, ssl.SSLError) else os.strerror(error.errno or 0)
    return f"the connection broke: {told}"
