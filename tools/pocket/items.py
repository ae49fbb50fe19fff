"""The items of the pocket suite: held-out entities, operands and wordings only, one JSONL file per task.

Run: python -m tools.pocket items --data DIR. The shares of the levels were fixed on the F16 model alone, before any
quantization was scored; no single item was picked or dropped by its outcome.
"""

import json
import random
from pathlib import Path
from types import ModuleType

from tools.pocket import arithmetic, completion, extract, passage, prose, triage
from tools.pocket.sample import Sample
from tools.pocket.split import Draw

SEED = 0
COUNT = 1000
TEXTS = 150
# How many of a task's items stand at each level.
GRADES: tuple[tuple[ModuleType, dict[int, int]], ...] = (
    (triage, {1: 50, 2: 50, 3: 100, 4: 100, 5: 100, 6: 100, 7: 150, 8: 350}),
    (extract, {1: 50, 2: 50, 3: 50, 4: 50, 5: 100, 6: 150, 7: 150, 8: 150, 9: 250}),
    (passage, {1: 50, 2: 50, 3: 100, 4: 150, 7: 250, 8: 400}),
    (completion, {1: 50, 2: 50, 3: 150, 4: 50, 5: 50, 6: 100, 7: 200, 8: 350}),
    (arithmetic, {1: 50, 2: 50, 3: 100, 4: 50, 5: 50, 6: 100, 7: 250, 8: 350}),
    (prose, {1: 38, 2: 38, 3: 37, 4: 37}),
)


def graded(module: ModuleType, levels: dict[int, int], seed: int = SEED) -> list[Sample]:
    """The items of one task in random order, no two with the same prompt."""
    draw = Draw(random.Random(f"items-{module.__name__}-{seed}"), held_out=True)
    found: dict[str, Sample] = {}
    for level, count in levels.items():
        wanted = len(found) + count
        while len(found) < wanted:
            sample = module.make(draw, level)
            found.setdefault(sample.prompt or sample.answer, sample)
    ordered = list(found.values())
    draw.rng.shuffle(ordered)
    return ordered


def row(sample: Sample, number: int) -> dict[str, object]:
    """One line of a JSONL file."""
    base: dict[str, object] = {"id": f"{sample.task.removeprefix('pocket_')}-{number:04d}", "level": sample.level,
                               "template": sample.template}
    if not sample.prompt:
        return base | {"text": sample.answer}
    base |= {"prompt": sample.prompt, "answer": sample.answer}
    last = sample.answer.split()[-1]
    return base | {"result": last} if sample.task in ("pocket_arithmetic", "pocket_passage") else base


def write(data: Path) -> list[Path]:
    """Write all files; returns their paths."""
    data.mkdir(parents=True, exist_ok=True)
    paths = []
    for module, levels in GRADES:
        samples = graded(module, levels)
        paths.append(data / f"{samples[0].task.removeprefix('pocket_')}.jsonl")
        lines = [json.dumps(row(sample, number), ensure_ascii=False) for number, sample in enumerate(samples)]
        paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths
