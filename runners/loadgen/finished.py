"""A request that has ended, as the caller gets it; and from its bytes and times, the events of its stream. Pure."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError
from runners.loadgen.http import Body, Head, body_of, parse_head
from runners.loadgen.messages import Landed
from runners.loadgen.sse import Events

_SECOND_NS = 1_000_000_000
_CLOCK_MOVED_NS = 1_000_000


@dataclass(frozen=True)
class Finished:
    """One request; times are perf_counter_ns, 0 where it did not come that far.

    `sent_ns` is when the connection stood and the request was given to the system; `headers_ns` when the read arrived
    that completed the head; `done_ns` when the end was seen. `chunk_ns[i]` is when read i arrived, `chunk_end[i]` where
    it ends in `raw`, which is the whole reply as it came, head included (of TLS the plaintext). The times are the
    kernel's where it tells them (`by_kernel`), else those at which the client had read; those are in `read_ns`.
    `status` is 0 without a reply. `error` is "" or one line; what was received until then is there all the same.
    """

    id: int
    status: int
    sent_ns: int
    headers_ns: int
    done_ns: int
    chunk_ns: NDArray[np.int64]
    chunk_end: NDArray[np.int64]
    read_ns: NDArray[np.int64]
    by_kernel: bool
    raw: bytes
    error: str
    head: Head | None

    @property
    def content_type(self) -> str:
        """Without its parameters, "" where there is none."""
        told = self.head.headers.get("content-type", "") if self.head else ""
        return told.partition(";")[0].strip().lower()


def finish(landed: Landed) -> Finished:
    """The request with the times of its reads and its head."""
    read_ns = np.frombuffer(landed.read_ns, np.int64)
    told = np.frombuffer(landed.arrived, np.int64).reshape(-1, 2)
    ends = np.cumsum(np.frombuffer(landed.sizes, np.int64))
    error, head = landed.error, None
    try:
        head = parse_head(landed.raw) if landed.raw else None
    except HarnessError as wrong:
        error = error or str(wrong)
    if not error:
        error = _cut_short(landed.raw, head)
    by_kernel = bool(len(told)) and bool(told.any()) and _steady(landed)
    chunk_ns = arrivals(read_ns, told, landed.clock_ns[0], landed.sent_ns) if by_kernel else read_ns
    headers_ns = int(chunk_ns[np.searchsorted(ends, head.size)]) if head else 0
    return Finished(landed.id, head.status if head else 0, landed.sent_ns, headers_ns, landed.done_ns, chunk_ns, ends,
                    read_ns, by_kernel, landed.raw, error, head)


def _steady(landed: Landed) -> bool:
    """Whether nobody set the system's clock in the meantime; slewing moves both clocks alike."""
    return abs(landed.clock_ns[1] - landed.clock_ns[0]) < _CLOCK_MOVED_NS


def arrivals(read_ns: NDArray[np.int64], told: NDArray[np.int64], clock_ns: int, sent_ns: int) -> NDArray[np.int64]:
    """Times of arrival on the clock of perf_counter_ns: never before the request or an earlier read, never after the
    read itself, and that of the read where the kernel told none."""
    at = told[:, 0] * _SECOND_NS + told[:, 1] - clock_ns
    at = np.where(told.any(axis=1), at, read_ns)
    return np.minimum(np.maximum.accumulate(np.maximum(at, sent_ns)), read_ns)


def _cut_short(raw: bytes, head: Head | None) -> str:
    """What is missing of a reply that ended without an error, "" if nothing is."""
    if not raw:
        return "the server ended the connection without a reply"
    if head is None:
        return "the connection ended in the middle of the reply's head"
    try:
        body = body_of(raw, head)
    except HarnessError as wrong:
        return str(wrong)
    ended = raw.endswith(head.ends) if head.chunked else False  # the last event without the last chunk
    return "" if body.whole or ended else "the connection ended in the middle of the reply"


def body(finished: Finished) -> bytes:
    """The body as far as it came; raises HarnessError where it is no HTTP."""
    if finished.head is None:
        return b""
    return b"".join(finished.raw[start:end] for start, end in body_of(finished.raw, finished.head).spans)


def events(finished: Finished) -> Iterator[tuple[bytes, int]]:
    """(data, time) of every event of the stream: that of the read which completed it, "[DONE]" and all.

    Raises HarnessError for a body that is no HTTP, or an event without end.
    """
    if finished.head is None:
        return
    parser = Events()
    for piece, at_ns in _pieces(finished, body_of(finished.raw, finished.head)):
        for data in parser.feed(piece):
            yield data, at_ns
    last_ns = int(finished.chunk_ns[-1]) if len(finished.chunk_ns) else finished.done_ns
    for data in parser.end():
        yield data, last_ns


def _pieces(finished: Finished, body: Body) -> Iterator[tuple[bytes, int]]:
    """The body cut where reads ended, each piece with the time of its read."""
    raw, ends, times = finished.raw, finished.chunk_end.tolist(), finished.chunk_ns.tolist()
    read = 0
    for start, end in body.spans:
        read = bisect_left(ends, start + 1, read)
        while start < end:
            upto = min(end, ends[read])
            yield raw[start:upto], times[read]
            start = upto
            read += start == ends[read] and start < end
