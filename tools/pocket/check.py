"""A quick look at a model in training: how many held-out samples come out exactly right, by task and level."""

import random
from collections import defaultdict

import torch
from tokenizers import Tokenizer

from tools.pocket.model import Pocket, causal_mask
from tools.pocket.packing import Piece, to_arrays
from tools.pocket.sample import Sample
from tools.pocket.split import Draw
from tools.pocket.stream import MIX
from tools.pocket.tokens import encode


def probes(each: int) -> list[Sample]:
    """`each` samples per task and level, from the held-out side but not the items of the suite."""
    draw = Draw(random.Random("probes"), held_out=True)
    return [module.make(draw, level) for module, _, levels in MIX[:-1] for level in levels for _ in range(each)]


@torch.no_grad()  # type: ignore[untyped-decorator]
def exact_by_level(model: Pocket, tokenizer: Tokenizer, device: str, each: int = 12) -> dict[str, list[int]]:
    """Percent exact per level. With every prefix right, the greedy choices are what free generation would write."""
    batch = probes(each)
    order = sorted(zip(batch, encode(tokenizer, batch), strict=True), key=lambda pair: -len(pair[1][0]))
    hits: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for at in range(0, len(order), 64):
        part = order[at:at + 64]
        rows: list[list[Piece]] = [[(ids, head, 1.0)] for _, (ids, head) in part]
        right = right_rows(model, rows, device)
        for (sample, _), hit in zip(part, right, strict=True):
            hits[sample.task, sample.level].append(hit)
    found: dict[str, list[int]] = defaultdict(list)
    for (task, _), marks in sorted(hits.items()):
        found[task].append(round(100 * sum(marks) / len(marks)))
    return dict(found)


def right_rows(model: Pocket, rows: list[list[Piece]], device: str) -> list[bool]:
    """For each row of one sample: is every answer token the most likely one?"""
    data = to_arrays(rows, 0)
    longest = int((data.owner >= 0).sum(axis=1).max())
    ids, targets, weights, owner, positions = (
        torch.from_numpy(one[:, :longest]).to(device)
        for one in (data.ids, data.targets, data.weights, data.owner, data.positions))
    with torch.autocast(device, torch.bfloat16):
        best = model.logits(model(ids, positions, causal_mask(owner))).argmax(-1)
    wrong = (best != targets) & (weights == 1.0)
    return [not bool(one) for one in wrong.any(dim=1)]
