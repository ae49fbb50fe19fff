"""The calibration server as a process of its own, started and asked."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.core.calibration import Schedule
from harness.core.errors import HarnessError
from runners.calibration.truth import Truth

_PATIENCE_SECONDS = 60.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Running:
    """A server that runs: its address with /v1, and its process."""

    url: str
    pid: int

    def truth(self) -> Truth:
        """What it has sent; `forget` first where only what comes next is meant."""
        return msgspec.json.decode(self._ask("GET"), type=Truth)

    def forget(self) -> None:
        """Forget what was sent so far."""
        self._ask("DELETE")

    def _ask(self, method: str) -> bytes:
        request = urllib.request.Request(self.url.removesuffix("/v1") + "/truth", method=method)
        # No proxy that the environment names: the server is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_PATIENCE_SECONDS) as reply:
            return bytes(reply.read())


@contextmanager
def running(schedule: Schedule, port: int = 0) -> Iterator[Running]:
    """A server with this schedule, ended with the block or with us; raises HarnessError where it does not start."""
    words = [sys.executable, "-m", "runners.calibration.server", json.dumps(msgspec.to_builtins(schedule)), str(port)]
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": path, "HARNESS_CHILD": "1"})
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise HarnessError("the calibration server did not start")
        yield Running(url, process.pid)
    finally:
        process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
