"""The load driver's stream over HTTP: every request a streamed completion, sent and stamped by the load generator.

A load is timed, so nothing is repeated here: a failed or short reply ends it with the reason. What a reply says is
read when it has ended; all its events come together then, with the times at which their bytes arrived.
"""

import time
from collections.abc import Iterator

import msgspec

from harness.core.errors import HarnessError
from harness.core.runtime import Delivery, StreamRequest, TokenEvent
from runners import loadgen
from runners.runtimes.openai.client import Call, refusal
from runners.runtimes.openai.dialect import forced_fields
from runners.runtimes.openai.endpoint import Endpoint, checked
from runners.runtimes.openai.prompts import WordPrompts
from runners.runtimes.openai.retry import Again
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.tally import LIVE, Tally, count_differs
from runners.runtimes.openai.usage import Meter
from runners.runtimes.openai.wire import Reply, decode, excerpt

_LAG_SECONDS = 0.25
# What a reply may weigh: counts, timings and log-probabilities beside each token, and the prompt's ids once.
_FIXED_BYTES, _TOKEN_BYTES, _PROMPT_TOKEN_BYTES = 1 << 16, 1 << 12, 16


class OpenAIStream:
    """Requests through `client`, which bounds how many are under way. `words` is None where prompts go as token ids."""

    def __init__(self, endpoint: Endpoint, settings: OpenAISettings, words: WordPrompts | None, meter: Meter,
                 client: loadgen.Client) -> None:
        self._endpoint, self._settings, self._words, self._meter = endpoint, settings, words, meter
        self._client = client
        self._asked: dict[int, StreamRequest] = {}
        self._lag, self._lag_told = 0.0, 0.0
        self._recount: tuple[str, int] | None = None

    def submit(self, request: StreamRequest) -> None:
        """Send a request, or queue it where all slots are taken; raises UserError for an impossible length."""
        body = msgspec.json.encode(self.call(request).body)
        most = _FIXED_BYTES + _TOKEN_BYTES * request.output_tokens + _PROMPT_TOKEN_BYTES * len(request.prompt)
        self._asked[request.id] = request
        self._client.submit(request.id, body, most)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """Wait for a reply to end and return the events of all that have; [] at once where nothing is under way."""
        finished = self._client.poll(timeout_seconds)
        if finished and time.monotonic() - self._lag_told > _LAG_SECONDS:
            self._lag, self._lag_told = self._client.lag(reset=False).p99_seconds, time.monotonic()
        return sorted((event for one in finished for event in self._read(one)), key=lambda event: event.at_ns)

    def call(self, request: StreamRequest) -> Call:
        """The request as it is sent."""
        prompt: str | list[int] = list(request.prompt) if self._words is None else self._words.text(request.prompt)
        chat = self._settings.endpoint == "chat"
        dialect = self._endpoint.dialect
        forced = (*dialect.forced, *self._settings.force_length.split())
        body: dict[str, object] = {"messages": [{"role": "user", "content": prompt}]} if chat else {"prompt": prompt}
        body |= {self._settings.max_tokens_field: request.output_tokens, "temperature": 0, "stream": True}
        return self._endpoint.call(self._settings.path,
                                   {**body, **dialect.stream, **forced_fields(forced, request.output_tokens)})

    def count_again(self) -> None:
        """Let the server tokenize one reply whose tokens it had counted itself, after the load, and note the outcome.

        MEASURING: usage and tokenizing again that differ by more than 2 % are worth a warning.
        """
        if self._recount is None or not self._endpoint.dialect.tokenize[0]:
            return
        text, tokens = self._recount
        again, around = (len(self._endpoint.client.run(self._endpoint.tokenize(one))) for one in (text, ""))
        if count_differs(tokens, again - around):
            self._meter.notes[f"warning: tokenized again a reply of {tokens} tokens has {again - around}"] += 1

    def _read(self, finished: loadgen.Finished) -> Iterator[TokenEvent]:
        request = self._asked.pop(finished.id)
        tally = Tally()
        try:
            self._check_answer(finished)
            for reply, at_ns in self._replies(finished):
                yield from self._count(request, tally, reply, at_ns)
            if finished.error:
                raise Again(finished.error)
        except Again as failure:
            raise HarnessError(f"request {request.id} of the load failed: {failure}",
                               "a timed request is not repeated: lower load.concurrency") from None
        yield from self._finish(request, tally, finished)

    def _check_answer(self, finished: loadgen.Finished) -> None:
        """Raises Again or HarnessError for a reply that is no stream of events."""
        if not finished.status:
            raise Again(finished.error)
        if not 200 <= finished.status < 300:
            request = f"POST {self._endpoint.base_url}{self._settings.path}"
            raise refusal(request, finished.status, self._said(finished), None)
        if finished.content_type != "text/event-stream":
            kind = finished.content_type or "a reply of no type"
            raise HarnessError(f"the server answers a streamed request with {kind}: {self._said(finished)}")

    def _said(self, finished: loadgen.Finished) -> str:
        return excerpt(self._endpoint.client.hide(loadgen.body(finished)))

    def _replies(self, finished: loadgen.Finished) -> Iterator[tuple[Reply, int]]:
        for data, at_ns in loadgen.events(finished):
            if data.strip() == b"[DONE]":
                return
            yield decode(self._endpoint.client.hide(data), Reply, "an event of the stream"), at_ns

    def _count(self, request: StreamRequest, tally: Tally, reply: Reply, at_ns: int) -> Iterator[TokenEvent]:
        if bytes(reply.error) != b"null" or (not reply.choices and reply.usage is None):
            checked(reply)
        new = tally.add(reply, at_ns)
        asked = request.output_tokens
        if tally.counted > asked or len(tally.chunks) > 16 * asked + 64:
            raise HarnessError(f"request {request.id} asked for {asked} tokens and the server sends more")
        if new:
            yield TokenEvent(request.id, at_ns, new, False)

    def _finish(self, request: StreamRequest, tally: Tally, finished: loadgen.Finished) -> Iterator[TokenEvent]:
        tokens, source = self._total(request, tally)
        if self._recount is None and source != LIVE[0]:
            self._recount = "".join(tally.text), tokens
        self._meter.notes[f"loads counted by {source}"] += 1
        self._meter.add(len(request.prompt), tokens)
        for at_ns, count in () if tally.source else tally.spread(tokens):
            yield TokenEvent(request.id, at_ns, count, False)
        delivery = Delivery(
            finished.sent_ns, finished.headers_ns, tally.first_answer_ns, source, tally.prefill_seconds,
            tally.cached is not None, self._lag, "kernel" if finished.by_kernel else "client")
        # Done, without tokens of its own: only the end of the stream tells that all counts agree.
        yield TokenEvent(request.id, finished.done_ns, 0, True, tally.cached or 0, delivery)

    def _total(self, request: StreamRequest, tally: Tally) -> tuple[int, str]:
        """(output tokens, where the number is from); raises HarnessError for other lengths than were asked for."""
        if not tally.finish:
            raise HarnessError(f"request {request.id}: the stream broke off after {len(tally.chunks)} chunks")
        asked, again = request.output_tokens, None
        if not tally.source and not tally.usage and self._endpoint.dialect.tokenize[0]:
            again = len(self._endpoint.client.run(self._endpoint.tokenize("".join(tally.text))))
        tokens, source = tally.total(asked, again)
        if tokens != asked:
            raise HarnessError(f"request {request.id} asked for {asked} tokens and got {tokens} (finish_reason "
                               f"{tally.finish}, by {source})", "name fields that keep the server from ending early in "
                               "runtime.options.force_length, for example ignore_eos")
        prompt = tally.usage.prompt_tokens if tally.usage else None
        if prompt is not None and prompt - len(request.prompt) not in (0, 1):
            raise HarnessError(f"a prompt of {len(request.prompt)} tokens is {prompt} to the server")
        return tokens, source
