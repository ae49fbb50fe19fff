"""NVIDIA GPUs by the driver's own library, through NVIDIA's package nvidia-ml-py (module pynvml).

Of several GPUs those are read on which the measured process runs, and all where that cannot be told (in a container
process ids are others; a server elsewhere on the box is none of ours). What a GPU does not tell (the memory and the
power limit of a DGX Spark, say) is missing with NVML's own words.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psutil

from runners.sensor import Place, Sensor, SensorFacts, Unreadable, missing

_MILLI, _MEGA = 1e-3, 1e6
# nvmlClocksEventReason* of nvml.h; those that slow a GPU down for a reason of its own. `SW_POWER_CAP` means no harm by
# itself: at its default limit that is how fast this GPU is.
SLOWED = {0x8: "hardware slowdown", 0x20: "software thermal slowdown", 0x40: "hardware thermal slowdown",
          0x80: "power brake"}


def library() -> Any:
    """The pynvml module with the driver's library open; raises Unreadable."""
    try:
        import pynvml
    except ImportError as error:
        raise Unreadable("the package is not there: pip install nvidia-ml-py") from error
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise Unreadable(f"NVML: {error}") from error
    return pynvml


def sensors(place: Place) -> Sequence[Sensor]:
    """Energy, power, clock, temperature, throttle reasons and power limits of each GPU in use."""
    try:
        nvml = library()
    except Unreadable as error:
        return [missing("gpu0_energy", "J", "NVML", str(error))]
    return of(nvml, place)


def of(nvml: Any, place: Place) -> Sequence[Sensor]:
    """From an opened pynvml, or what has its functions."""
    handles = list(in_use(nvml, family(place.pid)))
    return [sensor for index, handle in handles for sensor in _gpu(nvml, index, handle)] or [
        missing("gpu0_energy", "J", "NVML", "the driver knows of no GPU")
    ]


def family(pid: int) -> set[int]:
    """A process and its descendants."""
    with contextlib.suppress(psutil.Error):
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    return {pid}


def in_use(nvml: Any, pids: set[int]) -> Iterator[tuple[int, Any]]:
    """(index, handle) of the GPUs on which one of these processes computes, else of all."""
    handles = [(index, nvml.nvmlDeviceGetHandleByIndex(index)) for index in range(nvml.nvmlDeviceGetCount())]
    return iter([one for one in handles if pids & _computing(nvml, one[1])] or handles)


def _computing(nvml: Any, handle: Any) -> set[int]:
    try:
        return {process.pid for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle)}
    except nvml.NVMLError:
        return set()


def _gpu(nvml: Any, index: int, handle: Any) -> Iterator[Sensor]:
    """All sensors of one GPU; one that it does not support is found out by asking once."""
    calls: dict[str, Callable[[], float]] = {
        "energy": lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) * _MILLI,
        "power": lambda: nvml.nvmlDeviceGetPowerUsage(handle) * _MILLI,
        "clock": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM) * _MEGA,
        "temperature": lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
        "throttle": lambda: float(_reasons(nvml)(handle)),
        "power_limit": lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) * _MILLI,
        "power_default": lambda: nvml.nvmlDeviceGetPowerManagementDefaultLimit(handle) * _MILLI,
    }
    units = {"energy": "J", "clock": "Hz", "temperature": "C", "throttle": "1"}
    for kind, call in calls.items():
        read, unit = _asked(nvml, call), units.get(kind, "W")
        facts = SensorFacts(f"gpu{index}_{kind}", unit, "NVML", "gpu" if kind in ("energy", "power") else "",
                            counter=kind == "energy")
        try:
            read()
        except Unreadable as error:
            yield missing(facts.name, facts.unit, "NVML", str(error))
        else:
            yield Sensor(facts, read, every=10 if kind.startswith("power_") else 1)


def _reasons(nvml: Any) -> Callable[[Any], int]:
    """The call has another name in packages of before 2023."""
    new = "nvmlDeviceGetCurrentClocksEventReasons"
    return getattr(nvml, new, None) or nvml.nvmlDeviceGetCurrentClocksThrottleReasons  # type: ignore[no-any-return]


def _asked(nvml: Any, call: Callable[[], float]) -> Callable[[], float]:
    """The same call, raising Unreadable with NVML's words."""

    def read() -> float:
        try:
            return call()
        except nvml.NVMLError as error:
            raise Unreadable(f"NVML: {error}") from error

    return read
