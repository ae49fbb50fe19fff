"""The sampler: sensors that fail for a moment or for good, rounds, and a process that dies with its parent."""

import io
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from runners import recording
from runners.sampler import Sampler
from runners.sensor import Sensor, SensorFacts, Unreadable, missing
from tests.runners.simulated_nvml import LOST, Gpu, SimulatedNvml

pytestmark = pytest.mark.alone


def sensor(name: str, read: Callable[[], float], every: int = 1) -> Sensor:
    return Sensor(SensorFacts(name, "W", "test"), read, every)


def rounds(sampler: Sampler, count: int, scratch: Path) -> dict[str, int]:
    """How often each sensor was read in so many rounds."""
    out = io.BytesIO()
    for _ in range(count):
        sampler.read(out)
    (scratch / recording.SAMPLES).write_bytes(out.getvalue())
    return {name: len(one.values) for name, one in recording.series(scratch).items()}


def test_slow_sensors_are_read_less_often_and_missing_ones_never(tmp_path: Path) -> None:
    sensors = [sensor("fast", lambda: 1.0), sensor("slow", lambda: 2.0, every=4)]
    sampler = Sampler([*sensors, missing("none", "W", "test", "not here")], tmp_path)
    assert rounds(sampler, 8, tmp_path) == {"fast": 8, "slow": 2, "none": 0}
    assert recording.series(tmp_path)["none"].facts.reason == "not here"


def test_a_sensor_that_fails_for_a_moment_goes_on_and_one_that_fails_for_good_is_given_up(tmp_path: Path) -> None:
    asked = {"moment": 0, "good": 0}

    def moment() -> float:
        asked["moment"] += 1
        if asked["moment"] in (3, 4):
            raise Unreadable("busy")
        return 1.0

    def good() -> float:
        asked["good"] += 1
        if asked["good"] > 2:
            raise Unreadable("gone")
        return 1.0

    sampler = Sampler([sensor("moment", moment), sensor("good", good)], tmp_path)
    assert rounds(sampler, 20, tmp_path) == {"moment": 18, "good": 2}
    assert asked["good"] == 7
    found = recording.series(tmp_path)
    assert (found["moment"].facts.reason, found["good"].facts.reason) == ("", "gone")


def test_a_gpu_lost_midway_keeps_what_it_told_and_says_why_it_stopped(tmp_path: Path) -> None:
    from runners.sensor import Place
    from runners.sensors import nvml

    gpu = Gpu()
    sampler = Sampler(list(nvml.of(SimulatedNvml(gpu), Place(1))), tmp_path)
    out = io.BytesIO()
    for n in range(12):
        if n == 4:
            gpu.energy = LOST
        sampler.read(out)
    (tmp_path / recording.SAMPLES).write_bytes(out.getvalue())
    energy = recording.series(tmp_path)["gpu0_energy"]
    assert (len(energy.values), energy.facts.reason) == (4, "NVML: GPU is lost")


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    assert rounds(Sampler([sensor("one", lambda: 1.0)], tmp_path), 3, tmp_path) == {"one": 3}
    with (tmp_path / recording.SAMPLES).open("ab") as out:
        out.write(b'{"at_ns":12,"sen')
    assert len(recording.series(tmp_path)["one"].values) == 3


@pytest.fixture
def parent(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that starts a sampler, hears its first answer and then only waits."""
    code = (
        "import subprocess, sys, time\n"
        f"s = subprocess.Popen([sys.executable, '-m', 'runners.sampler', {str(tmp_path)!r}, '0.1'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "s.stdout.readline(); print(s.pid, flush=True); time.sleep(60)"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


def test_the_sampler_dies_with_its_parent_however_that_dies(parent: subprocess.Popen[bytes]) -> None:
    assert parent.stdout is not None
    sampler = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([sampler], timeout=20)[1] == []


def test_it_samples_on_its_own_at_a_bounded_cost(parent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert parent.stdout is not None
    sampler = psutil.Process(int(parent.stdout.readline()))
    before, started = sum(sampler.cpu_times()[:2]), time.monotonic()
    time.sleep(3)
    used, took = sum(sampler.cpu_times()[:2]) - before, time.monotonic() - started
    parent.kill()
    parent.wait()
    parent.stdout.close()
    lines = (tmp_path / recording.SAMPLES).read_bytes().splitlines()
    clocks = {msgspec.json.decode(line)["at_ns"] for line in lines}
    assert len(clocks) > 2
    assert max(clocks) <= time.perf_counter_ns(), "its clock is ours"
    assert used / took < 0.05, "a twentieth of one core at ten rounds a second"
