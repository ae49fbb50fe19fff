"""Runs a server for a measuring process, and ends it with everything it started when that process is gone.

    python -m runners.guard GRACE_SECONDS COMMAND...

The measuring process holds our stdin: when it closes, on purpose or because its owner was killed, the server's whole
tree gets SIGTERM, after GRACE_SECONDS SIGKILL. Processes are known by a mark in their environment, which what leaves
its group or its parent (setsid, double fork) still carries. Nothing is polled while the server runs.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys

import psutil

MARK = "QUANTHARNESS_SERVED"
LEFT_BEHIND, NOT_STARTED = 70, 127
_ROUNDS = 3
_KILL_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    """Guard one server; returns its own exit code where it ended by itself, 0 where it was stopped, 70 if some live."""
    grace, *command = arguments
    woken = _wakeup()
    try:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        return NOT_STARTED
    stopped = False
    while server.poll() is None and not stopped:
        ready, _, _ = select.select([0, woken], [], [])
        stopped = 0 in ready or signal.SIGTERM in os.read(woken, 64)  # a byte for each signal
    code = server.poll()
    left = end_all(os.environ[MARK], float(grace))
    if left:
        sys.stderr.write(f"processes left: {left}\n")
        return LEFT_BEHIND
    return code if code is not None and not stopped else 0


def _wakeup() -> int:
    """A file that becomes readable at the death of a child, a terminal's interrupt or a request to stop."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # our owner gets it too, and decides
    signal.set_wakeup_fd(writable)
    return readable


def marked(mark: str) -> list[psutil.Process]:
    """Living processes that carry the mark, ourselves left out, and our descendants."""
    found = set(psutil.Process().children(recursive=True)) if os.environ.get(MARK) == mark else set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.add(process)
    return [process for process in found if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def end_all(mark: str, grace_seconds: float) -> list[int]:
    """End every marked process, politely first; the ids of those that live on."""
    _signal(marked(mark), signal.SIGTERM, grace_seconds)
    for _ in range(_ROUNDS):  # again, for what was started meanwhile
        if not (living := marked(mark)):
            return []
        _signal(living, signal.SIGKILL, _KILL_SECONDS)
    return sorted(process.pid for process in marked(mark))


def _signal(processes: list[psutil.Process], number: int, wait_seconds: float) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
    psutil.wait_procs(processes, timeout=wait_seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
