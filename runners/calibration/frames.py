"""The bytes of replies, as OpenAI's protocol has them: made once per request, so that sending is all that is left."""

from dataclasses import dataclass
from typing import Any

import msgspec

MODEL = "calibration"
_WORD, _TOKEN = " one", 1


@dataclass(frozen=True)
class Asked:
    """What a request asks for: `tokens` of them, `streamed` or whole, with ids or counts in every chunk."""

    chat: bool
    streamed: bool
    tokens: int
    prompt_tokens: int
    usage: bool = False
    usage_always: bool = False
    ids: bool = False


def asked(body: dict[str, Any], chat: bool, tokens: int) -> Asked:
    """From a request's body; `tokens` is meant where it names no limit. Raises TypeError or ValueError for nonsense."""
    limit = int(body.get("max_completion_tokens") or body.get("max_tokens") or tokens)
    if limit < 1:
        raise ValueError("max_tokens below 1")
    options = body.get("stream_options") or {}
    said = body.get("prompt", "") if not chat else "".join(str(one.get("content")) for one in body["messages"])
    prompt = len(said) if isinstance(said, list) else len(str(said).split())
    return Asked(chat, bool(body.get("stream")), limit, max(1, prompt), bool(options.get("include_usage")),
                 bool(options.get("continuous_usage_stats")), bool(body.get("return_token_ids")))


class Frames:
    """The pieces of one reply."""

    def __init__(self, number: int, what: Asked) -> None:
        self._number, self._what = number, what
        self._same: dict[int, bytes] = {}

    def head(self) -> bytes:
        """The status line and headers; of a chat with the role, which is no token."""
        head = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
                b"transfer-encoding: chunked\r\n\r\n")
        role = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        return head + framed(event(self._event([role]))) if self._what.chat else head

    def chunk(self, tokens: int, so_far: int) -> bytes:
        """A chunk in the middle: `tokens` new ones, `so_far` with them."""
        if self._what.usage_always:
            return framed(event(self._event([self._choice(tokens, None)], so_far)))
        found = self._same.get(tokens)
        if found is None:
            found = self._same[tokens] = framed(event(self._event([self._choice(tokens, None)])))
        return found

    def last(self, tokens: int) -> bytes:
        """The last chunk, the usage where asked for, and the end of the stream and of the reply."""
        what = self._what
        count = what.tokens if what.usage_always else None
        end = event(self._event([self._choice(tokens, "length")], count))
        if what.usage:
            end += event(self._event([], what.tokens))
        return framed(end + b"data: [DONE]\n\n") + b"0\r\n\r\n"

    def whole(self) -> bytes:
        """The reply that is not streamed."""
        what, text = self._what, _WORD * self._what.tokens
        said: dict[str, object] = {"message": {"role": "assistant", "content": text}} if what.chat else {"text": text}
        choice = {"index": 0, **said, "finish_reason": "length"}
        return answer(200, self._event([choice], what.tokens))

    def _choice(self, tokens: int, finish: str | None) -> dict[str, object]:
        text = _WORD * tokens
        said: dict[str, object] = {"delta": {"content": text}} if self._what.chat else {"text": text}
        ids = {"token_ids": [_TOKEN] * tokens} if self._what.ids else {}
        return {"index": 0, **said, "logprobs": None, "finish_reason": finish, **ids}

    def _event(self, choices: list[dict[str, object]], so_far: int | None = None) -> dict[str, object]:
        what = self._what
        kind = "chat.completion" if what.chat else "text_completion"
        name = {"id": f"{'chatcmpl' if what.chat else 'cmpl'}-{self._number}", "created": 0, "model": MODEL,
                "object": f"{kind}.chunk" if what.chat and what.streamed else kind, "choices": choices}
        if so_far is None:
            return name
        counts = {"prompt_tokens": what.prompt_tokens, "completion_tokens": so_far,
                  "total_tokens": what.prompt_tokens + so_far}
        return {**name, "usage": counts}


def event(said: object) -> bytes:
    """A server-sent event."""
    return b"data: " + msgspec.json.encode(said) + b"\n\n"


def framed(data: bytes) -> bytes:
    """One chunk of a chunked HTTP body (RFC 9112, 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(status: int, said: object) -> bytes:
    """A whole HTTP reply in JSON."""
    reason = {200: b"OK", 400: b"Bad Request", 404: b"Not Found"}[status]
    body = msgspec.json.encode(said)
    head = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, reason, len(body)) + body
