"""Memory of NVIDIA GPUs: what our processes hold there, and what is in use by anybody.

In a container NVML names processes by ids that are not ours, and on unified memory (DGX Spark) it does not know a
device's total: both are said with NVML's own words, and never taken for nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, missing
from runners.sensors.nvml import family, library

OWN, USED = "device_memory_own", "device_memory_used"


def sensors(place: Place) -> Sequence[Sensor]:
    """Bytes of ours and of all, over all GPUs; none where there is no NVIDIA driver, whose absence is no news."""
    try:
        nvml = library()
    except Unreadable:
        return ()
    return of(nvml, place)


def of(nvml: Any, place: Place) -> Sequence[Sensor]:
    """From an opened pynvml, or what has its functions."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    calls = {OWN: lambda: _own(nvml, handles, family(place.pid)), USED: lambda: _used(nvml, handles)}
    return [_sensor(nvml, name, call) for name, call in calls.items()] if handles else ()


def used_bytes() -> float | None:
    """In use by anybody on all GPUs now; None where there is no GPU or it does not tell."""
    for sensor in sensors(Place(0)):
        if sensor.facts.name == USED and sensor.read is not None:
            return sensor.read()
    return None


def _sensor(nvml: Any, name: str, call: Callable[[], float]) -> Sensor:
    def read() -> float:
        try:
            return call()
        except nvml.NVMLError as error:
            raise Unreadable(f"NVML: {error}") from error

    try:
        read()
    except Unreadable as error:
        return missing(name, "B", "NVML", str(error))
    return Sensor(SensorFacts(name, "B", "NVML"), read, every=2)


def _own(nvml: Any, handles: Sequence[Any], pids: set[int]) -> float:
    """A process that computes and draws stands in both lists, with the same number."""
    total = 0.0
    for handle in handles:
        listed = nvml.nvmlDeviceGetComputeRunningProcesses(handle) + nvml.nvmlDeviceGetGraphicsRunningProcesses(handle)
        held = {process.pid: process.usedGpuMemory for process in listed if process.pid in pids}
        if None in held.values():
            raise Unreadable("NVML: this driver does not tell what a process holds")
        total += sum(held.values())
    return total


def _used(nvml: Any, handles: Sequence[Any]) -> float:
    return float(sum(nvml.nvmlDeviceGetMemoryInfo(handle).used for handle in handles))
