"""Who has the processors: this measurement, somebody else, or the host of a virtual machine.

Time is counted by the kernel and read through psutil: of all processors, and of the measuring process with all its
descendants (the server it started, the sampler itself). What others used is the difference. The time of a child that
has ended stands in its parent once the parent has waited for it, so that nothing short-lived is lost.
"""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, missing, text

# Listing all processes costs milliseconds; this share of one core is what it may take.
_LISTING_SHARE = 0.005
_MICRO, _NANO = 1e-6, 1e-9


def sensors(place: Place) -> Sequence[Sensor]:
    """Seconds of processor time: used by all, by us, taken by the host; and seconds a limit of the cgroup held us."""
    own = OwnTime(place.pid)
    found = [
        Sensor(SensorFacts("cpu_busy", "s", "processor time of all processes", counter=True), _busy_seconds),
        Sensor(SensorFacts("cpu_own", "s", "processor time of the measured processes", counter=True), own.read),
    ]
    if hasattr(psutil.cpu_times(), "steal"):
        steal = SensorFacts("cpu_steal", "s", "processor time the host gave to others", counter=True)
        found.append(Sensor(steal, lambda: float(psutil.cpu_times().steal)))
    return [*found, _throttled(place)]


def _busy_seconds() -> float:
    """Of user and system work; interrupts are left out: those of our own transfers cannot be told from others'."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))


class OwnTime:
    """Processor time of a process and its descendants, who are listed again when that costs little."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._family: list[psutil.Process] = []
        self._list_at = 0.0

    def read(self) -> float:
        """Seconds, raises Unreadable where the process is gone."""
        now = time.monotonic()
        if now >= self._list_at:
            with contextlib.suppress(psutil.Error):
                self._family = self._root.children(recursive=True)
            took = time.monotonic() - now
            self._list_at = now + took / _LISTING_SHARE
        try:
            total = _used(self._root)
        except psutil.Error as error:
            raise Unreadable(f"the measured process is gone: {error}") from error
        for process in self._family:
            with contextlib.suppress(psutil.Error):
                total += _used(process)
        return total


def _used(process: psutil.Process) -> float:
    """Of one process and of those of its children that have ended and been waited for."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _throttled(place: Place) -> Sensor:
    """Time a limit on the control group kept us from running (cpu.stat of cgroup v2, else v1)."""
    source = "cpu.stat of the control group"
    found = next((one for one in _cgroup_files(place) if f"{one[1]} " in text(one[0])), None)
    if found is None:
        return missing("cpu_throttled", "s", source, "no control group limits the processor here")
    path, key, scale = found
    return Sensor(SensorFacts("cpu_throttled", "s", source, counter=True), lambda: _field(path, key) * scale)


def _cgroup_files(place: Place) -> list[tuple[Path, str, float]]:
    """(file, key of the time, seconds per unit) where the process's group may stand: seen from the host or inside."""
    root, found = place.sys / "fs" / "cgroup", []
    for line in text(place.proc / str(place.pid) / "cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        inner = group.lstrip("/")
        if controllers == "":
            found += [(root / below / "cpu.stat", "throttled_usec", _MICRO) for below in (inner, "")]
        elif "cpu" in controllers.split(","):
            names = {controllers, "cpu"}
            found += [(root / name / below / "cpu.stat", "throttled_time", _NANO)
                      for name in sorted(names) for below in (inner, "")]
    return found


def _field(path: Path, key: str) -> float:
    for line in text(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return float(value)
    raise Unreadable(f"{path} has no {key} any more")
