"""The box as found: CPU, memory, GPUs, load; which configured box that is; and the code that measures.

Everything read from outside goes through a `Probe`, so that tests give the text of another machine.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import msgspec

from harness import __version__
from harness.core.config import Fact, Hardware, Match
from harness.core.digest import short_id
from harness.core.record import Machine, Source
from harness.core.runtime import Detail
from harness.core.units import GIB, GIGA, MIB

_PATIENCE_SECONDS = 20


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _command(words: Sequence[str]) -> str:
    if shutil.which(words[0]) is None:
        return ""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _usable_cpus() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


@dataclass(frozen=True)
class Probe:
    """The outside world: files (text, "" if absent), commands (stdout, "" if they fail), and what Python knows."""

    read: Callable[[str], str] = _read
    command: Callable[[Sequence[str]], str] = _command
    cpus: tuple[int, ...] = field(default_factory=_usable_cpus)
    system: str = field(default_factory=platform.system)
    release: str = field(default_factory=platform.platform)
    hostname: str = field(default_factory=platform.node)
    load: Callable[[], tuple[float, ...]] = os.getloadavg


def inspect(probe: Probe | None = None) -> Machine:
    """The machine as found; what cannot be known is "" or 0, never a guess. Takes about 0.1 s with a GPU."""
    probe = probe or Probe()
    mac = probe.system == "Darwin"
    cpu, cores, memory = _mac(probe) if mac else _linux(probe)
    gpus, driver = _gpus(probe)
    hardware = (cpu, cores, round(memory / GIB), gpus)
    return Machine(
        cpu=cpu,
        cores=cores,
        memory_bytes=memory,
        gpus=gpus,
        system=probe.release + (f", NVIDIA driver {driver}" if driver else ""),
        governor=probe.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip(),
        load_average=tuple(round(value, 2) for value in probe.load()),
        python=platform.python_version(),
        hostname_digest=hashlib.sha256(probe.hostname.encode()).hexdigest()[:12],
        fingerprint=short_id(hardware),
        software=tuple(Detail(name, value) for name, value in _software(probe, driver).items() if value),
    )


def _software(probe: Probe, driver: str) -> dict[str, str]:
    """Versions beneath the engine, "" where the box does not tell: a driver, what it supports, firmware."""
    if probe.system == "Darwin":
        return {"macOS": probe.command(["sw_vers", "-productVersion"]).strip()}
    cuda = re.search(r"CUDA Version\s*:\s*([\d.]+)", probe.command(["nvidia-smi", "--version"])) if driver else None
    return {
        "NVIDIA driver": driver,
        "CUDA of the driver": cuda.group(1) if cuda else "",
        "amdgpu driver": probe.read("/sys/module/amdgpu/version").strip(),
        "ROCm": probe.read("/opt/rocm/.info/version").strip(),
        "firmware": probe.read("/sys/class/dmi/id/bios_version").strip(),
    }


def _linux(probe: Probe) -> tuple[str, int, int]:
    """CPU name, physical cores this process may use, memory in bytes; containers' limits count."""
    info = probe.read("/proc/cpuinfo")
    name = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", info, re.MULTILINE)
    text = probe.read("/proc/meminfo")
    total = re.search(r"^MemTotal:\s*(\d+) kB", text, re.MULTILINE)
    memory = int(total.group(1)) * 1024 if total else 0
    limit = probe.read("/sys/fs/cgroup/memory.max").strip()
    if limit.isdigit():
        memory = min(memory, int(limit)) or int(limit)
    cores = _physical(info, probe.cpus)
    quota = probe.read("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return (name.group(1).strip() if name else platform.processor() or platform.machine()), cores, memory


def _physical(cpuinfo: str, usable: Sequence[int]) -> int:
    """Physical cores among the usable CPUs; CPUs that do not say their core count as one each."""
    cores: set[tuple[str, ...]] = set()
    for block in cpuinfo.split("\n\n"):
        fields = dict(re.findall(r"^([\w ]+?)\s*:[ \t]*(.*)$", block, re.MULTILINE))
        number = fields.get("processor", "")
        if number.isdigit() and int(number) in usable:
            core = fields.get("core id")
            cores.add((fields.get("physical id", "0"), core) if core is not None else ("cpu", number))
    return len(cores) or len(usable)


def _mac(probe: Probe) -> tuple[str, int, int]:
    def sysctl(name: str) -> str:
        return probe.command(["sysctl", "-n", name]).strip()

    cores, memory = sysctl("hw.physicalcpu"), sysctl("hw.memsize")
    return sysctl("machdep.cpu.brand_string"), int(cores or len(probe.cpus)), int(memory or 0)


def _gpus(probe: Probe) -> tuple[tuple[str, ...], str]:
    """GPUs as "name, memory" and the NVIDIA driver's version; memory is left out where the driver does not say."""
    if probe.system == "Darwin":
        models = re.findall(r"Chipset Model:\s*(.+)", probe.command(["system_profiler", "SPDisplaysDataType"]))
        return tuple(model.strip() for model in models), ""
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    rows = [[part.strip() for part in line.split(",")] for line in probe.command(query).splitlines()]
    rows = [row for row in rows if len(row) == 3]
    names = tuple(f"{name}, {memory}" if memory.endswith("MiB") else name for name, memory, _ in rows)
    return names, rows[0][2] if rows else ""


def _matches(match: Match, machine: Machine) -> bool:
    """All given parts found; a laptop's GPU is not the card of the same number."""
    gpus = [gpu.lower() for gpu in machine.gpus if "laptop" not in gpu.lower() or "laptop" in match.gpu.lower()]
    wanted = [part for part in (match.gpu, match.cpu, match.system) if part]
    found = [
        not match.gpu or any(match.gpu.lower() in gpu for gpu in gpus),
        match.cpu.lower() in machine.cpu.lower(),
        match.system.lower() in machine.system.lower(),
    ]
    return bool(wanted) and all(found)


def detect(boxes: Sequence[Hardware], machine: Machine) -> Hardware:
    """The first box that recognises itself, else "cpu" with this machine's name; memory as measured where possible."""
    found = next((box for box in boxes if _matches(box.match, machine)), None)
    if found is None:
        nothing = Fact(None, "measured", "not measured")
        found = Hardware("cpu", machine.cpu, "cpu", nothing, nothing, Match())
    memory = _measured_memory(found, machine)
    return msgspec.structs.replace(found, memory_gb=memory) if memory else found


def _measured_memory(box: Hardware, machine: Machine) -> Fact | None:
    if box.kind in ("cpu", "unified"):
        return Fact(round(machine.memory_bytes / GIGA, 1), "measured", "memory of the system")
    sizes = [re.search(r", (\d+) MiB", gpu) for gpu in machine.gpus if box.match.gpu.lower() in gpu.lower()]
    if sizes and sizes[0]:
        return Fact(round(int(sizes[0].group(1)) * MIB / GIGA, 1), "measured", "memory of the GPU")
    return None


def packages(names: Sequence[str], site: str | None = None) -> tuple[Detail, ...]:
    """Name and version of each distribution that is installed, in the order given.

    `site` is the package folder of another interpreter; None means this one's.
    """
    where = sys.path if site is None else [site]
    found = {name: next(iter(metadata.distributions(name=name, path=where)), None) for name in names}
    return tuple(Detail(name, one.version) for name, one in found.items() if one)


def source(root: Path, probe: Probe | None = None) -> Source:
    """The harness's version, and commit and state of the checkout at `root` ("" and clean outside one)."""
    run = (probe or Probe()).command
    if not (root / ".git").exists():
        return Source(__version__, "", False)
    commit = run(["git", "-C", str(root), "rev-parse", "HEAD"]).strip()
    return Source(__version__, commit, bool(run(["git", "-C", str(root), "status", "--porcelain"]).strip()))
