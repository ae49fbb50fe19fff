"""A small OpenAI-compatible server with an exact language model: bytes are tokens, and what stood before is repeated.

    python -m tests.byte_server PORT

The model predicts the byte that followed the longest earlier copy of the last bytes, so that its log-probabilities
can be computed by hand. With `words` it counts the words of a prompt instead of its bytes. It speaks as vLLM does
(`vllm=True`: token ids, /tokenize, prompt_logprobs) or plainly.
"""

import asyncio
import json
import math
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

VOCABULARY = 256
CONTEXT = 512
_ORDER = 8


def probabilities(context: bytes) -> list[float]:
    """Of each next byte: 0.8 for the one that followed the longest earlier copy, the rest shared; sums to 1."""
    shares = [1 / VOCABULARY] * VOCABULARY
    for order in range(min(_ORDER, len(context) - 1), 0, -1):
        found = context.rfind(context[-order:], 0, len(context) - 1)
        if found >= 0:
            shares = [0.2 / VOCABULARY] * VOCABULARY
            shares[context[found + order]] += 0.8
            break
    return shares


def logprob(text: bytes, start: int) -> float:
    """Nats of text[start:] after text[:start]."""
    return sum(math.log(probabilities(text[:at])[text[at]]) for at in range(start, len(text)))


class ByteServer:
    """The application; `requests` holds every body it was sent. Subclasses spoil replies."""

    def __init__(self, vllm: bool = True, words: bool = False) -> None:
        self.vllm, self.words = vllm, words
        self.requests: list[dict[str, Any]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/health", self.health)
        app.router.add_get("/version", self.version)
        app.router.add_post("/tokenize", self.tokenize)
        app.router.add_post("/detokenize", self.detokenize)
        app.router.add_post("/v1/completions", self.completions)
        app.router.add_post("/v1/chat/completions", self.completions)
        return app

    async def models(self, _: web.Request) -> web.Response:
        served = {"id": "bytes", "owned_by": "vllm" if self.vllm else "nobody", "max_model_len": CONTEXT}
        return web.json_response({"data": [served]})

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "1"})

    async def tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"tokens": list(self._prompt(body))})

    async def detokenize(self, request: web.Request) -> web.Response:
        return web.json_response({"prompt": bytes((await request.json())["tokens"]).decode()})

    async def completions(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        prompt = self._prompt(body)
        if len(prompt) + 1 > CONTEXT:
            error = {"message": f"This model's maximum context length is {CONTEXT} tokens"}
            return web.json_response({"error": error}, status=400)
        made, finish = self._generate(prompt, body)
        if body.get("stream"):
            return await self.stream(request, body, prompt, made, finish)
        return web.json_response(self.reply(body, prompt, made, finish))

    def _prompt(self, body: dict[str, Any]) -> bytes:
        if "messages" in body:
            said = "".join(f"{m['role']}: {m['content']}\n" for m in body["messages"]).encode()
            return said + (b"assistant:" if body.get("add_generation_prompt", True) else b"")
        prompt = body["prompt"]
        if isinstance(prompt, list):
            if not self.vllm:
                raise web.HTTPUnprocessableEntity(text="prompt must be a string")
            return bytes(prompt)
        return str(prompt).encode()

    def _generate(self, prompt: bytes, body: dict[str, Any]) -> tuple[list[int], str]:
        rng = random.Random(body.get("seed"))
        made: list[int] = []
        stops = [stop.encode() for stop in body.get("stop", [])]
        for _ in range(min(body["max_tokens"], CONTEXT - len(prompt))):
            shares = probabilities(prompt + bytes(made))
            if body.get("temperature"):
                made += rng.choices(range(VOCABULARY), shares)
            else:
                made.append(max(range(VOCABULARY), key=shares.__getitem__))
            if any(bytes(made).endswith(stop) for stop in stops):
                return made, "stop"
        return made, "length"

    def text(self, body: dict[str, Any], made: list[int]) -> str:
        text = bytes(made).decode(errors="replace")
        for stop in body.get("stop", []):
            text = text.partition(stop)[0]
        return text

    def reply(self, body: dict[str, Any], prompt: bytes, made: list[int], finish: str) -> dict[str, Any]:
        text = self.text(body, made)
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
        if "messages" in body:
            choice["message"] = {"role": "assistant", "content": text}
        else:
            choice["text"] = text
        if body.get("logprobs") is not None:
            choice["logprobs"] = self.logprobs(prompt, made, bool(body.get("echo")))
        if body.get("prompt_logprobs") is not None and self.vllm:
            choice["prompt_logprobs"] = self.prompt_logprobs(prompt)
        return {"choices": [choice], "usage": self.usage(prompt, made)}

    def usage(self, prompt: bytes, made: list[int]) -> dict[str, int]:
        counted = len(prompt.split()) if self.words else len(prompt)
        return {"prompt_tokens": counted, "completion_tokens": len(made)}

    def logprobs(self, prompt: bytes, made: list[int], echo: bool) -> dict[str, Any]:
        whole = prompt + bytes(made)
        start = 0 if echo else len(prompt)
        shares = [probabilities(whole[:at]) for at in range(start, len(whole))]
        own: list[float | None] = [math.log(share[whole[start + at]]) for at, share in enumerate(shares)]
        if echo:
            own[0] = None
        tops = [{"top": math.log(max(share))} for share in shares]
        names = [chr(byte) if byte < 128 else "\ufffd" for byte in whole[start:]]
        return {"tokens": names, "token_logprobs": own, "top_logprobs": tops}

    def prompt_logprobs(self, prompt: bytes) -> list[dict[str, Any] | None]:
        rows: list[dict[str, Any] | None] = [None]
        for at in range(1, len(prompt)):
            shares = probabilities(prompt[:at])
            best = max(range(VOCABULARY), key=shares.__getitem__)
            row = {str(token): {"logprob": math.log(shares[token]), "rank": 1 + sum(s > shares[token] for s in shares)}
                   for token in dict.fromkeys((prompt[at], best))}
            rows.append(row)
        return rows

    async def stream(self, request: web.Request, body: dict[str, Any], prompt: bytes, made: list[int],
                     finish: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for at, token in enumerate(made, 1):
            last = at == len(made)
            piece = bytes([token]).decode(errors="replace")
            content = {"delta": {"content": piece}} if "messages" in body else {"text": piece}
            event: dict[str, Any] = {"choices": [{"index": 0, **content, "finish_reason": finish if last else None}]}
            if self.vllm:
                event["choices"][0]["token_ids"] = [token]
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(0.001)
        if body.get("stream_options"):
            last_event = {"choices": [], "usage": self.usage(prompt, made)}
            await response.write(f"data: {json.dumps(last_event)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


@contextmanager
def running(server: ByteServer, port: int = 0) -> Iterator[str]:
    """The server in a thread of its own; gives its base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> web.AppRunner:
        runner = web.AppRunner(server.app(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    async def end() -> None:
        await asyncio.sleep(0.05)  # connections still in the backlog are taken in,
        await runner.cleanup()
        await asyncio.sleep(0.05)  # and aborted ones let go, in the loop's next turns

    runner = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    with running(ByteServer(), int(sys.argv[1])):
        time.sleep(3600)
