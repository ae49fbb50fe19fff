"""Settings built by hand from conf/ entries and one small model, without Hydra."""

from pathlib import Path

from msgspec import structs

from harness import bundle
from harness.core.config import (
    Artifact,
    Fact,
    Hardware,
    Load,
    Match,
    Matrix,
    Model,
    Point,
    Protocol,
    Quantization,
    Runtime,
    Settings,
    Variation,
)
from harness.core.suite import Suite, Task

QUANTS = bundle.catalogue("quant", Quantization)
FAKE = bundle.catalogue("runtime", Runtime)["fake"]
LLAMA = structs.replace(
    FAKE,
    key="llama",
    formats=("gguf",),
    options={"n_ctx": 1000, "n_batch": 512, "n_threads": 4},
    variations=(
        Variation("batch size and order", {"n_batch": 128}, order=True),
        Variation("threads", {"n_threads": 1}),
        Variation("seed", seed=True),
    ),
)
LOAD = Load("small", (1, 8), prompt_tokens=60, output_tokens=40, requests=8, warmup_requests=2)
BOX = Hardware("box", "A box", "cpu", Fact(10, "verified"), Fact(100, "memory"), Match())
SUITE = Suite("tiny", "", "CC0-1.0", (Task("t", "k", "acc", "choice", items=100),), digest="d" * 64)
MATRIX = Matrix("default", quality=True, speed=True, rounds=3, replicates=1)


def assets(folder: Path) -> Path:
    """A folder of built-in weights: m.gguf, and hf/ as safetensors."""
    (folder / "hf").mkdir(parents=True, exist_ok=True)
    (folder / "m.gguf").write_bytes(b"w" * 2000)
    (folder / "hf" / "model.safetensors").write_bytes(b"w" * 1000)
    (folder / "hf" / "config.json").write_text("{}")
    return folder


def model(key: str = "m", native: str = "f16", **artifacts: Artifact) -> Model:
    """1,000 parameters, 100 KV bytes a token, its full-precision weights built in."""
    size = Fact(1000, "computed")
    known = {"gguf": Artifact("builtin", "m.gguf"), "hf_f16": Artifact("builtin", "hf"), **artifacts}
    return Model(key, key, "x", native, size, size, 2, Fact(100, "computed"), 2048, known)


def point(quant: str, runtime: Runtime = LLAMA, of: Model | None = None, load: Load = LOAD) -> Point:
    """One combination."""
    return Point(of or model(), QUANTS[quant], runtime, load)


def settings(*points: Point, baseline: str = "auto", matrix: Matrix = MATRIX, limit: int | None = None) -> Settings:
    """Settings over these points, everything else as by default."""
    return Settings(
        hw=BOX,
        points=points,
        quants=QUANTS,
        runtimes={"fake": FAKE, "llama": LLAMA},
        matrix=matrix,
        protocol=Protocol(),
        suite="tiny",
        tasks=(),
        limit=limit,
        samples=1,
        temperature=None,
        baseline=baseline,
        seed=1,
        timeout_seconds=60,
        rerun=False,
        results="results",
        reports="reports",
        overrides=(),
    )
