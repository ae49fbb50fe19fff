"""What a stream tells beside its tokens, and how it ends where a streamed request is turned away."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from aiohttp import web

from harness.core.errors import HarnessError
from harness.core.runtime import Delivery, StreamRequest, TokenEvent
from runners.runtimes.openai import open_session
from runners.runtimes.openai.session import OpenAISession
from runners.runtimes.openai.tally import count_differs
from tests.byte_server import ByteServer, running
from tests.hostile_server import HostileServer, _event
from tests.openai_jobs import openai_job

pytestmark = pytest.mark.alone


class Thinking(HostileServer):
    """Thinks for two tokens, then says two and calls a tool, with llama-server's timings; takes ids."""

    def _prompt(self, body: dict[str, Any]) -> bytes:
        return bytes(body["prompt"])

    async def stream_thinking(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                              made: list[int], finish: str) -> None:
        deltas: list[dict[str, Any]] = [
            {"role": "assistant", "content": ""}, {"reasoning_content": "hm"}, {"reasoning_content": "so"},
            {"content": "a"}, {"content": "b"}, {"tool_calls": [{"index": 0}]}]
        for number, delta in enumerate(deltas):
            await asyncio.sleep(0.05)
            timings = {"predicted_n": number, "prompt_ms": 12.5, "cache_n": 3}
            await _event(response, {"choices": [{"delta": delta}], "timings": timings})
        await self._end(response, finish, len(made))


class Picky(ByteServer):
    """Turns streamed requests away with a status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    async def stream(self, *_: object) -> web.StreamResponse:
        return web.json_response({"error": "not now"}, status=self.status)


def last(events: list[TokenEvent]) -> Delivery:
    """The delivery of the last event."""
    assert events[-1].done
    assert events[-1].delivery is not None
    return events[-1].delivery


def streamed(session: OpenAISession, tokens: int = 5) -> list[TokenEvent]:
    """One request of four tokens."""
    with session.stream(1) as stream:
        stream.submit(StreamRequest(1, (1, 2, 3, 4), tokens))
        return stream.poll(20.0)


def test_reasoning_is_generated_but_no_answer_and_a_role_is_neither(tmp_path: Path) -> None:
    before = time.perf_counter_ns()
    with running(Thinking("thinking")) as url:
        job = openai_job(tmp_path, {"base_url": url, "vocabulary": 256, "dialect": "plain"})
        with open_session(job) as session:
            events = streamed(session)
    told = last(events)
    first = events[0].at_ns
    assert [event.tokens for event in events] == [1, 1, 1, 1, 1, 0]
    assert before < told.sent_ns < told.headers_ns < first - 0.04e9  # the role came first, and is no token
    assert 0.07e9 < told.first_answer_ns - first < 1e9
    assert (told.counted_by, told.engine_prefill_seconds) == ("counts in every chunk", 0.0125)
    assert told.stamped_by in ("kernel", "client")
    assert 0.0 < told.lag_seconds < 5.0
    assert (events[-1].cached, told.cached_told) == (3, True)


def test_the_source_of_a_count_is_told_with_every_request(tmp_path: Path) -> None:
    for vllm, source in ((True, "token ids"), (False, "final usage")):
        with running(ByteServer(vllm, words=not vllm)) as url:
            job = openai_job(tmp_path, {"base_url": url, "vocabulary": 256})
            with open_session(job) as session:
                told = last(streamed(session))
        assert told.counted_by == source
        assert (told.engine_prefill_seconds, told.cached_told) == (0.0, False)


@pytest.mark.parametrize(("status", "message"), [
    (429, r"request 1 of the load failed: HTTP 429 \(.*not now.*\); a timed request is not repeated"),
    (503, "request 1 of the load failed: HTTP 503"),
    (403, "POST http.*/v1/completions was refused: HTTP 403 .*api_key_env"),
    (302, "was refused: HTTP 302"),
])
def test_a_streamed_request_that_is_turned_away_ends_the_load(status: int, message: str, tmp_path: Path) -> None:
    with running(Picky(status)) as url:
        job = openai_job(tmp_path, {"base_url": url, "vocabulary": 256})
        with open_session(job) as session, pytest.raises(HarnessError, match=message):
            streamed(session)


class Miscounting(ByteServer):
    """Sends text that its tokenizer counts otherwise than its usage."""

    async def stream(self, request: web.Request, body: dict[str, Any], prompt: bytes, made: list[int],
                     finish: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await _event(response, {"choices": [{"text": "xyz" * len(made), "finish_reason": finish}]})
        await _event(response, {"choices": [], "usage": self.usage(prompt, made)})
        return response


def test_usage_and_tokenizing_again_that_differ_are_a_warning_in_the_facts(tmp_path: Path) -> None:
    with running(Miscounting()) as url, \
            open_session(openai_job(tmp_path, {"base_url": url, "vocabulary": 256})) as session:
        assert last(streamed(session)).counted_by == "final usage"
        said = {one.name for one in session.facts().details}
    assert "warning: tokenized again a reply of 5 tokens has 15" in said


def test_two_percent_is_not_yet_a_difference() -> None:
    assert not count_differs(100, 102)
    assert count_differs(100, 103)
    assert count_differs(100, 97)
