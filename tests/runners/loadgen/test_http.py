"""Requests as bytes, and replies that may be cut anywhere."""

import pytest

from harness.core.errors import HarnessError, UserError
from runners.loadgen.http import body_of, parse_head, request_head
from runners.loadgen.messages import Target

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def _body(raw: bytes) -> tuple[bytes, bool]:
    head = parse_head(raw)
    assert head is not None
    found = body_of(raw, head)
    return b"".join(raw[start:end] for start, end in found.spans), found.whole


def test_a_request_names_its_host_and_ends_with_the_length_to_come() -> None:
    head = request_head(Target("http://box:8080/v1/completions?a=1", {"Authorization": "Bearer k"})).decode()
    assert head.startswith("POST /v1/completions?a=1 HTTP/1.1\r\nHost: box:8080\r\n")
    assert "\r\nAuthorization: Bearer k\r\n" in head
    assert "\r\nConnection: close\r\n" in head
    assert head.endswith("\r\nContent-Length: ")


def test_a_header_with_a_line_break_is_refused_without_its_value() -> None:
    with pytest.raises(UserError, match="the header Authorization holds a line break") as raised:
        request_head(Target("http://h/", {"Authorization": "Bearer secret\r\nX: y"}))
    assert "secret" not in str(raised.value)


def test_a_target_does_not_show_its_headers() -> None:
    assert "secret" not in repr(Target("http://h/", {"Authorization": "secret"}))


def test_a_head_is_read_when_it_is_whole() -> None:
    raw = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\nX: a: b\r\n\r\nbody"
    assert all(parse_head(raw[:end]) is None for end in range(len(raw) - 5))
    head = parse_head(raw)
    assert head is not None
    assert (head.status, head.reason, head.headers["retry-after"], head.headers["x"]) == (
        429, "Too Many Requests", "3", "a: b")
    assert raw[head.size:] == b"body"


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n",
                                 b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000])
def test_what_is_no_http_is_said_so(raw: bytes) -> None:
    with pytest.raises(HarnessError, match=r"HTTP/1\.1|status"):
        parse_head(raw)


@pytest.mark.parametrize(("raw", "body", "whole"), [
    (CHUNKED + b"3\r\nabc\r\n0002;x=y\r\nde\r\n0\r\n\r\n", b"abcde", True),
    (CHUNKED + b"3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc", True),
    (CHUNKED + b"3\r\nabc\r\n5\r\nde", b"abcde", False),
    (CHUNKED + b"3\r\nabc\r\n5", b"abc", False),
    (CHUNKED + b"3\r\nabc\r", b"abc", False),
    (CHUNKED, b"", False),
    (CHUNKED + b"e\r\ndata: [DONE]\n\n\r\n", b"data: [DONE]\n\n", True),
    (HEAD + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
    (HEAD + b"Content-Length: 3\r\n\r\nab", b"ab", False),
    (HEAD + b"Content-Length: 3\r\n\r\nabcd", b"abc", True),
    (HEAD + b"\r\nabc", b"abc", True),
])
def test_a_body_is_found_however_it_is_framed(raw: bytes, body: bytes, whole: bool) -> None:
    assert _body(raw) == (body, whole)


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n", b"-1\r\nabc\r\n", b"2\r\nabc\r\n", b"\r\n"])
def test_chunks_that_are_none_are_refused(chunks: bytes) -> None:
    with pytest.raises(HarnessError, match="chunks of other lengths"):
        _body(CHUNKED + chunks)
