"""GPUs behind the functions of pynvml that we call: what they answer is set, refused or lost."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """As pynvml raises it: a text for every code."""


NOT_SUPPORTED, LOST = "Not Supported", "GPU is lost"


@dataclass
class Process:
    """As nvmlDeviceGetComputeRunningProcesses gives it; None bytes where the driver does not tell."""

    pid: int
    usedGpuMemory: int | None = 0


@dataclass
class Gpu:
    """A value in NVML's own units for each call; a text is raised as an error instead.

    Processes that compute are `pids`, and those in `computes` with the bytes they hold; `draws` are those that draw.
    """

    energy: int | str = 5_000_000
    power: int | str = 250_000
    clock: int | str = 1980
    temperature: int | str = 61
    reasons: int | str = 0
    limit: int | str = 450_000
    default: int | str = 450_000
    used: int | str = 0
    pids: list[int] = field(default_factory=list)
    computes: dict[int, int | None] = field(default_factory=dict)
    draws: dict[int, int | None] = field(default_factory=dict)


class SimulatedNvml:
    """The module pynvml of a box with these GPUs; a handle is the GPU itself."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0

    def __init__(self, *gpus: Gpu) -> None:
        self._gpus = gpus

    def nvmlDeviceGetCount(self) -> int:
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Gpu:
        return self._gpus[index]

    def nvmlDeviceGetComputeRunningProcesses(self, gpu: Gpu) -> list[Process]:
        return [*(Process(pid) for pid in gpu.pids), *(Process(pid, held) for pid, held in gpu.computes.items())]

    def nvmlDeviceGetGraphicsRunningProcesses(self, gpu: Gpu) -> list[Process]:
        return [Process(pid, held) for pid, held in gpu.draws.items()]

    def nvmlDeviceGetMemoryInfo(self, gpu: Gpu) -> Any:
        return SimpleNamespace(used=_told(gpu.used))

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu: Gpu) -> Any:
        return _told(gpu.energy)

    def nvmlDeviceGetPowerUsage(self, gpu: Gpu) -> Any:
        return _told(gpu.power)

    def nvmlDeviceGetClockInfo(self, gpu: Gpu, kind: int) -> Any:
        assert kind == self.NVML_CLOCK_SM
        return _told(gpu.clock)

    def nvmlDeviceGetTemperature(self, gpu: Gpu, kind: int) -> Any:
        assert kind == self.NVML_TEMPERATURE_GPU
        return _told(gpu.temperature)

    def nvmlDeviceGetCurrentClocksEventReasons(self, gpu: Gpu) -> Any:
        return _told(gpu.reasons)

    def nvmlDeviceGetEnforcedPowerLimit(self, gpu: Gpu) -> Any:
        return _told(gpu.limit)

    def nvmlDeviceGetPowerManagementDefaultLimit(self, gpu: Gpu) -> Any:
        return _told(gpu.default)


def _told(value: int | str) -> int:
    if isinstance(value, str):
        raise NVMLError(value)
    return value
