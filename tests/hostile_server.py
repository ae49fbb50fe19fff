"""A server that misbehaves in one named way; as a program it can also be a bad process.

    python -m tests.hostile_server PORT FAULT

FAULTS of a process: dies, never_healthy, stubborn (ignores SIGTERM), grandchild (leaves a detached process that writes
its id to the file named by PID_FILE), stubborn_grandchild; "" serves well.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.byte_server import ByteServer, running

KEY_ECHOED = "echo_headers"
_DETACHED = "import signal, time; signal.signal(signal.SIGTERM, signal.{0}); time.sleep(600)"


class HostileServer(ByteServer):
    """Misbehaves as `fault` says in its first `times` completions, then no more."""

    def __init__(self, fault: str, times: int = 1 << 30, vllm: bool = False) -> None:
        super().__init__(vllm)
        self.fault, self.left = fault, times
        self.arrivals: list[float] = []

    async def completions(self, request: web.Request) -> web.StreamResponse:
        self.arrivals.append(time.monotonic())
        if self.left <= 0 or not self.fault:
            return await super().completions(request)
        self.left -= 1
        spoil = getattr(self, f"whole_{self.fault}", None)
        return await (spoil(request) if spoil else super().completions(request))

    async def whole_storm(self, _: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "0.2"})

    async def whole_far_storm(self, _: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "come back tomorrow"}}, status=429,
                                 headers={"Retry-After": "86400"})

    async def whole_broken(self, _: web.Request) -> web.Response:
        return web.Response(status=503, text="<html>upstream is down</html>", content_type="text/html")

    async def whole_forbidden(self, _: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "no"}}, status=403)

    async def whole_echo_headers(self, request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "bad", "headers": dict(request.headers)}}, status=400)

    async def whole_reset(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        assert request.transport is not None
        request.transport.abort()
        return response

    async def whole_slow_loris(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async def whole_silent(self, _: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async def whole_malformed(self, _: web.Request) -> web.Response:
        return web.Response(text='{"choices": [{"text": "half', content_type="application/json")

    async def whole_html(self, _: web.Request) -> web.Response:
        return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")

    async def whole_no_choices(self, _: web.Request) -> web.Response:
        return web.json_response({"choices": []})

    async def whole_error_inside(self, _: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "the model is on fire"}})

    def reply(self, body: dict[str, Any], prompt: bytes, made: list[int], finish: str) -> dict[str, Any]:
        reply = super().reply(body, prompt, made, finish)
        usage, choice = reply["usage"], reply["choices"][0]
        if self.fault == "no_usage":
            del reply["usage"]
        elif self.fault == "too_many_tokens":
            usage["completion_tokens"] = 1000
        elif self.fault == "no_tokens":
            usage["completion_tokens"] = 0
        elif self.fault == "negative_tokens":
            usage["completion_tokens"] = -3
        elif self.fault == "no_prompt":
            usage["prompt_tokens"] = 0
        elif self.fault == "text_for_numbers":
            usage["prompt_tokens"] = "many"
        elif self.fault == "no_finish":
            choice["finish_reason"] = None
        elif self.fault == "stop_left_in":
            choice["text"] = bytes(made).decode(errors="replace")
        if "logprobs" in choice:
            choice["logprobs"] = self._spoiled(choice["logprobs"], bool(body.get("echo")), len(prompt))
        return reply

    def _spoiled(self, found: dict[str, Any], echo: bool, prompt: int) -> dict[str, Any] | None:
        own, tops = found["token_logprobs"], found["top_logprobs"]
        if self.fault == "no_logprobs":
            return None
        if self.fault == "no_echo" and echo:
            return {name: values[prompt:] for name, values in found.items()}
        if self.fault == "chance":
            return {**found, "token_logprobs": [-5.545 for _ in own], "top_logprobs": [{"a": -5.545} for _ in own]}
        if self.fault == "zeros":
            return {**found, "token_logprobs": [0.0 for _ in own]}
        if self.fault == "positive":
            return {**found, "token_logprobs": [3.0 for _ in own]}
        if self.fault == "off_by_one" and echo:
            return {**found, "token_logprobs": [None, None, *own[1:-1]]}
        if self.fault == "tempered" and echo:
            return {**found, "token_logprobs": [one and one / 4 for one in own]}
        if self.fault == "no_top":
            return {**found, "top_logprobs": None}
        return {**found, "top_logprobs": tops}

    async def stream(self, request: web.Request, body: dict[str, Any], prompt: bytes, made: list[int],
                     finish: str) -> web.StreamResponse:
        if self.fault == "wrong_type":
            return web.Response(text="data: hello\n\n", content_type="text/plain")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await getattr(self, f"stream_{self.fault}")(request, response, body, made, finish)
        return response

    async def stream_empty_role(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                made: list[int], finish: str) -> None:
        await _event(response, {"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        await asyncio.sleep(0.2)
        await self._pieces(response, made, 1)
        await self._end(response, finish, len(made))

    async def stream_many(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                          made: list[int], finish: str) -> None:
        await self._pieces(response, made, 5)
        await self._end(response, finish, len(made))

    async def stream_no_final_usage(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                              made: list[int], finish: str) -> None:
        await self._pieces(response, made, 3)
        await self._end(response, finish, None)

    async def stream_early_end(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                               made: list[int], finish: str) -> None:
        await self._pieces(response, made[:3], 1)
        await self._end(response, "stop", 3)

    async def stream_wrong_usage(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                 made: list[int], finish: str) -> None:
        await self._pieces(response, made, 1)
        await self._end(response, finish, len(made) + 7)

    async def stream_cut_character(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                   made: list[int], finish: str) -> None:
        for at in range(len(made)):
            data = json.dumps({"choices": [{"text": "é漢"}]}, ensure_ascii=False).encode()
            cut = data.index("é".encode()) + 1
            await response.write(b"data: " + data[:cut])
            await asyncio.sleep(0.002 if at % 2 else 0)
            await response.write(data[cut:] + b"\r\n\r\n")
        await self._end(response, finish, len(made))

    async def stream_mid_reset(self, request: web.Request, response: web.StreamResponse, body: dict[str, Any],
                               made: list[int], finish: str) -> None:
        await self._pieces(response, made[:2], 1)
        assert request.transport is not None
        request.transport.abort()

    async def stream_silent_end(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                made: list[int], finish: str) -> None:
        await self._pieces(response, made[:2], 1)

    async def stream_never_ending(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                  made: list[int], finish: str) -> None:
        while True:
            await self._pieces(response, made, 1)

    async def stream_endless_silence(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                     made: list[int], finish: str) -> None:
        while True:
            await response.write(b": still here\n\n")
            await asyncio.sleep(0.02)

    async def stream_malformed_event(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                               made: list[int], finish: str) -> None:
        await response.write(b'data: {"choices": [{"text": \n\n')

    async def stream_error_event(self, _: web.Request, response: web.StreamResponse, body: dict[str, Any],
                                  made: list[int], finish: str) -> None:
        await _event(response, {"error": {"message": "out of memory"}})

    async def _pieces(self, response: web.StreamResponse, made: list[int], size: int) -> None:
        for at in range(0, len(made), size):
            await _event(response, {"choices": [{"text": "x" * len(made[at:at + size])}]})
            await asyncio.sleep(0.002)

    async def _end(self, response: web.StreamResponse, finish: str, tokens: int | None) -> None:
        await _event(response, {"choices": [{"text": "", "finish_reason": finish}]})
        if tokens is not None:
            await _event(response, {"choices": [], "usage": {"completion_tokens": tokens}})
        await response.write(b"data: [DONE]\n\n")


async def _event(response: web.StreamResponse, event: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(event)}\n\n".encode())


def main(port: int, fault: str) -> None:
    """Serve until killed, or be as bad a process as `fault` says."""
    sys.stdout.write("loading the weights\n")
    if fault == "dies":
        sys.stdout.write("(worker) ERROR ValueError: no kernel image is available for this device\n")
        sys.exit("RuntimeError: the engine failed to start, see above")
    if fault == "never_healthy":
        time.sleep(600)
    if fault.startswith("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if fault.endswith("grandchild"):
        program = _DETACHED.format("SIG_IGN" if fault.startswith("stubborn") else "SIG_DFL")
        left = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
        Path(os.environ["PID_FILE"]).write_text(str(left.pid))
    with running(HostileServer(fault), port):
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
