"""Served mode: started, healthy, measured, and gone; and what is said of servers that are none of these."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from harness.core.config import Scalar
from harness.core.errors import HarnessError, UserError
from harness.core.runtime import GenerateRequest
from runners.runtimes.openai import open_session
from runners.runtimes.openai.session import OpenAISession
from tests.openai_jobs import command_options, openai_job


def _port(session: OpenAISession) -> int:
    return int(session._endpoint.base_url.rsplit(":", 1)[1].removesuffix("/v1"))


def _refuses(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("fault", ["", "stubborn_grandchild"])
def test_a_server_is_started_measured_and_gone(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PID_FILE", str(tmp_path / "pid"))
    with open_session(openai_job(tmp_path, command_options(fault, stop_seconds=0.5))) as session:
        reply = dict(session.generate([GenerateRequest("say red. say red. say", 4)]))[0]
        port = _port(session)
        assert not _refuses(port)
        assert "started by the harness" in {one.value for one in session.facts().details}
    assert reply.text == " red"
    assert _refuses(port)
    if fault:
        assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert "loading the weights" in (tmp_path / "server.log").read_text()


@pytest.mark.parametrize(("fault", "options", "message"), [
    ("dies", {}, "ended at its start with exit code 1: ValueError: no kernel image is available"),
    ("never_healthy", {"ready_seconds": 1.5}, "not healthy after 2 s .*loading the weights"),
])
def test_a_server_that_cannot_be_used_is_said_with_the_end_of_its_log(
        fault: str, options: dict[str, Scalar], message: str, tmp_path: Path) -> None:
    started = time.monotonic()
    job = openai_job(tmp_path, command_options(fault, **options))
    with pytest.raises(HarnessError, match=message) as raised, open_session(job):
        pass
    assert "\n" not in str(raised.value)
    assert time.monotonic() - started < 15


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    options: dict[str, Scalar] = {"command": "{program} {port}", "program": "no-such-server"}
    with pytest.raises(UserError, match=r"no program 'no-such-server'.*runtime\.options\.program"), \
            open_session(openai_job(tmp_path, options)):
        pass


def test_a_worker_killed_in_the_middle_leaves_no_server(tmp_path: Path) -> None:
    """The whole child process: SIGKILL reaches it while the server takes its time to load."""
    job = openai_job(tmp_path, command_options("never_healthy"))
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    command = [sys.executable, "-m", "runners.worker", str(tmp_path)]
    environment = {**os.environ, "HARNESS_CHILD": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=environment) as worker:
        server: list[psutil.Process] = []
        deadline = time.monotonic() + 30
        while not server:
            assert time.monotonic() < deadline
            server = [one for one in psutil.Process(worker.pid).children(recursive=True)
                      if one.cmdline()[1:3] == ["-m", "tests.hostile_server"]]
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(server, timeout=15)
    assert not alive
