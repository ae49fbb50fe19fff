"""The calibration server as a client sees it: the protocol, the times, and that it tells the truth about them."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from harness.core.calibration import Schedule
from runners.calibration.process import Running, running

pytestmark = pytest.mark.alone

SCHEDULE = Schedule(rate=200, tokens=10, tokens_per_chunk=3, first_seconds=0.05)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(SCHEDULE) as found:
        yield found


def connect(server: Running) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(server.url.split("/")[2], timeout=10))


def post(server: Running, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    with connect(server) as connection:
        connection.request("POST", path, json.dumps(body), headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()


def events(raw: bytes) -> list[dict[str, Any]]:
    lines = [line.removeprefix(b"data: ") for line in raw.split(b"\n\n") if line]
    assert lines[-1] == b"[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_completion_streams_its_chunks_and_ends_with_the_limit(server: Running) -> None:
    asked = {"prompt": [1, 2, 3, 4], "stream": True, "stream_options": {"include_usage": True},
             "return_token_ids": True}
    found = events(post(server, "/v1/completions", asked)[1])
    choices = [one["choices"][0] for one in found[:-1]]
    assert [len(one["token_ids"]) for one in choices] == [3, 3, 3, 1]
    assert [one["text"].count("one") for one in choices] == [3, 3, 3, 1]
    assert [one["finish_reason"] for one in choices] == [None, None, None, "length"]
    assert found[-1]["usage"] == {"prompt_tokens": 4, "completion_tokens": 10, "total_tokens": 14}


def test_counts_come_in_every_chunk_where_asked_for(server: Running) -> None:
    asked = {"prompt": "a b", "stream": True, "max_tokens": 7, "stream_options": {"continuous_usage_stats": True}}
    found = events(post(server, "/v1/completions", asked)[1])
    assert [one["usage"]["completion_tokens"] for one in found] == [3, 6, 7]


def test_a_chat_begins_with_a_role_that_is_no_token(server: Running) -> None:
    asked = {"messages": [{"role": "user", "content": "a b"}], "stream": True, "max_completion_tokens": 3}
    found = events(post(server, "/v1/chat/completions", asked)[1])
    assert [one["choices"][0]["delta"].get("content") for one in found] == ["", " one one one"]


def test_a_reply_that_is_not_streamed_comes_whole(server: Running) -> None:
    found = json.loads(post(server, "/v1/completions", {"prompt": "a", "max_tokens": 4})[1])
    assert found["choices"][0]["text"] == " one" * 4
    assert found["usage"]["completion_tokens"] == 4


def test_it_says_what_it_serves_and_that_it_is_well(server: Running) -> None:
    said = {}
    with connect(server) as connection:
        for path in ("/v1/models", "/health", "/nothing"):  # one connection for all
            connection.request("GET", path)
            reply = connection.getresponse()
            said[path] = reply.status, json.load(reply)
    assert [status for status, _ in said.values()] == [200, 200, 404]
    assert [one["id"] for one in said["/v1/models"][1]["data"]] == ["calibration"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"max_tokens": -1}', b'{"max_tokens": "many"}'])
def test_nonsense_is_refused_and_the_server_lives_on(server: Running, body: bytes) -> None:
    with connect(server) as connection:
        connection.request("POST", "/v1/completions", body)
        assert connection.getresponse().status == 400
    assert post(server, "/v1/completions", {"max_tokens": 1})[0] == 200


def test_a_client_that_goes_away_takes_nothing_with_it(server: Running) -> None:
    for _ in range(5):
        with connect(server) as connection:
            connection.request("POST", "/v1/completions", b'{"stream": true, "max_tokens": 1000}')
    assert post(server, "/v1/completions", {"max_tokens": 1})[0] == 200


def test_the_truth_is_what_was_due_and_what_was_sent(server: Running) -> None:
    server.forget()
    before = time.perf_counter_ns()
    asked = {"prompt": "a", "stream": True, "max_tokens": 9, "calibration_number": 77}
    post(server, "/v1/completions", asked, {"X-Request-ID": "mine"})
    after = time.perf_counter_ns()
    (told,) = server.truth().served
    assert (told.number, told.request_id, told.tokens) == (77, "mine", 9)
    assert before < told.received_ns < told.sent_ns[0] < told.sent_ns[-1] < after
    assert all(sent >= due for sent, due in zip(told.sent_ns, told.due_ns, strict=True))
    assert [due - told.received_ns for due in told.due_ns] == [50_000_000, 65_000_000, 80_000_000]
    assert told.tpot_seconds == pytest.approx(0.005, rel=0.5)
    server.forget()
    assert server.truth().served == ()


def test_a_slow_reader_gets_every_byte_and_is_counted() -> None:
    with running(Schedule(rate=1e7, tokens_per_chunk=10_000, tokens=4_000_000, first_seconds=0)) as server:
        host, port = server.url.split("/")[2].split(":")
        body = b'{"stream": true}'
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((host, int(port)))
            client.sendall(b"POST /v1/completions HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
                           % (len(body), body))
            time.sleep(1)
            got = b"".join(iter(lambda: client.recv(1 << 16), b""))
        assert got.count(b" one") == 4_000_000
        assert got.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        assert server.truth().blocked > 0
