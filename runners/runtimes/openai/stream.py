"""The load driver's stream over HTTP: every request a streamed completion, its chunks stamped as they arrive.

A load is timed, so nothing is repeated here: a failed or short reply ends it with the reason. Where a server tells its
counts at the end only, a request's events come together when it is done, with the times at which its chunks came.
"""

import asyncio
import queue
import socket
import sys
from collections.abc import AsyncIterator
from time import perf_counter_ns

import aiohttp

from harness.core.errors import HarnessError
from harness.core.runtime import StreamRequest, TokenEvent
from runners.runtimes.openai.client import Call
from runners.runtimes.openai.dialect import forced_fields
from runners.runtimes.openai.endpoint import Endpoint, checked
from runners.runtimes.openai.prompts import WordPrompts
from runners.runtimes.openai.retry import Again
from runners.runtimes.openai.settings import OpenAISettings
from runners.loadgen.sse import Events
from runners.runtimes.openai.tally import Tally
from runners.runtimes.openai.usage import Meter
from runners.runtimes.openai.wire import Reply, decode, excerpt

_POLL_SECONDS = 3600.0


class OpenAIStream:
    """At most `slots` requests are under way. `words` is None where prompts go as token ids."""

    def __init__(self, endpoint: Endpoint, settings: OpenAISettings, words: WordPrompts | None, meter: Meter,
                 slots: int) -> None:
        self._endpoint, self._settings, self._words, self._meter = endpoint, settings, words, meter
        self._slots = asyncio.Semaphore(slots)
        self._arrived: queue.SimpleQueue[TokenEvent | BaseException] = queue.SimpleQueue()
        self._under_way = 0

    def submit(self, request: StreamRequest) -> None:
        """Send a request, or queue it where all slots are taken; raises UserError for an impossible length."""
        call = self.call(request)
        self._under_way += 1
        self._endpoint.client.start(self._follow(request, call), self._failed)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """Wait for an event, then return all there are; [] at once where nothing is under way."""
        events: list[TokenEvent] = []
        wait = self._under_way > 0
        while True:
            try:
                one = self._arrived.get(wait, min(timeout_seconds, _POLL_SECONDS) if wait else None)
            except queue.Empty:
                return sorted(events, key=lambda event: event.at_ns)
            if isinstance(one, BaseException):
                raise one
            events.append(one)
            self._under_way -= one.done
            wait = False

    def call(self, request: StreamRequest) -> Call:
        """The request as it is sent."""
        prompt: str | list[int] = list(request.prompt) if self._words is None else self._words.text(request.prompt)
        chat = self._settings.endpoint == "chat"
        dialect = self._endpoint.dialect
        forced = (*dialect.forced, *self._settings.force_length.split())
        body: dict[str, object] = {"messages": [{"role": "user", "content": prompt}]} if chat else {"prompt": prompt}
        body |= {self._settings.max_tokens_field: request.output_tokens, "temperature": 0, "stream": True}
        return self._endpoint.call("/chat/completions" if chat else "/completions",
                                   {**body, **dialect.stream, **forced_fields(forced, request.output_tokens)})

    def _failed(self, error: BaseException | None) -> None:
        if error is not None:
            self._arrived.put(error)

    async def _follow(self, request: StreamRequest, call: Call) -> None:
        async with self._slots:
            tally = Tally()
            try:
                async with self._endpoint.client.opened(call) as response:
                    async for reply, at_ns in self._replies(response):
                        self._count(request, tally, reply, at_ns)
            except Again as failure:
                raise HarnessError(f"request {request.id} of the load failed: {failure}",
                                   "a timed request is not repeated: lower load.concurrency") from None
            await self._finish(request, tally)

    async def _replies(self, response: aiohttp.ClientResponse) -> AsyncIterator[tuple[Reply, int]]:
        if response.content_type != "text/event-stream":
            said = excerpt(self._endpoint.client.hide(await response.content.read(1 << 16)))
            raise HarnessError(f"the server answers a streamed request with {response.content_type}: {said}")
        events = Events()
        _acknowledge_at_once(response)
        async for chunk in response.content.iter_any():
            at_ns = perf_counter_ns()
            _acknowledge_at_once(response)
            for data in events.feed(chunk):
                if data.strip() == b"[DONE]":
                    return
                yield decode(self._endpoint.client.hide(data), Reply, "an event of the stream"), at_ns
        for data in events.end():
            if data.strip() != b"[DONE]":
                yield decode(self._endpoint.client.hide(data), Reply, "an event of the stream"), perf_counter_ns()

    def _count(self, request: StreamRequest, tally: Tally, reply: Reply, at_ns: int) -> None:
        if bytes(reply.error) != b"null" or (not reply.choices and reply.usage is None):
            checked(reply)
        new = tally.add(reply, at_ns)
        asked = request.output_tokens
        if tally.counted > asked or len(tally.chunks) > 16 * asked + 64:
            raise HarnessError(f"request {request.id} asked for {asked} tokens and the server sends more")
        if new:
            self._arrived.put(TokenEvent(request.id, at_ns, new, False))

    async def _finish(self, request: StreamRequest, tally: Tally) -> None:
        if not tally.finish:
            raise HarnessError(f"request {request.id}: the stream broke off after {len(tally.chunks)} chunks")
        asked = request.output_tokens
        again = None
        if not tally.source and not tally.usage and self._endpoint.dialect.tokenize[0]:
            again = len(await self._endpoint.tokenize("".join(tally.text)))
        tokens, source = tally.total(asked, again)
        if tokens != asked:
            raise HarnessError(f"request {request.id} asked for {asked} tokens and got {tokens} (finish_reason "
                               f"{tally.finish}, by {source})", "name fields that keep the server from ending early in "
                               "runtime.options.force_length, for example ignore_eos")
        self._meter.notes[f"loads counted by {source}"] += 1
        prompt = tally.usage.prompt_tokens if tally.usage else None
        if prompt is not None and prompt - len(request.prompt) not in (0, 1):
            raise HarnessError(f"a prompt of {len(request.prompt)} tokens is {prompt} to the server")
        self._meter.add(len(request.prompt), tokens)
        for at_ns, count in () if tally.source else tally.spread(tokens):
            self._arrived.put(TokenEvent(request.id, at_ns, count, False))
        # Done, without tokens of its own: only the end of the stream tells that all counts agree.
        self._arrived.put(TokenEvent(request.id, perf_counter_ns(), 0, True, tally.cached))



def _acknowledge_at_once(response: aiohttp.ClientResponse) -> None:
    """Switch off delayed acknowledgement, which Linux switches on again by itself (tcp(7), TCP_QUICKACK).

    A server that leaves Nagle's algorithm on, as llama-server does, holds a token back until the one before it is
    acknowledged: with delayed acknowledgement up to 40 ms, and then many tokens arrive as one.
    """
    transport = response.connection.transport if response.connection else None
    connection = transport.get_extra_info("socket") if transport else None
    if connection is not None and sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
