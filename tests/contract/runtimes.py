"""The runtimes that the contract is held against: a name, the package it needs, and a job over something small."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness import bundle
from harness.core.cell import Cell, Job, LoadWork
from harness.core.config import Artifact, Load, Scalar
from runners import artifacts
from tests.cells import job, load_cell
from tests.llama_jobs import llama_job
from tests.openai_jobs import openai_job

LOAD = Load("contract", (3,), prompt_tokens=4, output_tokens=5, requests=7, warmup_requests=0)


@dataclass(frozen=True)
class Case:
    """`make` gets an empty folder and options to add."""

    name: str
    package: str
    make: Callable[[Path, dict[str, int]], Job]


def _fake(folder: Path, options: dict[str, int]) -> Job:
    return job(load_cell(0, "f16", **options), folder)


def _llama(folder: Path, options: dict[str, int]) -> Job:
    from tests.tiny_gguf import write_tiny

    return llama_job(write_tiny(folder / "tiny.gguf"), {**options}, LOAD)


def _vllm(folder: Path, options: dict[str, int]) -> Job:
    cell = Cell("cpu", "pocket", "hf_f16", "vllm", "runners.runtimes.vllm", Artifact("builtin", "pocket"), "",
                {"max_num_seqs": 16, "kv_cache_gib": 0.25, **options}, LoadWork(LOAD, 0, 0))
    asked = Job(cell, str(folder), str(bundle.assets()), str(folder / "cache"), str(folder / "journal"))
    return msgspec.structs.replace(asked, prepared=artifacts.fetch(asked))


def _openai(folder: Path, options: dict[str, int]) -> Job:
    serve: dict[str, Scalar] = {"command": "{python} -m tests.byte_server {port}", "prefix": "\n", "vocabulary": 256}
    return openai_job(folder, {**serve, **options}, LOAD)


CASES = (
    Case("fake", "msgspec", _fake),
    Case("llama_cpp", "llama_cpp", _llama),
    Case("vllm", "vllm", _vllm),
    Case("openai", "aiohttp", _openai),
)
