"""One run of one load generator against a fresh calibration server, and what came out of it."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
from msgspec import Struct

from benchmarks.load_generator_tools import ROOT, Task, Tool
from harness.core.calibration import Trial
from runners.calibration.error import Errors, errors
from runners.calibration.process import running
from runners.calibration.truth import Served

_SAMPLE_SECONDS = 0.25
_START_SECONDS = 180.0
_SLACK = 4.0


class Result(Struct, frozen=True):
    """`rate_share` is achieved over scheduled tokens/s, by the tool's own clock; 0 where it failed, with the `reason`.

    Processor time is of the tool's whole tree: while tokens streamed, and of all its run, start and evaluation too.
    """

    tool: str
    trial: Trial
    rate_share: float
    errors: Errors | None = None
    cpu_seconds: float = 0.0
    cpu_seconds_whole: float = 0.0
    reason: str = ""

    @property
    def tokens_per_second(self) -> float:
        """Achieved."""
        return self.rate_share * self.trial.tokens / self.trial.seconds


def run(tool: Tool, python: str, trial: Trial) -> Result:
    """The tool's readings against the server's truth; a tool that fails is a result without them."""
    with tempfile.TemporaryDirectory() as name, running(trial.schedule) as server:
        task = Task(server.url.removesuffix("/v1"), trial, Path(name))
        with (task.folder / "log.txt").open("wb") as log:
            process = subprocess.Popen([python, *tool.words(task)], cwd=ROOT, env=_environment(tool, task.folder),
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        with _sampled(process.pid) as samples:
            code, usage = _wait(process, _START_SECONDS + _SLACK * trial.seconds)
        if code:
            return Result(tool.name, trial, 0.0, reason=_reason(code, task.folder / "log.txt"))
        seen, served = tool.read(task.folder), server.truth().served
    if len(seen) < task.requests:
        return Result(tool.name, trial, 0.0, reason=f"{task.requests - len(seen)} of {task.requests} requests failed")
    seconds = max(one.end_seconds for one in seen) - min(one.start_seconds for one in seen)
    return Result(tool.name, trial, trial.seconds / seconds, errors(seen, served),
                  _between(samples, served, seconds), usage)


def _environment(tool: Tool, folder: Path) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1"} if tool.offline else {}
    ours = {"PYTHONPATH": str(ROOT)} if tool.name == "ours" else {}
    return {**os.environ, **offline, **ours, "TOKENIZERS_PARALLELISM": "false", "NO_COLOR": "1", "TMPDIR": str(folder)}


def _wait(process: "subprocess.Popen[bytes]", patience_seconds: float) -> tuple[int, float]:
    """Exit code (-9 after the patience) and processor seconds of it and all it waited for."""
    timer = threading.Timer(patience_seconds, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        timer.cancel()
        with suppress(ProcessLookupError):  # what it left behind, or all of it where we are interrupted
            os.killpg(process.pid, signal.SIGKILL)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


@contextmanager
def _sampled(pid: int) -> Iterator[list[tuple[int, float]]]:
    """(perf_counter_ns, processor seconds of the tree so far), a few times a second while the block runs."""
    samples: list[tuple[int, float]] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            samples.append((time.perf_counter_ns(), _tree_seconds(pid)))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _tree_seconds(pid: int) -> float:
    """Of each living process its own time and that of children it has waited for: so none is lost or counted twice."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return total
    for one in tree:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _between(samples: list[tuple[int, float]], served: tuple[Served, ...], seconds: float) -> float:
    """Processor seconds from the first request to the end of the last, by the tool's own clock."""
    start = min(one.received_ns for one in served)
    at, used = np.array([one for one, _ in samples]), np.array([two for _, two in samples])
    first, last = np.interp([start, start + seconds * 1e9], at, np.maximum.accumulate(used))
    return float(last - first)


def _reason(code: int, log: Path) -> str:
    """The last line of its log that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "no output")
    return f"exit code {code}: {said[:160]}"
