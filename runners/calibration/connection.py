"""One client's connection to the calibration server, and the reply that is under way on it."""

from __future__ import annotations

import socket
from array import array
from typing import Any, Protocol

import msgspec

from harness.core.calibration import Schedule
from runners.calibration.arrival import receive
from runners.calibration.frames import MODEL, Asked, Frames, answer, asked
from runners.calibration.inlet import Inlet, Malformed, Request
from runners.calibration.schedule import first_due, offsets
from runners.calibration.truth import Truth

_READ_BYTES = 1 << 18
_COMPLETIONS = {"/v1/completions": False, "/v1/chat/completions": True}


class Owner(Protocol):
    """What a connection asks of the server it belongs to."""

    schedule: Schedule
    blocked: int

    def number(self) -> int:
        """The next request's own."""

    def begin(self, reply: Reply) -> None:
        """Put a reply into the queue of what is due."""

    def watch(self, connection: Connection, writing: bool) -> None:
        """Be told when the connection can be written to, or no longer."""

    def drop(self, connection: Connection) -> None:
        """Forget a connection that is gone."""

    def truth(self) -> Truth:
        """What was really sent."""

    def forget(self) -> None:
        """Begin the truth anew."""


class Reply:
    """A reply being sent: what is due next, and the times of what was sent."""

    def __init__(self, connection: Connection, what: Asked, number: int, received_ns: int) -> None:
        self.number, self.received_ns, self.tokens = number, received_ns, what.tokens
        self.schedule: Schedule = connection.server.schedule
        self.request_id = ""
        self.due_ns, self.sent_ns = array("q"), array("q")
        self.done = False
        self._connection, self._streamed = connection, what.streamed
        self._frames, self._chunks = Frames(number, what), -(-what.tokens // self.schedule.tokens_per_chunk)
        self._start, self._offsets = first_due(self.schedule, received_ns), offsets(self.schedule, number)
        self.next_ns, self._next = 0, b""

    def begin(self) -> None:
        """Send the headers of a stream, and make its first chunk."""
        if self._streamed:
            self._connection.write(self._frames.head())
        self._prepare()

    def send(self, now_ns: int) -> None:
        """Send what is due at `next_ns`; `now_ns` was read just before, and nothing is done in between."""
        self._connection.write(self._next)
        self.sent_ns.append(now_ns)
        self.due_ns.append(self.next_ns)
        self.done = len(self.sent_ns) == self._chunks
        if self.done:
            self._connection.replied()
        else:
            self._prepare()

    def _prepare(self) -> None:
        """The chunk after those that were sent; all of a reply that is not streamed goes with the last."""
        before, each = len(self.sent_ns), self.schedule.tokens_per_chunk
        self.next_ns = self._start + next(self._offsets)
        last = before + 1 == self._chunks
        if not self._streamed:
            self._next = self._frames.whole() if last else b""
        elif last:
            self._next = self._frames.last(self.tokens - before * each)
        else:
            self._next = self._frames.chunk(each, (before + 1) * each)


class Connection:
    """Reads requests, and writes without ever waiting: what the client does not take is kept for it."""

    def __init__(self, accepted: socket.socket, server: Owner) -> None:
        self.socket, self.server = accepted, server
        self._inlet, self._left = Inlet(), bytearray()
        self._open, self._last, self._over = True, False, False

    def handle(self, at_ns: int) -> None:
        """There is something to read, or room to write; that was found at `at_ns`."""
        self._flush()
        if not self._open:
            return
        try:
            data, at_ns = receive(self.socket, _READ_BYTES, at_ns)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close()
            return
        try:
            request = self._inlet.feed(data)
            if request is not None:
                self._answer(request, at_ns)
        except (Malformed, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            self.write(answer(400, {"error": {"message": f"not a request: {error}"}}))

    def write(self, data: bytes) -> None:
        """Hand over what the system takes, keep the rest; nothing where the client has gone."""
        if not (data and self._open):
            return
        if self._left:
            self._left += data
            self.server.blocked += 1
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # its end is found when it is read
            return
        if sent < len(data):
            self._left += data[sent:]
            self.server.blocked += 1
            self.server.watch(self, True)

    def replied(self) -> None:
        """All of a reply is written: close, where the client said that it was its last request."""
        self._over = self._last
        self._close_if_over()

    def _flush(self) -> None:
        if not self._left:
            return
        kept, self._left = bytes(self._left), bytearray()
        self.server.watch(self, False)
        self.write(kept)
        self._close_if_over()

    def _close_if_over(self) -> None:
        if self._over and not self._left:
            self._close()

    def _answer(self, request: Request, at_ns: int) -> None:
        chat = _COMPLETIONS.get(request.path)
        if chat is not None and request.method == "POST":
            self._begin(request, chat, at_ns)
        elif request.path == "/truth":
            said: Any = self.server.truth()
            if request.method == "DELETE":
                self.server.forget()
                said = {}
            self.write(answer(200, said))
        elif request.path == "/v1/models":
            model = {"id": MODEL, "object": "model", "owned_by": "quantharness", "max_model_len": 1 << 20}
            self.write(answer(200, {"object": "list", "data": [model]}))
        else:
            self.write(answer(200 if request.path == "/health" else 404, {}))

    def _begin(self, request: Request, chat: bool, at_ns: int) -> None:
        body = msgspec.json.decode(request.body, type=dict[str, Any])
        what = asked(body, chat, self.server.schedule.tokens)
        own = body.get("calibration_number")
        reply = Reply(self, what, self.server.number() if own is None else int(own), at_ns)
        self._last = request.headers.get("connection", "").lower() == "close"
        reply.request_id = request.headers.get("x-request-id", "")
        reply.begin()
        self.server.begin(reply)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self.server.drop(self)
