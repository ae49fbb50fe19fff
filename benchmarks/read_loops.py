"""What a read costs in three event loops: a plain epoll loop, uvloop, and asyncio's own.

    python -m benchmarks.read_loops [STREAMS] [CHUNKS] [PERIOD_SECONDS]

One server sends CHUNKS pieces of 200 bytes to each of STREAMS connections, one every period; each loop only stamps what
it reads, puts it aside and acknowledges it (TCP_QUICKACK), in a fresh process, in turns. uvloop is left out where it is
not installed. Linux only.
"""

import asyncio
import importlib.util
import select
import socket
import subprocess
import sys
import time
from array import array

from rich.console import Console
from rich.table import Table

LOOPS = ("epoll", "uvloop", "asyncio")
_ROUNDS = 3
_PIECE = b"data: " + b"x" * 192 + b"\n\n"


class _Reader(asyncio.Protocol):
    """Stamp, put aside, acknowledge."""

    def __init__(self, left: list[int], done: asyncio.Event) -> None:
        self.times, self._parts, self._left, self._done = array("q"), list[bytes](), left, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        self.times.append(time.perf_counter_ns())
        self._parts.append(data)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connection_lost(self, _: Exception | None) -> None:
        self._left[0] -= 1
        if not self._left[0]:
            self._done.set()


def serve(listener: socket.socket, streams: int, chunks: int, period_seconds: float) -> None:
    """Send everything to as many connections, then close them."""
    peers = [listener.accept()[0] for _ in range(streams)]
    for peer in peers:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    due = time.perf_counter()
    for _ in range(chunks):
        for peer in peers:
            peer.sendall(_PIECE)
        due += period_seconds
        time.sleep(max(0.0, due - time.perf_counter()))
    for peer in peers:
        peer.close()


async def _protocols(port: int, streams: int) -> tuple[int, float]:
    loop, done, left = asyncio.get_running_loop(), asyncio.Event(), [streams]
    readers = [(await loop.create_connection(lambda: _Reader(left, done), "127.0.0.1", port))[1]
               for _ in range(streams)]
    started = time.process_time()
    await done.wait()
    return sum(len(reader.times) for reader in readers), time.process_time() - started


def _epoll(port: int, streams: int) -> tuple[int, float]:
    poll, flights = select.epoll(), {}
    for _ in range(streams):
        one = socket.create_connection(("127.0.0.1", port))
        flights[one.fileno()] = (one, array("q"), list[bytes]())
        poll.register(one.fileno(), select.EPOLLIN)
    left, reads, started = streams, 0, time.process_time()
    while left:
        for fd, _ in poll.poll():
            one, times, parts = flights[fd]
            data = one.recv(1 << 15)
            times.append(time.perf_counter_ns())
            if data:
                parts.append(data)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            else:
                left, reads = left - 1, reads + len(times) - 1
                poll.unregister(fd)
    return reads, time.process_time() - started


def read(loop: str, port: int, streams: int) -> tuple[int, float]:
    """(reads, CPU seconds) of one loop."""
    if loop == "epoll":
        return _epoll(port, streams)
    factory = importlib.import_module("uvloop").new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_protocols(port, streams))


def main(streams: int = 64, chunks: int = 300, period_seconds: float = 0.01) -> None:
    """Each loop in turn, some rounds; then a table."""
    loops = [loop for loop in LOOPS if loop != "uvloop" or importlib.util.find_spec("uvloop")]
    costs: dict[str, list[float]] = {loop: [] for loop in loops}
    for loop in loops * _ROUNDS:
        with socket.create_server(("127.0.0.1", 0), backlog=streams) as listener:
            command = [sys.executable, "-m", "benchmarks.read_loops", "read", loop,
                       str(listener.getsockname()[1]), str(streams)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                serve(listener, streams, chunks, period_seconds)
                reads, seconds = process.communicate()[0].split()
        costs[loop].append(float(seconds) / int(reads) * 1e6)
    table = Table("loop", *(f"round {at + 1}, µs of CPU per read" for at in range(_ROUNDS)),
                  title=f"{streams} streams, {chunks} chunks each, one every {period_seconds * 1e3:g} ms")
    for loop, found in costs.items():
        table.add_row(loop, *(f"{cost:.1f}" for cost in found))
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        sys.stdout.write("{} {}\n".format(*read(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
    else:
        main(*(kind(word) for kind, word in zip((int, int, float), sys.argv[1:], strict=False)))
