"""Log-likelihoods through /completions: an echoed prompt with logprobs, or vLLM's prompt_logprobs.

Where the server tokenizes and takes token ids, a text is split into ids as every other runtime splits it. Where it
takes text alone, the tokens of a context are counted by asking about the context alone, which is the same split.
Whether a server's numbers are right is `probe`'s question.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from harness.core.errors import HarnessError, UserError
from harness.core.runtime import Score, ScoreRequest
from runners.pairs import encode_pair, rolling_windows
from runners.runtimes.openai.client import Refused
from runners.runtimes.openai.endpoint import Endpoint, usage_of
from runners.runtimes.openai.generate import OVERFLOW
from runners.runtimes.openai.messages import is_packed
from runners.runtimes.openai.usage import Meter
from runners.runtimes.openai.wire import Logprobs, Reply, decode

_TIE = 1e-6
Prompt = str | list[int]


@dataclass(frozen=True)
class Method:
    """How to ask: which field brings the logprobs of the prompt, and whether prompts go as token ids.

    `hidden` is how many of the tokens that usage counts the server leaves out of its list (a BOS).
    """

    field: str
    ids: bool
    hidden: int = 0


@dataclass(frozen=True)
class Token:
    """Log-probability in nats of one prompt token, and whether none is likelier."""

    logprob: float
    greedy: bool


class Scorer:
    """Scores by one method; `prefix` is the text of the token before a text without context."""

    def __init__(self, endpoint: Endpoint, method: Method, prefix: str, meter: Meter) -> None:
        self._endpoint, self.method, self._prefix, self._meter = endpoint, method, prefix, meter
        self._lengths: dict[str, asyncio.Task[int]] = {}
        self._first_token: list[int] = []
        self._adds_bos = False

    async def score(self, request: ScoreRequest) -> Score:
        """One continuation; raises UserError for what this endpoint cannot score."""
        if is_packed(request.context):
            raise UserError("a chat endpoint gives no log-probabilities of a text it was given",
                            "use runtime.options.endpoint=completions, or a suite without chat templates")
        if not request.continuation:
            return Score(0.0, True, 0, await self._length(request.context or self._prefix), ())
        if self.method.ids:
            return await self._by_ids(request)
        bare = request.context.rstrip()
        context = bare or self._needed_prefix()
        whole = context + request.context[len(bare):] + request.continuation
        head = await self._length(context)
        return self._sum((await self.tokens(whole))[head:], head, await self._first(whole))

    async def roll(self, text: str, window: int) -> Score:
        """A whole text, in windows where it is longer than the context and the server takes ids."""
        if not text:
            return Score(0.0, True, 0, 0, ())
        if not self.method.ids:
            scored = await self.score(ScoreRequest("", text))
            return msgspec.structs.replace(scored, context_tokens=0)
        ids = await self._ids(text)
        start = await self._start()
        windows = rolling_windows(ids[self._adds_bos:], start[0], window)
        parts = [await self._score_ids(head, tail) for head, tail in windows]
        return Score(sum(one.logprob for one in parts), all(one.is_greedy for one in parts),
                     sum(one.tokens for one in parts), 0, tuple(parts[0].first_tokens))

    async def tokens(self, prompt: Prompt) -> list[Token | None]:
        """One entry per prompt token that usage counts, None where the server gives no number (the first)."""
        body: dict[str, object] = {"prompt": prompt, "max_tokens": 1, "temperature": 0}
        body |= {"echo": True, "logprobs": 1} if self.method.field == "echo" else {"prompt_logprobs": 1}
        reply = await self._complete(body)
        usage = usage_of(reply)
        if usage.prompt_tokens is None:
            raise HarnessError("the server sends logprobs without usage, so that they cannot be told apart")
        self._meter.add(usage.prompt_tokens, usage.completion_tokens or 0)
        found = _echoed(reply) if self.method.field == "echo" else _prompt_logprobs(reply)
        found = [*(None,) * self.method.hidden, *found]
        # One more is the token that had to be generated, which not every server counts where it is the end.
        if len(found) - usage.prompt_tokens not in (0, 1):
            raise HarnessError(f"the server counts {usage.prompt_tokens} prompt tokens and sends log-probabilities of "
                               f"{len(found)}")
        if isinstance(prompt, list) and usage.prompt_tokens != len(prompt):
            raise HarnessError(f"the server was given {len(prompt)} token ids and counts {usage.prompt_tokens}")
        return found[:usage.prompt_tokens]

    async def _complete(self, body: dict[str, object]) -> Reply:
        try:
            return await self._endpoint.complete(body)
        except Refused as error:
            if not OVERFLOW.search(str(error)):
                raise
            raise UserError(f"a text to score is longer than the context window: {error}",
                            "raise the server's context or leave out the item") from None

    def _sum(self, tokens: Sequence[Token | None], head: int, first: tuple[int, ...]) -> Score:
        known = [token for token in tokens if token is not None]
        if len(known) != len(tokens) or not known:
            raise HarnessError("the server gives no log-probability for a token of the continuation")
        return Score(math.fsum(one.logprob for one in known), all(one.greedy for one in known), len(known), head, first)

    async def _by_ids(self, request: ScoreRequest) -> Score:
        bare = request.context.rstrip()
        moved = request.context[len(bare):] + request.continuation
        if not bare:
            start = await self._start()
            return await self._score_ids(start, (await self._ids(moved))[self._adds_bos:])
        texts = {text: await self._ids(text) for text in (bare, bare + moved)}
        head, tail = encode_pair(lambda text: texts[text], bare, moved)
        return await self._score_ids(head, tail)

    async def _score_ids(self, head: list[int], tail: list[int]) -> Score:
        tokens = await self.tokens(head + tail)
        return self._sum(tokens[len(head):], len(head), tuple((head + tail)[:8]))

    async def _ids(self, text: str) -> list[int]:
        return await self._endpoint.tokenize(text)

    async def _start(self) -> list[int]:
        """The token before a text without context, in a list: the server's BOS, else the configured prefix."""
        if not self._first_token:
            ids = await self._ids("")
            self._adds_bos = len(ids) == 1
            ids = ids if self._adds_bos else await self._ids(self._needed_prefix())
            if len(ids) != 1:
                raise UserError(f"runtime.options.prefix is {len(ids)} tokens and not one",
                                "give the model's BOS or EOS token as text")
            self._first_token = ids
        return self._first_token

    def _needed_prefix(self) -> str:
        if not self._prefix:
            raise UserError("a text without context needs a first token, and the server adds none",
                            "give the model's BOS or EOS token as runtime.options.prefix")
        return self._prefix

    async def _length(self, text: str) -> int:
        """Tokens of a context alone, asked once."""
        if text not in self._lengths:
            self._lengths[text] = asyncio.ensure_future(self._ask_length(text))
        return await self._lengths[text]

    async def _ask_length(self, text: str) -> int:
        if self._endpoint.dialect.tokenize[0]:
            return len(await self._endpoint.tokenize(text))
        reply = await self._complete({"prompt": text, "max_tokens": 1, "temperature": 0})
        length = usage_of(reply).prompt_tokens
        if not length:
            raise HarnessError("the server does not count the tokens of a prompt")
        return length

    async def _first(self, text: str) -> tuple[int, ...]:
        return tuple((await self._endpoint.tokenize(text))[:8]) if self._endpoint.dialect.tokenize[0] else ()


