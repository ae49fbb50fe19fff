"""What the load generator and its workers say to one another, over a socket pair that nobody else can read.

Each message is MessagePack behind its length in eight bytes. The target, and with it the API key in its headers, goes
this way too: never through arguments or the environment, which other processes can see.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
_LENGTH_BYTES = 8
MOST_BYTES = 64 << 20
"""What one reply may bring where the caller does not say: memory stays bounded whatever a server does."""


class Target(Struct, frozen=True):
    """Where every request goes (POST) and how long it may take; `headers` may hold a key, and are never shown.

    A request may take `timeout_seconds` in all, its connection `connect_seconds`, and nothing may come for
    `stall_seconds`. With https a certificate is checked unless `verify` is false, against `ca_file` or, where that is
    "", the system's authorities.
    """

    url: str
    headers: dict[str, str] = {}
    timeout_seconds: float = 600.0
    stall_seconds: float = 120.0
    connect_seconds: float = 10.0
    verify: bool = True
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"Target({self.url!r})"


class Start(Struct):
    """The first word to a worker: where to, and how many requests it may have under way."""

    target: Target
    slots: int


class Order(Struct, tag="order"):
    """Send this body as soon as a slot is free and follow the reply until `most_bytes` of it have come."""

    id: int
    body: bytes
    most_bytes: int


class LagQuestion(Struct, tag="lag?"):
    """Tell your lag samples since you last told any."""


class Landed(Struct, tag="landed"):
    """What a worker knows of a request that has ended. Arrays are int64 in the machine's byte order, one per read.

    `read_ns` is perf_counter_ns when it had been read, `arrived` the kernel's time of arrival as (seconds, nanoseconds)
    of CLOCK_REALTIME, zeros where it told none; `clock_ns` is that clock minus perf_counter_ns at the start and at the
    end of the request. `sizes` are the bytes of each read, `raw` all of them, `error` "" or one line.
    """

    id: int
    sent_ns: int
    done_ns: int
    read_ns: bytes
    arrived: bytes
    clock_ns: tuple[int, int]
    sizes: bytes
    raw: bytes
    error: str


class LagAnswer(Struct, tag="lag"):
    """Delays of the worker's timer in ns (int64)."""

    samples: bytes


class Ready(Struct, tag="ready"):
    """The first word of a worker: it waits for orders, or `error` says in one line why not."""

    error: str


ToWorker = Order | LagQuestion
FromWorker = Ready | Landed | LagAnswer
_encoder = msgspec.msgpack.Encoder()


def packed(message: Struct) -> bytes:
    """A message as it goes over the socket."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class Inbox(Generic[T]):
    """Bytes in, whole messages out; `kind` is T, which may be a union."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """The messages that these bytes complete."""
        self._rest += data
        while len(self._rest) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._rest[:_LENGTH_BYTES], "big")
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH_BYTES:end])
            del self._rest[:end]
            yield self._decoder.decode(body)
