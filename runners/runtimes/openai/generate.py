"""Replies to prompts through /completions or /chat/completions, their token counts checked against what was asked."""

import re

from harness.core.errors import HarnessError
from harness.core.runtime import FinishReason, GenerateRequest, Generation
from runners.runtimes.openai.client import Refused
from runners.runtimes.openai.endpoint import Endpoint, checked, usage_of
from runners.runtimes.openai.messages import unpack
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.usage import Meter, check_counts
from runners.runtimes.openai.wire import Choice, Reply

OVERFLOW = re.compile(r"context.?(length|size|window)|maximum context|exceeds? the (available )?context", re.I)
_SEEDS = 2**31 - 1  # some servers keep a seed in 32 bits with a sign, and read -1 as "any"
_ENDS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "eos": "stop", "eos_token": "stop",
                                  "stop_sequence": "stop", "tool_calls": "stop", "content_filter": "stop"}


class Generator:
    """Asks one endpoint and counts into `meter`."""

    def __init__(self, endpoint: Endpoint, settings: OpenAISettings, meter: Meter) -> None:
        self._endpoint, self._settings, self._meter = endpoint, settings, meter

    async def reply(self, request: GenerateRequest) -> Generation:
        """One generation; a prompt beyond the context window ends as "context", every other refusal is raised."""
        if request.max_tokens < 1:
            return Generation("", 0, 0, "length", ())
        call = self._endpoint.call(self._settings.path, self.body(request))
        try:
            reply = checked(await self._endpoint.client.ask(call, Reply))
        except Refused as error:
            if error.status in (400, 413, 422) and OVERFLOW.search(str(error)):
                self._meter.notes["prompts beyond the context window"] += 1
                return Generation("", 0, 0, "context", ())
            raise
        return await self._read(request, reply)

    def body(self, request: GenerateRequest) -> dict[str, object]:
        """The request's fields; filters that are off are only sent to servers whose defaults are on."""
        sampling, known = request.sampling, self._endpoint.dialect.sampling
        body: dict[str, object] = {self._settings.max_tokens_field: request.max_tokens,
                                   "temperature": sampling.temperature, "seed": request.seed & _SEEDS}
        if self._settings.endpoint == "chat":
            body["messages"] = unpack(request.prompt)
        else:
            body["prompt"] = request.prompt
        if request.stop:
            body["stop"] = list(request.stop)
        off = {"top_p": 1.0, "top_k": 0, "min_p": 0.0}
        asked = {name: getattr(sampling, name) for name in off}
        needed = {name for name in off if asked[name] != off[name] or (known and sampling.temperature)}
        return body | {name: asked[name] for name in needed}

    async def _read(self, request: GenerateRequest, reply: Reply) -> Generation:
        choice = reply.choices[0]
        text = choice.said
        for stop in request.stop:  # for servers that leave it in
            text = text.partition(stop)[0]
        prompt, output = await self._counts(request, reply)
        check_counts(prompt, output, text, request.max_tokens)
        self._meter.add(prompt, output)
        end = self._end(choice)
        if end == "length" and output < request.max_tokens:
            end = "context"  # it was not our limit that ended it
        return Generation(text, output, prompt, end, await self._first(request))

    async def _counts(self, request: GenerateRequest, reply: Reply) -> tuple[int, int]:
        """Prompt and output tokens: token ids, else usage, else counted by the server's tokenizer."""
        usage, choice = usage_of(reply), reply.choices[0]
        output = len(choice.token_ids) if choice.token_ids is not None else usage.completion_tokens
        if usage.prompt_tokens is not None and output is not None:
            return usage.prompt_tokens, output
        if not self._endpoint.dialect.tokenize[0] or self._settings.endpoint == "chat":
            raise HarnessError("the server's reply has no usage, and there is no tokenizer to count its tokens with")
        self._meter.notes["replies counted by tokenizing them again"] += 1
        again = len(await self._endpoint.tokenize(choice.generated)) if output is None else output
        return len(await self._endpoint.tokenize(request.prompt)), again

    def _end(self, choice: Choice) -> FinishReason:
        reason = choice.finish_reason or ""
        if reason not in _ENDS:
            raise HarnessError(f"the server ends a reply for an unknown reason: {reason or 'none given'}")
        if reason in ("content_filter", "tool_calls"):
            self._meter.notes[f"replies ended by {reason}"] += 1
        return _ENDS[reason]

    async def _first(self, request: GenerateRequest) -> tuple[int, ...]:
        if self._settings.endpoint == "chat" or not self._endpoint.dialect.tokenize[0]:
            return ()
        return tuple((await self._endpoint.tokenize(request.prompt))[:8])
