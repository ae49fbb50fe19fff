"""Times of reads, heads and events, from the bytes and clocks that a worker hands over."""

import json
from array import array
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runners.loadgen.finished import arrivals, body, events, finish
from runners.loadgen.messages import Landed
from tests.runners.loadgen.scripted import CHUNKED, chunk

SENT, CLOCK = 1_000_000_000, 5_000_000_000_000
TEXTS = ["one", "é漢字", "", "\U0001f600"]
RAW = CHUNKED + b"".join(
    chunk(f"data: {json.dumps({'text': text}, ensure_ascii=False)}{end}{end}".encode())
    for text, end in zip(TEXTS, ["\n", "\r\n", "\n", "\n"], strict=True)) + chunk(b"data: [DONE]\n\n") + chunk(b"")


def landed(parts: list[bytes], late_ns: int = 0, told: bool = True, moved_ns: int = 0, error: str = "") -> Landed:
    """Reads that arrived every millisecond, each read `late_ns` later than that."""
    arrived = [SENT + (at + 1) * 1_000_000 for at in range(len(parts))]
    stamps = array("q")
    for at_ns in arrived:
        stamps.extend(divmod(at_ns + CLOCK, 1_000_000_000) if told else (0, 0))
    reads = array("q", [at_ns + late_ns for at_ns in arrived])
    return Landed(7, SENT, SENT + 10**9, reads.tobytes(), stamps.tobytes(), (CLOCK, CLOCK + moved_ns),
                  array("q", map(len, parts)).tobytes(), b"".join(parts), error)


@given(st.lists(st.integers(1, len(RAW) - 1), max_size=20, unique=True))
def test_an_event_has_the_time_of_the_read_with_its_last_byte_wherever_reads_end(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(RAW)]
    finished = finish(landed([RAW[start:end] for start, end in pairwise(edges)]))
    assert finished.error == ""
    assert finished.status == 200
    found = events(finished)
    assert [data for data, _ in found] == [
        *(json.dumps({"text": text}, ensure_ascii=False).encode() for text in TEXTS), b"[DONE]"]
    for data, at_ns in found:
        last = RAW.index(data) + len(data) + (4 if "é".encode() in data else 2)
        read = sum(edge < last for edge in edges[1:-1])
        assert at_ns == SENT + (read + 1) * 1_000_000
    in_head = sum(edge < len(CHUNKED) for edge in edges[1:-1])
    assert finished.headers_ns == SENT + (in_head + 1) * 1_000_000


def test_a_client_that_was_late_does_not_move_what_the_kernel_stamped() -> None:
    late = 3_000_000
    exact, own = finish(landed([RAW], late)), finish(landed([RAW], late, told=False))
    assert exact.by_kernel
    assert not own.by_kernel
    assert int(own.chunk_ns[0]) - int(exact.chunk_ns[0]) == late


def test_a_clock_that_was_set_meanwhile_is_not_used() -> None:
    moved = finish(landed([RAW], 3_000, moved_ns=2_000_000))
    assert not moved.by_kernel
    assert list(moved.chunk_ns) == list(moved.read_ns)


def test_arrivals_keep_their_order_between_sending_and_reading() -> None:
    told = np.array([[0, 90], [0, 150], [0, 140], [0, 0], [0, 999]])
    read = np.array([120, 170, 180, 190, 200])
    assert arrivals(read, told, 0, 100).tolist() == [100, 150, 150, 190, 200]


def test_what_is_cut_short_is_said_and_kept() -> None:
    cut = finish(landed([RAW[:-30]]))
    assert cut.error == "the connection ended in the middle of a reply"
    assert events(cut)[0][0] == b'{"text": "one"}'
    assert finish(landed([])).error == "the connection ended without a reply"
    assert finish(landed([b"HTTP/1.1 200"])).error == "the connection ended in the middle of a reply"
    assert finish(landed([b"HTTP/1.1 200"], error="too slow")).error == "too slow"
    assert "does not answer in HTTP" in finish(landed([b"220 smtp ready\r\n"])).error


def test_a_reply_that_is_no_stream_has_its_body_and_type() -> None:
    raw = b"HTTP/1.1 400 Bad\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"
    refused = finish(landed([raw]))
    assert (refused.status, refused.content_type, body(refused), refused.error) == (400, "application/json", b"{}", "")
