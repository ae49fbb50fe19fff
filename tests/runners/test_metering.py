"""A watch over a real load on this machine: a second process that hogs a core is flagged, for real."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from msgspec import structs

from harness.core.cell import Job
from harness.core.config import Metering
from harness.core.record import Flag, Step, Window
from runners import metering
from runners.seen import Load
from tests.cells import job, load_cell
from tests.runners.watched import FACTS, by_name

pytestmark = pytest.mark.alone


def watched_job(scratch: Path, period: float = 0.1) -> Job:
    return structs.replace(job(load_cell(), scratch), metering=Metering(period, 0.0))


def others(scratch: Path, seconds: float) -> tuple[float, tuple[Flag, ...]]:
    """Cores that others used while this process worked for so long, and the flags."""
    with metering.watch(watched_job(scratch), scratch) as watched:
        started = time.perf_counter_ns()
        while time.perf_counter_ns() - started < seconds * 1e9:
            sum(range(1000))
        load = Load(FACTS, (Window(Step(concurrency=1), started, time.perf_counter_ns(), 1, 1),))
    reading = next(one for one in watched.readings(load) if one.name == "other_cpu")
    return reading.samples[0], watched.flags(load)


def test_a_hog_is_flagged_and_our_own_work_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "quiet").mkdir()
    (tmp_path / "hogged").mkdir()
    quiet, _ = others(tmp_path / "quiet", 2.0)
    # Started by a shell that ends: no descendant of ours.
    started = subprocess.run(["sh", "-c", f"{sys.executable} -c 'while True: pass' >/dev/null 2>&1 & echo $!"],
                             capture_output=True, check=True, text=True)
    hog = psutil.Process(int(started.stdout))
    try:
        hogged, flags = others(tmp_path / "hogged", 2.0)
    finally:
        hog.kill()
    assert any("other processes" in flag.reason for flag in flags)
    if quiet > 0.25:
        pytest.skip(f"others kept {quiet:.1f} cores busy already; the hog made it {hogged:.1f}")
    assert hogged > quiet + 0.25


def test_a_watch_keeps_series_of_this_machine_and_leaves_no_process(tmp_path: Path) -> None:
    with metering.watch(watched_job(tmp_path), tmp_path) as watched:
        children = psutil.Process().children()
        time.sleep(0.5)
    assert [child for child in children if child.is_running() and "runners.sampler" in child.cmdline()] == []
    assert len(watched.series["cpu_busy"].values) >= 2, "at the start and at the end at least"
    assert watched.idle_ns is None or watched.idle_ns[0] <= watched.idle_ns[1]


def test_a_load_that_fails_ends_its_sampler_too(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ZeroDivisionError), metering.watch(watched_job(tmp_path), tmp_path):
        raise ZeroDivisionError
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_sampler_killed_midway_ends_no_load(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with metering.watch(watched_job(tmp_path), tmp_path) as watched:
        for child in psutil.Process().children():
            if child.pid not in before:
                child.kill()
        time.sleep(0.2)
    assert watched.flags(Load(FACTS, ())) == ()
    assert watched.series["cpu_busy"].values


def test_a_period_of_zero_watches_nothing_and_says_so(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with metering.watch(watched_job(tmp_path, 0.0), tmp_path) as watched:
        assert {child.pid for child in psutil.Process().children()} <= before
    found = by_name(watched.readings(Load(FACTS, (Window(Step(concurrency=1), 0, 1, 1, 1),))))
    for name in ("other_cpu", "energy"):
        assert (found[name].samples, bool(found[name].reason)) == ((), True)
