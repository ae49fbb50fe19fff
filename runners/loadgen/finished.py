"""A request that has ended, as the caller gets it; and from its bytes and times, the events of its stream. Pure."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError
from runners.loadgen.http import Body, Head, body_of, parse_head
from runners.loadgen.messages import Landed
from runners.loadgen.sse import data_of

_SECOND_NS = 1_000_000_000
_CLOCK_MOVED_NS = 1_000_000


@dataclass(frozen=True)
class Finished:
    """One request; times are perf_counter_ns, 0 where it did not come that far.

    `sent_ns` is when the connection stood and the request was given to the system; `headers_ns` when the read arrived
    that completed the head; `done_ns` when the end was seen. `chunk_ns[i]` is when read i arrived, `chunk_end[i]` where
    it ends in `raw`, which is the whole reply as it came, head included (of TLS the plaintext);
    `head` and `body` are where they lie in it. The times are the
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
    raw: bytes = field(repr=False)  # some servers send a request's headers back, and with them the key
    error: str
    head: Head | None = field(repr=False)
    body: Body | None = field(repr=False)

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
    head, body, wrong = _parsed(landed.raw)
    by_kernel = bool(len(told)) and bool(told.any()) and _steady(landed)
    chunk_ns = arrivals(read_ns, told, landed.clock_ns[0], landed.sent_ns) if by_kernel else read_ns
    headers_ns = int(chunk_ns[np.searchsorted(ends, head.size)]) if head else 0
    return Finished(landed.id, head.status if head else 0, landed.sent_ns, headers_ns, landed.done_ns, chunk_ns, ends,
                    read_ns, by_kernel, landed.raw, landed.error or wrong, head, body)


def _steady(landed: Landed) -> bool:
    """Whether nobody set the system's clock in the meantime; slewing moves both clocks alike."""
    return abs(landed.clock_ns[1] - landed.clock_ns[0]) < _CLOCK_MOVED_NS


def arrivals(read_ns: NDArray[np.int64], told: NDArray[np.int64], clock_ns: int, sent_ns: int) -> NDArray[np.int64]:
    """Times of arrival on the clock of perf_counter_ns: never before the request or an earlier read, never after the
    read itself, and that of the read where the kernel told none."""
    at = told[:, 0] * _SECOND_NS + told[:, 1] - clock_ns
    at = np.where(told.any(axis=1), at, read_ns)
    return np.minimum(np.maximum.accumulate(np.maximum(at, sent_ns)), read_ns)


def _parsed(raw: bytes) -> tuple[Head | None, Body | None, str]:
    """Head and body as far as they came, and what is wrong or missing, "" if nothing is."""
    head = None
    try:
        head = parse_head(raw) if raw else None
        body = body_of(raw, head) if head else None
    except HarnessError as wrong:
        return head, None, str(wrong)
    if body is None or not body.whole:
        return head, body, f"the connection ended {'in the middle of' if raw else 'without'} a reply"
    return head, body, ""


def body(finished: Finished) -> bytes:
    """The body as far as it came; b"" where it is no HTTP."""
    spans = finished.body.spans if finished.body else ()
    return b"".join([finished.raw[start:end] for start, end in spans])


def events(finished: Finished) -> list[tuple[bytes, int]]:
    """(data, time) of every event of the stream: that of the read which completed it, "[DONE]" and all."""
    if finished.body is None:
        return []
    found = list(data_of(body(finished)))
    spans = np.array(finished.body.spans, np.int64).reshape(-1, 2)
    upto = np.cumsum(spans[:, 1] - spans[:, 0])
    ends = np.array([end for _, end in found], np.int64)
    chunk = np.searchsorted(upto, ends)  # the part of the body with the event's last byte
    in_raw = spans[chunk, 1] - (upto[chunk] - ends)
    times = finished.chunk_ns[np.searchsorted(finished.chunk_end, in_raw)].tolist()
    return [(data, at_ns) for (data, _), at_ns in zip(found, times, strict=True)]
