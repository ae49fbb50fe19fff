"""Requests over real sockets: times, limits, and servers that misbehave."""

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest

from harness.core.errors import HarnessError
from runners import loadgen
from runners.loadgen import Client, Finished, Target
from tests.runners.loadgen.scripted import CHUNKED, HEAD, Script, chunk, emitting, event, serving

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[3]
END = event("[DONE]") + chunk(b"")


def take_all(client: Client, seconds: float = 20.0) -> list[Finished]:
    """Every request that was submitted, when all have ended."""
    found: list[Finished] = []
    deadline = time.monotonic() + seconds
    while client.under_way:
        assert time.monotonic() < deadline
        found += client.poll(1.0)
    return found


def ask(script: Script, body: bytes = b"{}", timeout_seconds: float = 20.0) -> Finished:
    """One request to a script; nothing may come for half of the time."""
    target = Target("", timeout_seconds=timeout_seconds, stall_seconds=timeout_seconds / 2)
    with serving(script) as url, loadgen.client(msgspec.structs.replace(target, url=url), 1) as client:
        client.submit(1, body, 100_000)
        return take_all(client)[0]


def test_chunks_arrive_when_they_were_sent() -> None:
    with emitting(0.005) as url, loadgen.client(Target(url), 8) as client:
        for number in range(8):
            client.submit(number, json.dumps({"events": 40}).encode())
        found = take_all(client)
    assert sorted(one.id for one in found) == list(range(8))
    late = [at_ns - json.loads(data)["at"] for one in found for data, at_ns in loadgen.events(one)[:-1]]
    assert len(late) == 320
    assert min(late) > -100_000  # the kernel's clock is read to within microseconds
    assert float(np.median(late)) < 5e6
    for one in found:
        assert one.error == ""
        assert one.sent_ns < one.headers_ns <= one.chunk_ns[0] <= one.chunk_ns[-1] <= one.done_ns
        assert one.chunk_end[-1] == len(one.raw)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when bytes arrived")
def test_a_worker_that_is_held_up_says_so_and_stamps_rightly_all_the_same() -> None:
    with emitting(0.5) as url, loadgen.client(Target(url), 1) as client:
        client.lag()
        client.submit(1, json.dumps({"events": 2}).encode())
        time.sleep(0.2)
        (worker,) = (one for one in psutil.Process().children() if "runners.loadgen.worker" in one.cmdline())
        worker.suspend()
        time.sleep(0.7)  # the second event comes meanwhile
        worker.resume()
        (finished,) = take_all(client)
        lag = client.lag()
    second, at_ns = loadgen.events(finished)[1]
    read_ns = finished.read_ns[int(np.searchsorted(finished.chunk_ns, at_ns))]
    assert finished.by_kernel
    assert abs(at_ns - json.loads(second)["at"]) < 0.1e9
    assert read_ns - at_ns > 0.2e9
    assert lag.max_seconds > 0.6


def test_no_more_than_the_streams_are_under_way_and_the_rest_follow_at_once() -> None:
    now, most = 0, 0

    async def count(writer: asyncio.StreamWriter, _: bytes) -> None:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        writer.write(CHUNKED)
        await asyncio.sleep(0.05)
        now -= 1
        writer.write(END)

    with serving(count) as url, loadgen.client(Target(url), 3, processes=2) as client:
        assert client.poll(60.0) == []  # at once, as nothing is under way
        for number in range(12):
            client.submit(number, b"{}")
        time.sleep(2.0)  # nobody polls: workers go on by themselves
        polled_ns = time.perf_counter_ns()
        found = take_all(client)
    assert sorted(one.id for one in found) == list(range(12))
    assert most == 3
    assert max(one.done_ns for one in found) < polled_ns


def test_processes_are_chosen_by_streams_and_cores() -> None:
    assert [loadgen.worker_count(streams, 16) for streams in (1, 256, 257, 1024, 100_000)] == [1, 1, 2, 4, 8]
    assert loadgen.worker_count(1024, 2) == loadgen.worker_count(1024, 1) == 1


