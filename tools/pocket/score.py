"""Score the suite on the F16 model and its quantizations, in this process, for the model card and for grading.

Run: python -m tools.pocket score --work DIR --assets DIR --data DIR [--quants f16,q4_k_m]. Results: DIR/scores.json.
The official table is the harness' own; this one needs llama-cpp-python and nothing else.
"""

import json
import logging
import math
import re
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import llama_cpp
from tokenizers import Tokenizer

from tools.pocket.engine import Engine, groups, quantize
from tools.pocket.gguf_file import NAME
from tools.pocket.tokens import END, PAD, ask, load
from tools.pocket.triage import LABELS

log = logging.getLogger(__name__)
FILE_TYPES = {
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "q6_k": llama_cpp.LLAMA_FTYPE_MOSTLY_Q6_K,
    "q5_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q5_K_M, "q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0, "q3_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q3_K_M,
    "q2_k": llama_cpp.LLAMA_FTYPE_MOSTLY_Q2_K,
}
QUANTS = ("f16", *FILE_TYPES)
LIMITS = {"extract": 80, "passage": 48, "completion": 80, "arithmetic": 128}
TASKS = ("triage", *LIMITS)
Row = dict[str, str]


@dataclass(frozen=True)
class Score:
    """Right answers of one task under one quantization, with the Wilson 95 % interval and the share per level."""

    right: int
    count: int
    low: float
    high: float
    levels: dict[str, float]


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share (E. B. Wilson, 1927)."""
    share, extra = right / count, z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / count + extra / (4 * count)) / (1 + extra)
    return middle - half, middle + half


def read(path: Path) -> list[Row]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def is_right(task: str, row: Row, reply: str) -> bool:
    """The task's own exact match."""
    reply = reply.split("\n")[0]
    if task in ("arithmetic", "passage"):
        parts = re.findall(r"\d+" if task == "arithmetic" else r"\w+", reply)
        return bool(parts) and parts[-1] == row["result"]
    if task == "extract":
        try:
            return bool(json.loads(reply) == json.loads(row["answer"]))
        except ValueError:
            return False
    return reply == row["answer"]


def marks(engine: Engine, tokenizer: Tokenizer, task: str, rows: list[Row]) -> list[bool]:
    """Right or wrong for each row."""
    prompts = [one.ids for one in tokenizer.encode_batch([ask(row["prompt"]) for row in rows])]
    labels = [tokenizer.token_to_id(label) for label in LABELS]  # each label is one token
    end = tokenizer.token_to_id(END)
    found = [False] * len(rows)
    for group in groups(sorted(range(len(rows)), key=lambda one: len(prompts[one]))):
        chosen = [prompts[one] for one in group]
        if task == "triage":
            replies = [LABELS[at] for at in engine.last_logits(chosen)[:, labels].argmax(axis=1)]
        else:
            replies = tokenizer.decode_batch(engine.generate(chosen, end, LIMITS[task]))
        for one, reply in zip(group, replies, strict=True):
            found[one] = is_right(task, rows[one], reply)
    return found


def summary(rows: list[Row], found: list[bool]) -> Score:
    """Counts, interval and shares per level."""
    levels: dict[str, list[bool]] = defaultdict(list)
    for row, mark in zip(rows, found, strict=True):
        levels[str(row["level"])].append(mark)
    low, high = wilson(sum(found), len(found))
    shares = {level: round(sum(some) / len(some), 3) for level, some in sorted(levels.items())}
    return Score(sum(found), len(found), round(low, 4), round(high, 4), shares)


def bits_per_byte(engine: Engine, tokenizer: Tokenizer, rows: list[Row]) -> float:
    """Bits per byte over all texts, each on its own."""
    start = tokenizer.token_to_id(PAD)
    nats = sum(engine.text_nats([start, *tokenizer.encode(row["text"]).ids]) for row in rows)
    return nats / math.log(2) / sum(len(row["text"].encode()) for row in rows)


def run(work: Path, assets: Path, data: Path, quants: tuple[str, ...]) -> None:
    """Score each quantization and write all results so far."""
    tokenizer = load(assets / "tokenizer.json")
    table: dict[str, dict[str, object]] = {}
    for quant in quants:
        path = assets / NAME if quant == "f16" else work / f"pocket-{quant}.gguf"
        if quant != "f16":
            quantize(assets / NAME, path, FILE_TYPES[quant])
        engine, begun = Engine(path), time.monotonic()
        cells: dict[str, object] = {"bytes": path.stat().st_size}
        for task in TASKS:
            rows = read(data / f"{task}.jsonl")
            score = summary(rows, marks(engine, tokenizer, task, rows))
            cells[task] = asdict(score)
            log.info("%s %s %.1f %% %s", quant, task, 100 * score.right / score.count, score.levels)
        cells["prose"] = bits_per_byte(engine, tokenizer, read(data / "prose.jsonl"))
        log.info("%s prose %.4f bits per byte; %.0f s", quant, cells["prose"], time.monotonic() - begun)
        engine.close()
        table[quant] = cells
        (work / "scores.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
