"""Memory of GPUs behind a simulated NVML: several GPUs, children, strangers, refusals."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from runners.sensor import Place, Sensor
from runners.sensors.device_memory import OWN, USED, of


class NVMLError(Exception):
    """As pynvml raises it."""


@dataclass
class Gpu:
    """Bytes in use, and (process, bytes) of what computes and what draws; None where the driver does not tell."""

    used: int | None
    computes: list[tuple[int, int | None]] = field(default_factory=list)
    draws: list[tuple[int, int | None]] = field(default_factory=list)


class Nvml:
    """The functions of pynvml that are called."""

    NVMLError = NVMLError

    def __init__(self, *gpus: Gpu) -> None:
        self._gpus = gpus

    def nvmlDeviceGetCount(self) -> int:
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Gpu:
        return self._gpus[index]

    def nvmlDeviceGetMemoryInfo(self, gpu: Gpu) -> Any:
        if gpu.used is None:
            raise NVMLError("Not Supported")
        return SimpleNamespace(used=gpu.used)

    def nvmlDeviceGetComputeRunningProcesses(self, gpu: Gpu) -> list[Any]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in gpu.computes]

    def nvmlDeviceGetGraphicsRunningProcesses(self, gpu: Gpu) -> list[Any]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in gpu.draws]


def _found(*gpus: Gpu) -> dict[str, Sensor]:
    return {sensor.facts.name: sensor for sensor in of(Nvml(*gpus), Place(os.getpid()))}


def _value(sensor: Sensor) -> float:
    assert sensor.read is not None
    return sensor.read()


def test_ours_are_this_process_and_its_children_on_every_gpu_and_no_stranger() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        found = _found(Gpu(900, [(os.getpid(), 100), (1, 700)]), Gpu(80, [(child.pid, 50)]))
        assert _value(found[OWN]) == 150
        assert _value(found[USED]) == 980
        child.kill()


def test_a_process_in_both_lists_counts_once() -> None:
    assert _value(_found(Gpu(200, [(os.getpid(), 100)], [(os.getpid(), 100)]))[OWN]) == 100


def test_unified_memory_has_no_total_and_says_so_while_processes_are_told() -> None:
    found = _found(Gpu(None, [(os.getpid(), 100)]))
    assert _value(found[OWN]) == 100
    assert found[USED].read is None
    assert "Not Supported" in found[USED].facts.reason


def test_a_driver_that_does_not_tell_what_a_process_holds_is_no_zero() -> None:
    found = _found(Gpu(900, [(os.getpid(), None)]))
    assert found[OWN].read is None
    assert "does not tell" in found[OWN].facts.reason


def test_a_box_without_a_gpu_has_no_such_sensors() -> None:
    assert of(Nvml(), Place(1)) == ()
