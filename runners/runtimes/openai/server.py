"""Served mode: start a server from a command, wait until it is healthy, and leave nothing of it behind.

The server runs under `runners.guard`, in a group and session of its own, so that it ends when this process does,
however that happens. Its output goes to server.log in the job's scratch folder; where it dies or is never healthy, the
end of that log is the reason.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.core.cell import Job
from harness.core.errors import HarnessError, UserError
from runners import guard
from runners.runtimes.openai.secret import Secret
from runners.runtimes.openai.settings import OpenAISettings

HOST = "127.0.0.1"
_TAIL_LINES, _REASON_LINES, _REASON_CHARACTERS = 40, 3, 400
_LOOK_SECONDS, _ASK_SECONDS, _GUARD_SECONDS = 0.1, 2.0, 30.0
_RAISED = re.compile(r"\b[A-Z]\w*(?:Error|Exception): .+")
_CHOSEN = re.compile(r"using .*(kernel|backend)", re.IGNORECASE)


class ModelConfig(msgspec.Struct):
    """What is read of a model folder's config.json."""

    vocab_size: int | None = None


@dataclass(frozen=True)
class Local:
    """What is known of a server that the harness started; `name` is the runtime's."""

    name: str
    weights_bytes: int
    vocabulary: int | None
    device: str
    log: Path

    def chosen(self) -> str:
        """The kernels and backends that the server's log names, in order."""
        lines = self.log.read_text(errors="replace").splitlines()
        found = dict.fromkeys(match[0] for line in lines if (match := _CHOSEN.search(line)))
        return "; ".join(list(found)[:5])


@dataclass(frozen=True)
class Served:
    """A healthy server."""

    base_url: str
    local: Local


@contextmanager
def served(settings: OpenAISettings, job: Job, secret: Secret) -> Iterator[Served]:
    """A server that is healthy inside the block and gone after it.

    Raises UserError where it cannot be started, HarnessError where it dies, is not healthy in time, or will not end.
    """
    assert job.prepared is not None
    port, log, mark = _free_port(), Path(job.scratch) / "server.log", secrets.token_hex(8)
    words = command(settings, job.prepared.path, port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "runners.guard", str(settings.stop_seconds), *words], stdin=subprocess.PIPE,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=_environment(mark))
    try:
        _wait_healthy(process, f"http://{HOST}:{port}{settings.health}", settings.ready_seconds)
        vocabulary = _vocabulary(Path(job.prepared.path))
        local = Local(job.cell.runtime, job.prepared.bytes, vocabulary, "not told by the server", log)
        yield Served(f"http://{HOST}:{port}/v1", local)
    except Unhealthy as error:
        raise _explained(error, log, secret) from None
    finally:
        _stop(process, mark, settings.stop_seconds, port)


def command(settings: OpenAISettings, model: str, port: int) -> list[str]:
    """The words of the command, filled in; raises UserError for a program that is not there."""
    context = settings.context or 0
    places = {"model": model, "host": HOST, "port": port, "python": sys.executable, "program": settings.program,
              "context": context, "cells": context * settings.concurrency, "concurrency": settings.concurrency}
    words = [word.format(**places) for word in settings.words]
    if shutil.which(words[0]) is None:
        raise UserError(f"no program {words[0]!r} to serve with",
                        "install it, or give its path as runtime.options.program")
    return words


class Unhealthy(Exception):
    """Why a server cannot be used."""


def _wait_healthy(process: subprocess.Popen[bytes], url: str, seconds: float) -> None:
    """Return when `url` answers with 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unhealthy(f"the server ended at its start with exit code {process.returncode}")
        if _answers(url):
            return
        time.sleep(_LOOK_SECONDS)
    raise Unhealthy(f"the server was not healthy after {seconds:.0f} s (runtime.options.ready_seconds)")


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no part in a loopback
    try:
        with opener.open(url, timeout=_ASK_SECONDS) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _explained(error: Unhealthy, log: Path, secret: Secret) -> HarnessError:
    """The error with the reason from the server's log; the end of the log goes to our own."""
    lines = [line.strip() for line in secret.hide(log.read_text(errors="replace")).splitlines() if line.strip()]
    sys.stderr.write("The end of the server's log:\n" + "\n".join(lines[-_TAIL_LINES:]) + "\n")
    # Processes that start each other repeat a failure upwards: what was raised first is its cause.
    raised = next((match[0] for line in lines if (match := _RAISED.search(line)) and "WARNING" not in line), "")
    said = raised[:_REASON_CHARACTERS] or " | ".join(lines[-_REASON_LINES:])[-_REASON_CHARACTERS:]
    return HarnessError(f"{error}: {said or 'its log is empty'}",
                        "check runtime.options.command, or add to it by runtime.options.arguments")


def _stop(process: subprocess.Popen[bytes], mark: str, grace_seconds: float, port: int) -> None:
    """Let the guard end the server, and see for ourselves; raises HarnessError where something lives on."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(grace_seconds + _GUARD_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    left = guard.end_all(mark, 0.0)
    if left:
        raise HarnessError(f"processes of the server live on: {left}", "end them before measuring again")
    if not _is_free(port):
        raise HarnessError(f"port {port} is still taken after the server's end", "find out by whom: ss -ltnp")


def _environment(mark: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, guard.MARK: mark, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT are no server
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True


def _vocabulary(weights: Path) -> int | None:
    """Token ids of a model folder, by its config.json; None where it does not say."""
    config = weights / "config.json"
    if not config.is_file():
        return None
    return msgspec.json.decode(config.read_bytes(), type=ModelConfig).vocab_size
