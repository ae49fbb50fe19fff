"""Children that die in every way a child can die."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.core.suite import Suite
from harness.execute import child
from tests.cells import load_cell, quality_cell, write_job
from tests.foreign import foreign


def test_a_child_that_does_its_work_leaves_an_outcome(tmp_path: Path) -> None:
    ended = child.run("runners.worker", write_job(load_cell(), tmp_path / "s"), 60)
    assert ended.exit_code == 0, ended.log_tail
    assert (tmp_path / "s/outcome.json").exists()
    assert not ended.timed_out


def test_a_child_under_another_python_finds_this_harness_and_that_pythons_programs(tmp_path: Path) -> None:
    scratch = write_job(load_cell(), tmp_path / "s")
    (scratch / "probe.py").write_text(
        "import os, shutil, sys, harness, runners, site\n"
        "assert os.environ['PATH'].startswith(os.path.dirname(sys.executable))\n"
        "assert sorted(os.listdir(sys.argv[1] + '/code')) == ['harness', 'runners']\n"
        "print(os.path.realpath(harness.__file__), sys.prefix)\n"
    )
    made = foreign(tmp_path / "made")
    os.environ["PYTHONPATH"], before = str(scratch), os.environ.get("PYTHONPATH", "")
    try:
        ended = child.run("probe", scratch, 60, python=made.python)
    finally:
        os.environ["PYTHONPATH"] = before
    assert ended.exit_code == 0, ended.log_tail
    assert ended.log_tail.split() == [str(Path(child.__file__).parents[1] / "__init__.py"), made.folder]
    ended = child.run("runners.worker", scratch, 60, python=made.python)
    assert ended.exit_code == 0, ended.log_tail


def test_a_child_killed_by_a_signal_ends_with_that_signal(tmp_path: Path) -> None:
    ended = child.run("runners.worker", write_job(load_cell(fail="kill", fail_after=3), tmp_path / "s"), 60)
    assert ended.exit_code == -signal.SIGKILL
    assert not (tmp_path / "s/outcome.json").exists()


@pytest.mark.parametrize("ticking", [True, False])
def test_a_child_that_hangs_is_ended_at_its_deadline(tmp_path: Path, ticking: bool) -> None:
    scratch = write_job(load_cell(fail="hang", fail_after=3), tmp_path / "s")
    started = time.monotonic()
    ended = child.run("runners.worker", scratch, 2.5, child.Tick(1.0, lambda: None) if ticking else None)
    assert ended.timed_out
    assert time.monotonic() - started < 10


def test_the_tick_is_called_while_a_child_works(tmp_path: Path) -> None:
    ticks: list[float] = []
    scratch = write_job(load_cell(fail="hang"), tmp_path / "s")
    child.run("runners.worker", scratch, 3.5, child.Tick(0.5, lambda: ticks.append(time.monotonic())))
    assert 4 <= len(ticks) <= 7


def test_a_wait_without_a_deadline_ends_with_the_child(tmp_path: Path) -> None:
    ended = child.run("runners.worker", write_job(load_cell(), tmp_path / "s"), math.inf)
    assert ended.exit_code == 0, ended.log_tail


def test_what_a_tick_raises_ends_the_child(tmp_path: Path) -> None:
    scratch, before = write_job(load_cell(fail="hang"), tmp_path / "s"), psutil.Process().children()

    def gone() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        child.run("runners.worker", scratch, 60, child.Tick(0.5, gone))
    assert set(psutil.Process().children()) <= set(before)


def test_the_last_lines_of_the_log_come_back(tmp_path: Path) -> None:
    ended = child.run("runners.no_such_module", write_job(load_cell(), tmp_path / "s"), 60)
    assert ended.exit_code == 1
    assert "No module named runners.no_such_module" in ended.log_tail


def test_what_the_child_started_ends_with_it(tmp_path: Path) -> None:
    scratch = write_job(load_cell(), tmp_path / "s")
    (scratch / "spawner.py").write_text(
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        "open(sys.argv[1] + '/pid', 'w').write(str(p.pid))\n"
        "time.sleep(60)\n"
    )
    os.environ["PYTHONPATH"], before = str(scratch), os.environ.get("PYTHONPATH", "")
    try:
        ended = child.run("spawner", scratch, 2)
    finally:
        os.environ["PYTHONPATH"] = before
    assert ended.timed_out
    pid = int((scratch / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path, suite: Suite) -> None:
    scratch = write_job(quality_cell(suite, tokens_per_second=2.0), tmp_path / "s", suite)
    parent = subprocess.Popen(
        [sys.executable, "-c", f"from harness.execute import child; from pathlib import Path; "
         f"child.run('runners.worker', Path({str(scratch)!r}), 60)"],
        cwd=Path(child.__file__).parents[2],
    )
    worker = _wait_for_child(parent.pid)
    parent.kill()
    parent.wait()
    psutil.wait_procs([worker], timeout=10)
    assert not worker.is_running()


def _wait_for_child(pid: int) -> psutil.Process:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = psutil.Process(pid).children()
        if found:
            time.sleep(1)  # let it get past its imports, to where it watches for our end
            return found[0]
        time.sleep(0.1)
    raise AssertionError("no child was started")
