"""Log-likelihoods in batches sorted by length, every context computed once (see `groups`).

Padding stands at the right end, where no token can see it; what follows a shorter context in a cache counts its own
tokens only. A result depends on its neighbours by rounding alone: matrix kernels are chosen by the number of rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from runners.runtimes.transformers.groups import Family, Group, batches, families, groups_of
from runners.runtimes.transformers.model import Model
from runners.scoring import Ints, Piece

_BLOCK = 1 << 24  # numbers of one log-sum-exp

Judged = tuple[float, bool]
Result = tuple[int, float, bool]


@dataclass(frozen=True)
class Held:
    """What each row has behind it: `mask` [rows, tokens] is true for its own; `cache` None keeps nothing."""

    cache: DynamicCache | None
    mask: Tensor

    def rows(self, chosen: Sequence[int]) -> "Held":
        """Copies of some rows, in this order."""
        if self.cache is None:
            return Held(None, self.mask[list(chosen)])
        copy = DynamicCache()
        for number, layer in enumerate(self.cache.layers):
            index = torch.tensor(chosen, device=layer.keys.device)
            copy.update(layer.keys.index_select(0, index), layer.values.index_select(0, index), number)
        return Held(copy, self.mask[list(chosen)])


@dataclass(frozen=True)
class Started:
    """A piece whose first target is judged; its context is in `row` of what is held."""

    row: int
    piece: Piece
    first: Judged


def measure(model: Model, pieces: Sequence[Piece], batch_tokens: int) -> Iterator[Result]:
    """(owner, log-probability, greedy) of every piece, batch by batch.

    A model whose cache cannot be shared gets every piece whole.
    """
    if not model.shares:
        whole = Family(0, tuple(Group((piece,)) for piece in pieces))
        for batch in batches(whole, batch_tokens):
            yield from _measure(model, batch, _nothing(model, len(batch), keep=False), batch_tokens)
        return
    for family in families(groups_of(pieces)):
        beginning = _nothing(model, 1, keep=True)
        if family.shared:
            beginning = _feed(model, beginning, [family.groups[0].head[:family.shared]], [1])[1]
        for batch in batches(family, batch_tokens):
            keep = any(piece.targets > 1 for group in batch if len(group.pieces) > 1 for piece in group.pieces)
            held = beginning.rows([0] * len(batch)) if family.shared else _nothing(model, len(batch), keep=keep)
            yield from _measure(model, batch, held, batch_tokens)


def _measure(model: Model, batch: Sequence[Group], held: Held, batch_tokens: int) -> Iterator[Result]:
    """One batch behind what is held: single pieces are done with it, groups go on from their context."""
    known = held.mask.shape[1]
    blocks, after = _feed(model, held, [group.fed[known:] for group in batch], [group.targets for group in batch])
    rest: list[Started] = []
    for row, (logits, group) in enumerate(zip(blocks, batch, strict=True)):
        if len(group.pieces) == 1:
            yield group.pieces[0].owner, *_judge(logits, group.pieces[0].tokens[-group.targets:])
            continue
        firsts = np.array([piece.tokens[-piece.targets] for piece in group.pieces])
        for piece, first in zip(group.pieces, _judge_each(logits, firsts), strict=True):
            if piece.targets == 1:
                yield piece.owner, *first
            else:
                rest.append(Started(row, piece, first))
    rest.sort(key=lambda one: -one.piece.targets)
    while rest:
        count = max(1, batch_tokens // (after.mask.shape[1] + rest[0].piece.targets))
        yield from _go_on(model, rest[:count], after)
        rest = rest[count:]


def _go_on(model: Model, started: Sequence[Started], held: Held) -> Iterator[Result]:
    """The targets after the first, from the keys and values of their contexts."""
    tails = [one.piece.tokens[-one.piece.targets:] for one in started]
    blocks, _ = _feed(model, held.rows([one.row for one in started]), [tail[:-1] for tail in tails],
                      [len(tail) - 1 for tail in tails])
    for one, logits, tail in zip(started, blocks, tails, strict=True):
        logprob, greedy = _judge(logits, tail[1:])
        yield one.piece.owner, one.first[0] + logprob, one.first[1] and greedy


def _feed(model: Model, held: Held, rows: Sequence[Ints], targets: Sequence[int]) -> tuple[tuple[Tensor, ...], Held]:
    """Feed a row of tokens each; logits [targets, vocabulary] of the last `targets` of each, and what is held then."""
    sizes = model.tensor([len(row) for row in rows])
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for row, tokens in zip(ids, rows, strict=True):
        row[:len(tokens)] = tokens
    mask = torch.cat([held.mask, torch.arange(ids.shape[1], device=model.device) < sizes[:, None]], dim=1)
    columns = np.concatenate([np.arange(len(row) - last, len(row)) for row, last in zip(rows, targets, strict=True)])
    places = model.tensor(np.repeat(np.arange(len(rows)), targets)), model.tensor(columns)
    logits = model.logits(model.tensor(ids), None if bool(mask.all()) else mask, places, held.cache)
    return logits.split(list(targets)), Held(held.cache, mask)


def _nothing(model: Model, rows: int, *, keep: bool) -> Held:
    return Held(DynamicCache() if keep else None, torch.ones((rows, 0), dtype=torch.bool, device=model.device))


def _judge(logits: Tensor, targets: Ints) -> Judged:
    """Summed log-probability of a target per row of logits [targets, vocabulary]; whether each is the likeliest."""
    total, greedy = 0.0, True
    step = max(1, _BLOCK // logits.shape[1])
    for start in range(0, len(targets), step):
        block = logits[start:start + step].float()
        wanted = torch.as_tensor(targets[start:start + step].astype(np.int64), device=block.device)
        chosen = block.gather(1, wanted[:, None])[:, 0]
        total += float((chosen - block.logsumexp(1)).double().sum())
        greedy = greedy and bool((block.argmax(1) == wanted).all())
    return total, greedy


def _judge_each(logits: Tensor, targets: Ints) -> list[Judged]:
    """The same for several targets of one row of logits [1, vocabulary]."""
    row = logits[0].float()
    wanted = torch.as_tensor(targets.astype(np.int64), device=row.device)
    logprobs = (row[wanted] - row.logsumexp(0)).tolist()
    return list(zip(logprobs, (wanted == row.argmax()).tolist(), strict=True))
