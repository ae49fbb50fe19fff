"""Nothing of a guarded server lives on, whoever dies first."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runners import guard

_SERVER = [sys.executable, "-m", "tests.hostile_server", "0"]
_OWNER = """
import os, subprocess, sys, time
guard = subprocess.Popen([sys.executable, "-m", "runners.guard", "1", *sys.argv[1:]], stdin=subprocess.PIPE,
                         start_new_session=True)
time.sleep(600)
"""


@pytest.fixture
def mark() -> Iterator[str]:
    """A mark of this test's own; whatever carries it is ended with the test."""
    mark = secrets.token_hex(8)
    yield mark
    guard.end_all(mark, 0.0)


def _wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _guarded(mark: str, fault: str, folder: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, guard.MARK: mark, "PID_FILE": str(folder / "pid")}
    words = [sys.executable, "-m", "runners.guard", "0.5", *_SERVER, fault]
    return subprocess.Popen(words, stdin=subprocess.PIPE, env=env, start_new_session=True)


@pytest.mark.parametrize("fault", ["", "stubborn", "grandchild", "stubborn_grandchild"])
def test_closing_its_input_ends_the_whole_tree(fault: str, mark: str, tmp_path: Path) -> None:
    process = _guarded(mark, fault, tmp_path)
    expected = 3 if "grandchild" in fault else 2  # the guard carries the mark too
    _wait_for(lambda: len(guard.marked(mark)) == expected)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
    assert guard.marked(mark) == []


def test_an_owner_killed_without_warning_takes_the_server_along(mark: str, tmp_path: Path) -> None:
    env = {**os.environ, guard.MARK: mark, "PID_FILE": str(tmp_path / "pid")}
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, *_SERVER, "stubborn_grandchild"], env=env)
    _wait_for(lambda: len(guard.marked(mark)) == 4)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    _wait_for(lambda: not guard.marked(mark))


def test_a_server_that_dies_gives_its_exit_code_and_leaves_nothing(mark: str, tmp_path: Path) -> None:
    with _guarded(mark, "dies", tmp_path) as process:
        assert process.wait(20) == 1
    assert guard.marked(mark) == []


def test_a_program_that_is_not_there_is_said(mark: str) -> None:
    words = [sys.executable, "-m", "runners.guard", "1", "/no/such/program"]
    done = subprocess.run(words, env={**os.environ, guard.MARK: mark}, capture_output=True, text=True, check=False)
    assert done.returncode == guard.NOT_STARTED
    assert done.stderr == "cannot start /no/such/program: No such file or directory\n"
