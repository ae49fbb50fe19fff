"""Processor time told apart: ours, short-lived children's included, and others'; what a control group denies."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runners.sensor import Place, Sensor
from runners.sensors.share import OwnTime, sensors
from tests.runners.watched import tree

pytestmark = pytest.mark.alone

BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


def found(root: Path) -> dict[str, Sensor]:
    return {one.facts.name: one for one in sensors(Place(os.getpid(), root / "sys", root / "proc"))}


def test_a_child_that_came_and_went_between_two_readings_is_ours() -> None:
    own = OwnTime(os.getpid())
    before = own.read()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert own.read() - before >= 0.3


def test_a_living_child_is_ours() -> None:
    own = OwnTime(os.getpid())
    before = own.read()
    child = subprocess.Popen([sys.executable, "-c", f"{BURN}\ntime.sleep(60)"])
    try:
        deadline = time.monotonic() + 30
        while own.read() - before < 0.3:
            assert time.monotonic() < deadline, "the child's time never arrived"
            time.sleep(0.1)
    finally:
        child.kill()
        child.wait()


@pytest.mark.skipif(platform.system() != "Linux", reason="setsid --fork is of Linux")
def test_somebody_elses_time_is_not_ours(tmp_path: Path) -> None:
    busy = found(tmp_path)["cpu_busy"].read
    assert busy is not None
    before = busy(), OwnTime(os.getpid()).read()
    subprocess.run(["setsid", "--fork", sys.executable, "-c", BURN], check=True)
    deadline = time.monotonic() + 30
    while busy() - before[0] < 0.3:
        assert time.monotonic() < deadline, "the time of the other process never arrived"
        time.sleep(0.1)
    assert OwnTime(os.getpid()).read() - before[1] < 0.25


V2 = {f"proc/{os.getpid()}/cgroup": "0::/user.slice/run.scope",
      "sys/fs/cgroup/user.slice/run.scope/cpu.stat": "usage_usec 9\nnr_throttled 4\nthrottled_usec 2500000"}
V1 = {f"proc/{os.getpid()}/cgroup": "4:cpu,cpuacct:/docker/abc\n1:name=systemd:/",
      "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000"}


@pytest.mark.parametrize("files", [V2, V1], ids=["v2", "v1 from within a container"])
def test_what_a_control_group_denies_is_told_in_seconds(tmp_path: Path, files: dict[str, str]) -> None:
    read = found(tree(tmp_path, files))["cpu_throttled"].read
    assert read is not None
    assert read() == pytest.approx(2.5)


def test_no_control_group_is_said(tmp_path: Path) -> None:
    assert "no control group" in found(tmp_path)["cpu_throttled"].facts.reason


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux counts stolen time")
def test_stolen_time_is_read_on_linux(tmp_path: Path) -> None:
    assert "cpu_steal" in found(tmp_path)
