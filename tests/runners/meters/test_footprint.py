"""The peak footprint: where macOS puts it, and what other systems say instead."""

import ctypes
import os
import platform
from pathlib import Path

import pytest

from runners.meters.footprint import peak_bytes, readings
from tests.runners.meters.sight import seen

# <sys/resource.h>, struct rusage_info_v4, after the 16 bytes of ri_uuid.
FIELDS = (
    "user_time", "system_time", "pkg_idle_wkups", "interrupt_wkups", "pageins", "wired_size", "resident_size",
    "phys_footprint", "proc_start_abstime", "proc_exit_abstime", "child_user_time", "child_system_time",
    "child_pkg_idle_wkups", "child_interrupt_wkups", "child_pageins", "child_elapsed_abstime", "diskio_bytesread",
    "diskio_byteswritten", "cpu_time_qos_default", "cpu_time_qos_maintenance", "cpu_time_qos_background",
    "cpu_time_qos_utility", "cpu_time_qos_legacy", "cpu_time_qos_user_initiated", "cpu_time_qos_user_interactive",
    "billed_system_time", "serviced_system_time", "logical_writes", "lifetime_max_phys_footprint", "instructions",
    "cycles", "billed_energy", "serviced_energy", "interval_max_phys_footprint", "runnable_time",
)


class UsageV4(ctypes.Structure):
    """What the kernel fills in."""

    _fields_ = [("uuid", ctypes.c_uint8 * 16), *((name, ctypes.c_uint64) for name in FIELDS)]  # noqa: RUF012


def kernel(pid: int, flavor: int, buffer: "ctypes._CArgObject") -> int:
    """proc_pid_rusage as documented: 0 and the structure filled in, -1 for another process or version."""
    if (pid, flavor) != (os.getpid(), 4):
        return -1
    found = ctypes.cast(buffer, ctypes.POINTER(UsageV4)).contents
    for at, name in enumerate(FIELDS):
        setattr(found, name, at)
    found.lifetime_max_phys_footprint = 7_000_000_000
    return 0


def test_the_peak_is_read_from_its_place_in_the_kernels_structure() -> None:
    assert peak_bytes(kernel) == 7_000_000_000


def test_a_kernel_that_refuses_gives_no_number() -> None:
    assert peak_bytes(lambda *_: -1) is None


@pytest.mark.skipif(platform.system() == "Darwin", reason="macOS has one")
def test_other_systems_do_not_speak_of_it(tmp_path: Path) -> None:
    assert readings(seen(tmp_path)) == ()


@pytest.mark.skipif(platform.system() != "Darwin", reason="only macOS keeps a footprint")
def test_macos_gives_a_positive_number(tmp_path: Path) -> None:
    assert readings(seen(tmp_path))[0].samples[0] > 1e6