def test_a_large_request_reaches_a_slow_reader_whole() -> None:
    async def measure(writer: asyncio.StreamWriter, body: bytes) -> None:
        told = str(len(body)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
        await asyncio.sleep(30)  # it closes nothing: the length tells the end

    started = time.monotonic()
    finished = ask(measure, b"x" * 3_000_000)
    assert loadgen.body(finished) == b"3000000"
    assert time.monotonic() - started < 10


def test_a_stream_is_over_at_its_last_event_though_the_connection_stays() -> None:
    async def linger(writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(HEAD + b"\r\ndata: a\n\ndata: [DO" if body == b"plain" else CHUNKED + event("a"))
        await asyncio.sleep(0.05)
        writer.write(b"NE]\n\n" if body == b"plain" else event("[DONE]"))
        await asyncio.sleep(30)

    for body in (b"plain", b"chunked"):
        finished = ask(linger, body)
        assert (finished.error, [data for data, _ in loadgen.events(finished)]) == ("", [b"a", b"[DONE]"])
        assert finished.done_ns - finished.sent_ns < 2e9


async def _silent(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(CHUNKED + event("a"))
    await asyncio.sleep(30)


async def _dripping(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.05)


async def _flooding(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(CHUNKED)
    while True:
        writer.write(event("x" * 5000))
        await writer.drain()


async def _resetting(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(CHUNKED + event("a"))
    await asyncio.sleep(0.1)
    # Close at once, unsent data lost: a reset.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _cutting(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(CHUNKED + event("a") + b"20\r\ndata: ")


async def _hanging_up(writer: asyncio.StreamWriter, _: bytes) -> None:
    pass


async def _greeting(writer: asyncio.StreamWriter, _: bytes) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await asyncio.sleep(30)


@pytest.mark.parametrize(("script", "error"), [
    (_silent, r"no complete reply in time \(nothing for 0.5 s\)"),
    (_dripping, r"no complete reply in time \(1 s\)"),
    (_flooding, "the server sends more than 100000 bytes"),
    (_resetting, "the connection broke: Connection reset by peer"),
    (_cutting, "the connection ended in the middle of a reply"),
    (_hanging_up, "the connection ended without a reply"),
    (_greeting, "the server does not answer in HTTP/1.1"),
], ids=lambda one: getattr(one, "__name__", ""))
def test_a_server_that_misbehaves_ends_the_request_with_the_reason(script: Script, error: str) -> None:
    started = time.monotonic()
    finished = ask(script, timeout_seconds=1.0)
    assert time.monotonic() - started < 8
    assert re.fullmatch(error, finished.error)


def test_nobody_at_the_address_is_an_error_of_the_request() -> None:
    with serving(_silent) as url:
        pass
    with loadgen.client(Target(url), 1) as client:
        client.submit(1, b"{}")
        (finished,) = take_all(client)
    assert (finished.status, finished.error) == (0, "no connection: Connection refused")


def test_a_host_without_an_address_is_said_at_the_start() -> None:
    with pytest.raises(HarnessError, match=r"cannot start: no-such-host\.invalid:1: "), \
            loadgen.client(Target("http://no-such-host.invalid:1/v1"), 1):
        pass


def test_a_key_is_in_no_argument_and_no_environment_of_a_worker() -> None:
    headers = {"Authorization": "Bearer sk-very-secret"}

    async def echo(writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(CHUNKED + END)

    with serving(echo) as url, loadgen.client(Target(url, headers), 1, processes=2) as client:
        client.submit(1, b"{}")
        assert take_all(client)[0].error == ""
        for worker in psutil.Process().children():
            assert "sk-very-secret" not in " ".join(worker.cmdline()) + str(worker.environ())


@pytest.mark.parametrize("unread", [False, True])
def test_a_worker_that_dies_is_an_error_and_not_a_wait(unread: bool) -> None:
    with serving(_silent) as url, loadgen.client(Target(url), 1) as client:
        (worker,) = (one for one in psutil.Process().children() if "runners.loadgen.worker" in one.cmdline())
        if unread:
            worker.suspend()
        client.submit(1, b"{}")
        worker.kill()
        with pytest.raises(HarnessError, match="a worker of the load generator died"):
            client.poll(20.0)
        psutil.wait_procs([worker], timeout=10)
        with pytest.raises(HarnessError, match="a worker of the load generator died"):
            client.submit(2, b"{}")


def test_workers_end_when_their_owner_is_killed() -> None:
    program = ("import sys, time\nfrom runners import loadgen\n"
               "with loadgen.client(loadgen.Target('http://127.0.0.1:9/'), 2, 2):\n"
               "    print('ready', flush=True)\n    time.sleep(60)\n")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        workers = psutil.Process(owner.pid).children()
        assert len(workers) == 2
        owner.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
