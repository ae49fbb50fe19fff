"""The runtimes that the contract is held against: a name, the package it needs, and jobs over something small."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import msgspec

from harness.core.cell import Cell, Job, LoadWork
from harness.core.config import Artifact, Load, Scalar
from runners import artifacts
from tests.cells import job, load_cell
from tests.llama_jobs import llama_job
from tests.openai_jobs import openai_job

ROOT = Path(__file__).parents[2]
LOAD = Load("contract", (3,), prompt_tokens=4, output_tokens=5, requests=7, warmup_requests=0)


@dataclass(frozen=True)
class Case:
    """`make` gets an empty folder and options to add."""

    name: str
    package: str
    make: Callable[[Path, dict[str, Scalar]], Job]


@dataclass(frozen=True)
class Pocket:
    """A runtime on the pocket model, in a mode that is at most `nats` from float32 on items of up to 32 tokens.

    `other_ids` are texts whose token ids it is known to get different.
    """

    name: str
    package: str
    module: str
    artifact: Artifact
    scheme: str
    options: dict[str, Scalar]
    nats: float = 1e-3
    other_ids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name as one word."""
        return self.name.replace(" ", "_")

    def job(self, folder: Path) -> Job:
        """A job with everything in an empty folder."""
        cell = Cell("cpu", "pocket", "reference", self.name, self.module, self.artifact, self.scheme, self.options,
                    LoadWork(LOAD, 0, 0))
        asked = Job(cell, str(folder), str(ROOT / "assets"), str(folder / "cache"), str(folder / "journal"))
        prepare = getattr(import_module(self.module), "prepare", artifacts.fetch)
        return msgspec.structs.replace(asked, prepared=prepare(asked))


def _fake(folder: Path, options: dict[str, Scalar]) -> Job:
    return job(load_cell(0, "f16", **{k: v for k, v in options.items() if v is not None}), folder)


def _llama(folder: Path, options: dict[str, Scalar]) -> Job:
    from tests.tiny_gguf import write_tiny

    return llama_job(write_tiny(folder / "tiny.gguf"), {**options}, LOAD)


def _openai(folder: Path, options: dict[str, Scalar]) -> Job:
    serve: dict[str, Scalar] = {"command": "{python} -m tests.byte_server {port}", "prefix": "\n", "vocabulary": 256}
    return openai_job(folder, {**serve, **options}, LOAD)


def _on_pocket(name: str) -> Callable[[Path, dict[str, Scalar]], Job]:
    """Jobs of one of `POCKETS`."""

    def make(folder: Path, options: dict[str, Scalar]) -> Job:
        found = next(one for one in POCKETS if one.name == name).job(folder)
        cell = msgspec.structs.replace(found.cell, options={**found.cell.options, **options})
        return msgspec.structs.replace(found, cell=cell)

    return make


CASES = (
    Case("fake", "msgspec", _fake),
    Case("llama_cpp", "llama_cpp", _llama),
    Case("transformers", "transformers", _on_pocket("transformers")),
    Case("mlx", "mlx_lm", _on_pocket("mlx")),
    Case("vllm", "vllm", _on_pocket("vllm")),
    Case("openai", "aiohttp", _openai),
)

_GGUF, _HF = Artifact("builtin", "pocket", "pocket-f16.gguf"), Artifact("builtin", "pocket")
# llama.cpp does not compose characters (NFC) where the tokenizer says so.
_DECOMPOSED = ("e\u0301|",)
POCKETS = (
    Pocket("llama_cpp", "llama_cpp", "runners.runtimes.llama_cpp", _GGUF, "F32", {"n_threads": 1},
           other_ids=_DECOMPOSED),
    # On a CPU llama.cpp rounds what it multiplies with F16 weights to F16.
    Pocket("llama_cpp f16", "llama_cpp", "runners.runtimes.llama_cpp", _GGUF, "", {"n_threads": 1}, nats=0.1,
           other_ids=_DECOMPOSED),
    Pocket("transformers", "transformers", "runners.runtimes.transformers", _HF, "", {"threads": 1, "device": "cpu"}),
    # Apple's GPUs round otherwise than a CPU: held to the figures of float32 on the CPU.
    Pocket("mlx", "mlx_lm", "runners.runtimes.mlx", _HF, "", {"device": "cpu"}),
    Pocket("vllm", "vllm", "runners.runtimes.vllm.session", _HF, "", {"max_num_seqs": 16, "kv_cache_gib": 0.25}),
)
