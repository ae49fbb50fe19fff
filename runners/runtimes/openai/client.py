"""HTTP for a synchronous caller: an event loop in a thread of its own, requests in flight up to a limit.

Failures that may pass (429, 5xx, dropped connections) are repeated within a budget; every other one ends the work with
a HarnessError. No exception of aiohttp leaves this module: they carry the request's headers, and those hold the key.
"""

import asyncio
import queue
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import msgspec

from harness.core.errors import HarnessError
from runners.loadgen import Target
from runners.runtimes.openai.retry import RETRIED, Again, Backoff, retry_after
from runners.runtimes.openai.secret import Secret
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.wire import decode, excerpt

T = TypeVar("T")
A = TypeVar("A")
_MOST_BYTES = 256 << 20
_CONNECT_SECONDS = 10.0


class Refused(HarnessError):
    """An answer that no repetition will change: an HTTP status of the server, with its own words."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


class Unanswered(HarnessError):
    """What might have passed did not, for as long as it was tried."""


@dataclass(frozen=True)
class Call:
    """One request: POST of a body as JSON, GET where there is none."""

    url: str
    body: dict[str, object] | None = None

    @property
    def method(self) -> str:
        """GET or POST."""
        return "GET" if self.body is None else "POST"


class Client:
    """Use `connected` to make one. `retries` counts repeated requests."""

    def __init__(self, settings: OpenAISettings, secret: Secret, loop: asyncio.AbstractEventLoop) -> None:
        self._secret, self._loop = secret, loop
        self._proxies = not settings.command  # a proxy of the environment has no part in a loopback
        self._backoff = Backoff(settings.retry_seconds, random.Random())
        self._timeout = aiohttp.ClientTimeout(
            total=settings.timeout_seconds, sock_connect=_CONNECT_SECONDS, sock_read=settings.stall_seconds)
        self._kept = settings.base_url.startswith("https:")
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._http: aiohttp.ClientSession | None = None
        self.retries = 0

    async def open(self) -> None:
        """Make the connection pool; its limit is ours, not aiohttp's.

        Without TLS each request has a connection of its own: some servers drop kept ones as the next request is sent.
        """
        connector = aiohttp.TCPConnector(limit=0, force_close=not self._kept)
        self._http = aiohttp.ClientSession(connector=connector, timeout=self._timeout,
                                           headers=self._secret.headers(), trust_env=self._proxies)

    async def close(self) -> None:
        """Drop what is under way, then the connections."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._http:
            await self._http.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for one coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def each(self, work: Callable[[A], Coroutine[Any, Any, T]], items: Sequence[A]) -> Iterator[tuple[int, T]]:
        """(place, result of the item there) as they come; the first error ends them all."""
        arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        futures = [asyncio.run_coroutine_threadsafe(work(item), self._loop) for item in items]
        places = {future: place for place, future in enumerate(futures)}
        for future in futures:
            future.add_done_callback(lambda done: arrived.put(places[done]))
        try:
            for _ in futures:
                place = arrived.get()
                yield place, futures[place].result()
        finally:
            for future in futures:
                future.cancel()

    async def ask(self, call: Call, kind: type[T], retry: bool = True) -> T:
        """The decoded reply; raises Refused for a final status, HarnessError for anything else that stays wrong."""
        async with self._slots:
            body = await self._persist(call) if retry else await self._once(call)
        return decode(body, kind, f"the reply to {call.method} {call.url}")

    async def _persist(self, call: Call) -> bytes:
        attempt, first = 0, 0.0
        while True:
            try:
                return await self._attempt(call)
            except Again as failure:
                first = first or time.monotonic()
                since = time.monotonic() - first
                wait = self._backoff.wait(attempt, failure.after_seconds, since)
                if wait is None:
                    asked = f", and asks to wait {failure.after_seconds:.0f} s" if failure.after_seconds else ""
                    raise Unanswered(f"{call.url} failed {attempt + 1} times in {since:.0f} s: {failure}{asked}",
                                     "check the server, or raise runtime.options.retry_seconds") from None
            await asyncio.sleep(wait)
            attempt += 1
            self.retries += 1

    async def _once(self, call: Call) -> bytes:
        try:
            return await self._attempt(call)
        except Again as failure:
            raise HarnessError(f"{call.url} failed: {failure}") from None

    async def _attempt(self, call: Call) -> bytes:
        """The body of a good reply.

        Raises Again for what may pass, Refused for a final status, HarnessError for a deadline that ran out.
        """
        assert self._http is not None
        data = None if call.body is None else msgspec.json.encode(call.body)
        headers = {"Content-Type": "application/json"} if data else {}
        try:
            async with self._http.request(call.method, call.url, data=data, headers=headers,
                                          allow_redirects=False) as response:
                if not 200 <= response.status < 300:
                    said = excerpt(self.hide(await response.content.read(1 << 16)))
                    raise refusal(f"{call.method} {call.url}", response.status, said,
                                  response.headers.get("Retry-After"))
                return self.hide(await _whole(response))
        except TimeoutError:
            raise HarnessError(f"{call.url} gave no complete reply in time",
                               "raise runtime.options.timeout_seconds or stall_seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Again(self._secret.hide(f"{type(error).__name__}: {error}".splitlines()[0][:200])) from None

    def target(self, url: str) -> Target:
        """Where a load goes, with the key and the deadlines of this session."""
        return Target(url, self._secret.headers(), self._timeout.total or 0.0, self._timeout.sock_read or 0.0,
                      _CONNECT_SECONDS)

    def hide(self, body: bytes) -> bytes:
        """What came over the wire without the key."""
        return self._secret.hide_bytes(body)


def refusal(request: str, status: int, said: str, wait: str | None) -> Again | Refused:
    """What a bad status means: Again where it may pass, after the time a Retry-After header asks for, else Refused."""
    what = f"HTTP {status} ({said})"
    if status in RETRIED:
        return Again(what, retry_after(wait))
    hint = "check runtime.options.api_key_env" if status in (401, 403) else ""
    return Refused(status, f"{request} was refused: {what}", hint)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body; raises HarnessError beyond 256 MiB."""
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise HarnessError(f"{response.url} sends a reply without end")
    return b"".join(parts)


@contextmanager
def connected(settings: OpenAISettings, secret: Secret) -> Iterator[Client]:
    """A client whose loop runs until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="http", daemon=True)
    thread.start()
    client = Client(settings, secret, loop)
    try:
        client.run(client.open())
        yield client
    finally:
        client.run(client.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
