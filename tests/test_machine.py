"""Reading a machine from the texts of others, and knowing which box it is."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from harness import bundle
from harness.core.config import Hardware
from harness.core.record import Machine
from harness.machine import Probe, detect, inspect, packages, source

BOXES = tuple(bundle.catalogue("hw", Hardware).values())
CPU = "processor\t: {n}\nmodel name\t: AMD Ryzen 9\nphysical id\t: 0\ncore id\t\t: {core}\n"
CPUINFO = "\n".join(CPU.format(n=n, core=n // 2) for n in range(8))
MEMINFO = "MemTotal:       65536000 kB\nMemFree: 1 kB\n"


def probe(
    files: dict[str, str] | None = None, commands: dict[str, str] | None = None, cpus: Sequence[int] = range(8)
) -> Probe:
    """A Linux machine with 4 cores of two threads each and 62.5 GiB, but for what is given."""
    texts = {"/proc/cpuinfo": CPUINFO, "/proc/meminfo": MEMINFO, **(files or {})}
    answers = commands or {}
    return Probe(
        read=lambda path: texts.get(path, ""),
        command=lambda words: answers.get(
            " ".join(words[:2]), answers.get(words[0] if words[0] != "sysctl" else words[-1], "")
        ),
        cpus=tuple(cpus),
        system="Darwin" if "hw.memsize" in answers else "Linux",
        release="TestOS 1",
        hostname="secret-name",
        load=lambda: (0.123, 0.2, 0.3),
    )


def test_threads_of_one_core_count_once() -> None:
    machine = inspect(probe())
    assert (machine.cpu, machine.cores, machine.memory_bytes) == ("AMD Ryzen 9", 4, 65536000 * 1024)


def test_affinity_and_container_limits_count() -> None:
    assert inspect(probe(cpus=[0, 1])).cores == 1
    assert inspect(probe({"/sys/fs/cgroup/cpu.max": "200000 100000"})).cores == 2
    assert inspect(probe({"/sys/fs/cgroup/cpu.max": "max 100000"})).cores == 4
    assert inspect(probe({"/sys/fs/cgroup/memory.max": "1073741824"})).memory_bytes == 1 << 30


def test_an_arm_machine_without_core_ids_counts_its_cpus() -> None:
    text = "\n".join(f"processor\t: {n}\nBogoMIPS\t: 2000.00\n" for n in range(20))
    assert inspect(probe({"/proc/cpuinfo": text}, cpus=range(20))).cores == 20


def test_the_hostname_is_never_in_the_record() -> None:
    assert "secret" not in str(inspect(probe()))


def test_the_fingerprint_names_the_hardware_and_not_its_load() -> None:
    here = inspect(probe())
    assert here.fingerprint == inspect(probe({"/proc/loadavg": "9 9 9"})).fingerprint
    assert here.fingerprint == inspect(probe({"/proc/meminfo": "MemTotal: 65530000 kB\n"})).fingerprint
    assert here.fingerprint != inspect(probe(cpus=[0, 1])).fingerprint


@pytest.mark.parametrize(
    ("row", "key", "memory"),
    [
        ("NVIDIA GeForce RTX 4090, 24564 MiB, 560.1", "rtx_4090", 25.8),
        ("NVIDIA H200, 143771 MiB, 570.2", "h200", 150.8),
        ("NVIDIA GB10, [N/A], 580.3", "dgx_spark", 67.1),
        ("NVIDIA GB300, 257000 MiB, 580.3", "dell_pro_max_gb300", 269.5),
        ("NVIDIA GeForce RTX 4090 Laptop GPU, 16376 MiB, 560.1", "cpu", 67.1),
        ("NVIDIA GeForce RTX 3060, 12288 MiB, 560.1", "cpu", 67.1),
    ],
)
def test_a_box_is_known_by_its_gpu_and_its_memory_is_measured(row: str, key: str, memory: float) -> None:
    machine = inspect(probe(commands={"nvidia-smi": row + "\n"}))
    found = detect(BOXES, machine)
    assert (found.key, found.memory_gb.value, found.memory_gb.tag) == (key, memory, "measured")
    assert "NVIDIA driver" in machine.system


def test_a_mac_is_known_by_its_chip() -> None:
    commands = {
        "machdep.cpu.brand_string": "Apple M3 Ultra\n",
        "hw.physicalcpu": "32\n",
        "hw.memsize": "274877906944\n",
        "system_profiler": "Graphics/Displays:\n      Chipset Model: Apple M3 Ultra\n",
    }
    machine = inspect(probe(commands=commands))
    assert (machine.cores, machine.gpus) == (32, ("Apple M3 Ultra",))
    assert detect(BOXES, machine).key == "mac_studio_m3_ultra"


def test_an_unknown_computer_is_a_cpu_with_its_own_name_and_no_invented_bandwidth() -> None:
    found = detect(BOXES, inspect(probe()))
    assert (found.key, found.name, found.bandwidth_gbs.value) == ("cpu", "AMD Ryzen 9", None)


def test_this_machine_can_be_inspected() -> None:
    here = inspect()
    assert isinstance(here, Machine)
    assert here.cores >= 1
    assert here.memory_bytes > 1 << 28


def test_packages_that_are_not_installed_are_left_out() -> None:
    assert [detail.name for detail in packages(["msgspec", "no-such-package"])] == ["msgspec"]


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    found = source(tmp_path)
    assert (found.commit, found.dirty) == ("", False)


def test_a_checkout_tells_its_commit_and_whether_it_is_changed(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    def git(words: Sequence[str]) -> str:
        return "abc123\n" if "rev-parse" in words else " M file\n"

    found = source(tmp_path, Probe(command=git))
    assert (found.commit, found.dirty) == ("abc123", True)


NVIDIA = """NVIDIA-SMI version  : 580.65.06
NVML version        : 580.65
DRIVER version      : 580.65.06
CUDA Version        : 13.0
"""


def told(machine: Machine) -> dict[str, str]:
    return {one.name: one.value for one in machine.software}


def test_driver_cuda_rocm_and_firmware_are_told_where_the_box_tells_them() -> None:
    gpu = {"nvidia-smi": "NVIDIA GB10, [N/A], 580.65.06\n", "nvidia-smi --version": NVIDIA}
    found = told(inspect(probe({"/sys/class/dmi/id/bios_version": "5.36_0ACUM018\n"}, gpu)))
    assert found == {"NVIDIA driver": "580.65.06", "CUDA of the driver": "13.0", "firmware": "5.36_0ACUM018"}
    amd = {"/opt/rocm/.info/version": "7.0.2-56\n", "/sys/module/amdgpu/version": "6.14.14\n"}
    assert told(inspect(probe(amd))) == {"ROCm": "7.0.2-56", "amdgpu driver": "6.14.14"}
    mac = {"hw.memsize": "1", "hw.physicalcpu": "8", "sw_vers": "26.1\n"}
    assert told(inspect(probe(commands=mac))) == {"macOS": "26.1"}
    assert told(inspect(probe())) == {}


def test_an_older_driver_that_does_not_tell_its_cuda_is_still_named() -> None:
    assert told(inspect(probe(commands={"nvidia-smi": "A, 1 MiB, 470.1"}))) == {"NVIDIA driver": "470.1"}


def test_a_record_without_software_still_decodes() -> None:
    fields = msgspec.to_builtins(inspect(probe()))
    del fields["software"]
    assert msgspec.convert(fields, Machine).software == ()
