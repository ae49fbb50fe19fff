"""Our speeds of llama.cpp in process against llama.cpp's own llama-bench and llama-batched-bench, the same shapes.

    tools/llama_tools.sh build/llama
    python -m benchmarks.llama_bench build/llama [--model FILE.gguf | --layers 96] [--rounds 6] [--threads 2]

Each round runs both programs in turn in fresh processes, the order changing with the round; a row is the ratio of our
figure to theirs, paired by round, with its 95 % interval (t over rounds). Prefill: 512 tokens into an empty context.
Decode: 128 tokens, one at a time. Batched: 8 sequences of 128 tokens, after prompts so short that filling one hardly
holds up the others: our reading is of users served side by side, theirs of a phase apart. No flash attention; the cache
in F16, the widest type that llama-bench takes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from harness.core.cell import Cell, Job, LoadWork, Prepared
from harness.core.config import Artifact, Load, Scalar
from harness.core.record import Outcome
from harness.execute import child, collect
from harness.stats.spread import ratio_interval

ROOT = Path(__file__).resolve().parents[1]
_TRIES = 20  # llama-batched-bench often ends before its own log, which the results go through, is written
_BATCH, _PROMPT, _SHORT, _OUTPUT, _TOGETHER = 512, 512, 4, 128, 8


@dataclass(frozen=True)
class Setting:
    """What both sides are given."""

    programs: Path
    model: Path
    threads: int


def theirs(setting: Setting) -> dict[str, float]:
    """tok/s by llama-bench and llama-batched-bench: the median of the repetitions of one process each."""
    alike = ["-m", str(setting.model), "-t", str(setting.threads), "-b", str(_BATCH), "-ub", str(_BATCH),
             "-ctk", "f16", "-ctv", "f16", "-fa", "off", "-ngl", "0"]
    single = _json([str(setting.programs / "llama-bench"), *alike, "-p", str(_PROMPT), "-n", str(_OUTPUT),
                    "-r", "5", "-o", "jsonl"])
    batched = _json([str(setting.programs / "llama-batched-bench"), *alike, "-c", "4096", "-npp", f"{_SHORT}", "-ntg",
                     "128", "-npl", f"{_TOGETHER}", "--output-format", "jsonl"])
    prefill = next(one for one in single if one["n_prompt"])
    decode = next(one for one in single if one["n_gen"])
    return {"prefill": median(prefill["samples_ts"]), "decode": median(decode["samples_ts"]),
            f"decode of {_TOGETHER}": batched[-1]["speed_tg"]}


def _json(words: list[str]) -> list[dict[str, Any]]:
    for _ in range(_TRIES):
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        if found := [json.loads(line) for line in said.splitlines() if line.startswith("{")]:
            return found
    sys.exit(f"{words[0]} writes no results")


def ours(setting: Setting) -> dict[str, float]:
    """tok/s as a load cell reads them, in the child that `run` starts; one process for each shape."""
    shapes = {
        "prefill": Load("pp", (1,), _PROMPT, 1, 5, 2),
        "decode": Load("tg", (1,), 1, _OUTPUT + 1, 5, 2),
        f"decode of {_TOGETHER}": Load("batched", (_TOGETHER,), _SHORT, _OUTPUT, 3 * _TOGETHER, _TOGETHER),
    }
    found = {}
    for name, load in shapes.items():
        readings = {one.name: median(one.samples) for one in _outcome(setting, load).readings if one.samples}
        found[name] = readings["prefill"] if name == "prefill" else load.concurrency[0] * readings["decode"]
    return found


def _outcome(setting: Setting, load: Load) -> Outcome:
    options: dict[str, Scalar] = {"n_threads": setting.threads, "n_batch": _BATCH, "n_ubatch": _BATCH,
                                  "n_gpu_layers": 0, "type_k": "f16", "type_v": "f16"}
    cell = Cell("cpu", "model", "as is", "llama_cpp", "runners.runtimes.llama_cpp",
                Artifact("path", str(setting.model)), "", options, LoadWork(load, 1, 0))
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        prepared = Prepared(str(setting.model), setting.model.stat().st_size, "", "", "as is")
        job = Job(cell, name, str(ROOT / "assets"), name, str(scratch / "journal"), prepared=prepared)
        (scratch / "job.json").write_bytes(msgspec.json.encode(job))
        ended = child.run("runners.worker", scratch, 600.0)
        if ended.exit_code:
            sys.exit(f"our child failed: {collect.reason(scratch, ended).message}")
        return msgspec.json.decode((scratch / "outcome.json").read_bytes(), type=Outcome)


def rounds(setting: Setting, number: int) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    """(ours, theirs) of each round, the first of the two taking turns."""
    for at in range(number):
        sides: list[Callable[[Setting], dict[str, float]]] = [ours, theirs]
        found = {side: side(setting) for side in (sides if at % 2 else sides[::-1])}
        yield found[ours], found[theirs]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--layers", type=int, default=0, help="of a random model of 0.8 M parameters a layer")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or ROOT / "assets" / "pocket" / "pocket-f16.gguf"
        if asked.layers:
            from tests.tiny_gguf import write_tiny

            model = write_tiny(Path(folder) / "random.gguf", layers=asked.layers, vocab=2048, context=4096)
        setting = Setting(asked.programs.absolute(), model.absolute(), asked.threads)
        pairs = list(rounds(setting, asked.rounds))
    sys.stdout.write("| | ours, tok/s | llama.cpp's own, tok/s | ratio | 95 % interval |\n|---|---|---|---|---|\n")
    for name in pairs[0][0]:
        mine, other = [one[name] for one, _ in pairs], [one[name] for _, one in pairs]
        ratio = ratio_interval(mine, other)
        sys.stdout.write(f"| {name} | {median(mine):.1f} | {median(other):.1f} | {ratio.score:.3f} | "
                         f"{ratio.low:.3f} to {ratio.high:.3f} |\n")


if __name__ == "__main__":
    main()
