"""The endless training stream: a fixed mix of tasks and levels, in chunks that depend on seed and number only."""

import random
from collections.abc import Iterator
from types import ModuleType

from tools.pocket import arithmetic, completion, extract, passage, prose, triage
from tools.pocket.sample import Sample
from tools.pocket.split import Draw

CHUNK = 2048
# Shares of samples, not of tokens: question answering and arithmetic learn slowest and get the most.
MIX: tuple[tuple[ModuleType, float, dict[int, float]], ...] = (
    (triage, 0.14, {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3, 7: 6}),
    (extract, 0.12, {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3, 7: 5}),
    (passage, 0.28, {1: 1, 2: 2, 3: 3, 4: 3, 5: 1, 6: 2, 7: 4}),
    (completion, 0.17, {1: 1, 2: 1, 3: 2, 4: 1, 5: 1, 6: 3, 7: 3, 8: 4}),
    (arithmetic, 0.23, {1: 1, 2: 1, 3: 2, 4: 2, 5: 1, 6: 2, 7: 4, 8: 3}),
    (prose, 0.06, {1: 1, 2: 1, 3: 1, 4: 1}),
)


def chunk(seed: int, number: int) -> list[Sample]:
    """The `CHUNK` training samples of one chunk; the same for the same seed and number."""
    draw = Draw(random.Random(f"pocket-{seed}-{number}"), held_out=False)
    tasks = draw.rng.choices(MIX, weights=[share for _, share, _ in MIX], k=CHUNK)
    return [module.make(draw, draw.weighted(levels)) for module, _, levels in tasks]


def samples(seed: int, start: int = 0) -> Iterator[Sample]:
    """All samples from chunk `start` on, without end."""
    number = start
    while True:
        yield from chunk(seed, number)
        number += 1
