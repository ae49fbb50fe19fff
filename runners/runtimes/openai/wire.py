"""What servers send, as far as it is read. Unknown fields pass; a known field of the wrong type does not."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from harness.core.errors import HarnessError

T = TypeVar("T")
_SHOWN = 160
NOTHING = msgspec.Raw(b"null")


class Cached(Struct):
    """Part of `Usage`."""

    cached_tokens: int | None = None


class Usage(Struct):
    """Token counts as the server sees them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: Cached | None = None


class Timings(Struct):
    """llama-server's own counts and times, in every chunk where asked for."""

    predicted_n: int | None = None
    cache_n: int | None = None
    prompt_ms: float | None = None


class Logprobs(Struct):
    """Log-probabilities of a completion, one entry per token; of an echoed prompt the first is null."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None = None


class Said(Struct):
    """A chat message or the next piece of one."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: msgspec.Raw = NOTHING


class PromptLogprob(Struct):
    """vLLM's log-probability of one prompt token."""

    logprob: float
    rank: int | None = None


class Choice(Struct):
    """One reply, or a piece of it."""

    text: str | None = None
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = NOTHING
    token_ids: list[int] | None = None
    prompt_logprobs: list[dict[str, PromptLogprob] | None] | None = None

    @property
    def said(self) -> str:
        """The text for whoever asked, reasoning left out."""
        spoken = self.message or self.delta
        return (spoken.content if spoken else self.text) or ""

    @property
    def generated(self) -> str:
        """All text the model made, reasoning and tool calls included."""
        spoken = self.message or self.delta
        if spoken is None:
            return self.text or ""
        calls = bytes(spoken.tool_calls).decode(errors="replace")
        return self.thought + (spoken.content or "") + ("" if calls in ("null", "[]") else calls)

    @property
    def thought(self) -> str:
        """The reasoning alone."""
        spoken = self.message or self.delta
        return (spoken.reasoning_content or spoken.reasoning or "") if spoken else ""


class Reply(Struct):
    """The body of a completion, or one event of its stream."""

    choices: list[Choice] = []
    usage: Usage | None = None
    timings: Timings | None = None
    error: msgspec.Raw = NOTHING


def decode(body: bytes, kind: type[T], what: str) -> T:
    """The body as `kind`; raises HarnessError that shows how it begins."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise HarnessError(f"{what} is not what the protocol says ({reason}): {excerpt(body)}") from None


def excerpt(body: bytes) -> str:
    """The beginning of a body in one line."""
    text = " ".join(body[: 4 * _SHOWN].decode(errors="replace").split())
    return text[:_SHOWN] + ("..." if len(text) > _SHOWN else "") or "nothing"