def _echoed(reply: Reply) -> list[Token | None]:
    raw = reply.choices[0].logprobs
    if bytes(raw) == b"null":
        raise HarnessError("the server echoes a prompt without logprobs")
    found = decode(bytes(raw), Logprobs, "the server's logprobs")
    tops = found.top_logprobs
    if tops is None or not len(tops) == len(found.tokens) == len(found.token_logprobs):
        raise HarnessError("the server's logprobs, tokens and top_logprobs are not equally many")
    return [None if own is None else Token(_checked(own), own >= max((top or {}).values(), default=own) - _TIE)
            for own, top in zip(found.token_logprobs, tops, strict=True)]


def _prompt_logprobs(reply: Reply) -> list[Token | None]:
    found = reply.choices[0].prompt_logprobs
    if not found:
        raise HarnessError("the server sends no prompt_logprobs")
    # The token of the prompt itself comes first, then the likeliest one where it is another.
    own = [next(iter(one.values())) if one else None for one in found]
    return [None if one is None else Token(_checked(one.logprob), one.rank == 1) for one in own]


def _checked(logprob: float) -> float:
    if not math.isfinite(logprob) or logprob > _TIE:
        raise HarnessError(f"the server sends {logprob} as a log-probability")
    return min(logprob, 0.0)
