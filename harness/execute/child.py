"""One child process: started in a group of its own, waited for, and ended with everything it started.

The parent holds the child's stdin open; a child whose stdin ends kills its own group, so that a parent killed with
SIGKILL leaves no orphan measuring on. The parent sleeps in the kernel and does not poll (as Popen.wait with a timeout
does, 20 times a second): an alarm keeps the deadline, and wakes it for a tick where one was asked for.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

_LONGEST_SECONDS = 1e7  # of an alarm; a wait without a deadline is woken this often
_GRACE_SECONDS = 5.0
_TAIL_LINES = 40
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a child ended: `exit_code` is negative for a signal, as in subprocess."""

    exit_code: int
    seconds: float
    timed_out: bool
    out_of_memory: bool
    log_tail: str


@dataclass(frozen=True)
class Tick:
    """What is called while a child works, every so many seconds."""

    every_seconds: float
    call: Callable[[], None]


def run(module: str, scratch: Path, timeout_seconds: float, tick: Tick | None = None,
        python: str = sys.executable) -> Ended:
    """Run `python -m module scratch` to its end, its output in scratch/log.txt, calling `tick` as it asks.

    Without one the parent sleeps until the child has ended. On KeyboardInterrupt the child's tree is killed and the
    error goes on. For the main thread only: the alarm is a signal.
    """
    started, kills_before = time.monotonic(), _oom_kills()
    with (scratch / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [python, "-m", module, str(scratch)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment(python, scratch),
        )
    timed_out = False
    try:
        _wait(process, started + timeout_seconds, tick)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        _end_tree(process)
    return Ended(
        exit_code=process.returncode,
        seconds=time.monotonic() - started,
        timed_out=timed_out,
        out_of_memory=_oom_kills() > kills_before,
        log_tail=_tail(scratch / "log.txt"),
    )


def environment(python: str, scratch: Path) -> dict[str, str]:
    """The variables a child starts with: it finds this harness's code, and talks to no terminal."""
    root, programs = _PACKAGE_ROOT, os.environ.get("PATH", os.defpath)
    if python != sys.executable:
        root, programs = _code(scratch / "code"), os.pathsep.join([str(Path(python).parent), programs])
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1"}
    own = {"PYTHONPATH": path, "PATH": programs, "PYTHONUNBUFFERED": "1", "HARNESS_CHILD": "1"}
    return {**os.environ, **quiet, **own}


def _code(folder: Path) -> Path:
    """A folder with this harness's code and nothing else: packages installed beside it belong to another Python."""
    folder.mkdir(exist_ok=True)
    for name in ("harness", "runners"):
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(_PACKAGE_ROOT / name)
    return folder


def _wait(process: subprocess.Popen[bytes], deadline: float, tick: Tick | None) -> None:
    """Until the child ends; raises TimeoutExpired at `deadline` (time.monotonic)."""

    def alarm(*_: object) -> None:
        if time.monotonic() >= deadline:
            raise subprocess.TimeoutExpired(process.args, 0)
        if tick is not None:
            tick.call()
        arm()

    def arm() -> None:
        every = tick.every_seconds if tick else _LONGEST_SECONDS
        signal.setitimer(signal.ITIMER_REAL, max(min(deadline - time.monotonic(), every, _LONGEST_SECONDS), 0.001))

    before = signal.signal(signal.SIGALRM, alarm)
    try:
        arm()
        process.wait()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End the child, its group, and descendants that left the group; the child is reaped."""
    with contextlib.suppress(psutil.NoSuchProcess):
        descendants = psutil.Process(process.pid).children(recursive=True)
        for target in descendants if process.poll() is not None else [psutil.Process(process.pid), *descendants]:
            with contextlib.suppress(psutil.NoSuchProcess):
                target.terminate()
        psutil.wait_procs(descendants, timeout=_GRACE_SECONDS)
        for target in descendants:
            with contextlib.suppress(psutil.NoSuchProcess):
                target.kill()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()


def _oom_kills() -> int:
    """Out-of-memory kills the kernel has counted so far; 0 where it does not count (then a kill is just a signal)."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
