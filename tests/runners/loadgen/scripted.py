"""Servers of a few lines: every connection runs a script after its request has been read; and one in a process.

    python -m tests.runners.loadgen.scripted PERIOD_SECONDS

prints its port, and sends to each request as many events as its body asks for ({"events": N}), one every period, each
saying when it was sent ({"at": perf_counter_ns}).
"""

import asyncio
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Script = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """A chunk of a chunked body; b"" is the last."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data: str) -> bytes:
    """An event in a chunk of its own."""
    return chunk(f"data: {data}\n\n".encode())


async def _connection(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().rpartition(b"content-length:")[2].split(b"\r\n")[0])
        await script(writer, await reader.readexactly(length))
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        pass
    finally:
        writer.close()


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The script at an address, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: _connection(script, r, w), "127.0.0.1", 0, ssl=tls, backlog=512)

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports let go of their sockets in the loop's next turns

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def emitting(period_seconds: float) -> Iterator[str]:
    """The emitting server in a process of its own."""
    command = [sys.executable, "-m", __name__, str(period_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


async def _emit(period_seconds: float, writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(CHUNKED)
    due = time.perf_counter()
    for _ in range(json.loads(body)["events"]):
        writer.write(event(json.dumps({"at": time.perf_counter_ns()})))
        due += period_seconds
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    writer.write(event("[DONE]") + chunk(b""))


async def _main(period_seconds: float) -> None:
    server = await asyncio.start_server(
        lambda r, w: _connection(lambda *told: _emit(period_seconds, *told), r, w), "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
