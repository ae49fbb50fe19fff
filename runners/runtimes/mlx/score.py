"""Log-likelihoods: each context is computed once for all its continuations, in batches of equal lengths.

Texts with the same context tokens form a group; groups sorted by length are computed side by side (padded on the
right, which mlx-lm's batch caches then roll to the left). A row of that cache is taken for each continuation.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache
from numpy.typing import NDArray

from harness.core.errors import UserError
from runners.runtimes.mlx.settings import MlxSettings
from runners.scoring import Piece

Measured = tuple[int, float, bool]


@dataclass(frozen=True)
class Group:
    """Pieces with one context; `shared` is that context without its last token, which is fed with each piece."""

    shared: tuple[int, ...]
    pieces: tuple[Piece, ...]


def groups_of(pieces: Sequence[Piece]) -> list[Group]:
    """Pieces grouped by context, longest contexts first: what memory they need shows at once."""
    found: dict[tuple[int, ...], list[Piece]] = {}
    for piece in pieces:
        found.setdefault(tuple(piece.tokens[:piece.first_output].tolist()), []).append(piece)
    groups = [Group(shared, tuple(alike)) for shared, alike in found.items()]
    return sorted(groups, key=lambda group: (-len(group.shared), group.shared))


class Scorer:
    """Measures pieces on a model of mlx-lm."""

    def __init__(self, module: Any, settings: MlxSettings) -> None:
        self._module, self._settings, self._step = module, settings, settings.prefill_step

    def measure(self, pieces: Sequence[Piece]) -> Iterator[Measured]:
        """(owner, log-probability, greedy) of every piece."""
        waiting = groups_of(pieces)
        while waiting:
            # The first is the longest of what is left.
            size = self._settings.rows(len(waiting[0].shared) + max(piece.targets for piece in waiting[0].pieces))
            wave, waiting = waiting[:size], waiting[size:]
            cache = self._contexts([group.shared for group in wave])
            rows = [(at, piece) for at, group in enumerate(wave) for piece in group.pieces]
            rows.sort(key=lambda row: -row[1].targets)
            for first in range(0, len(rows), size):
                yield from self._continue(cache, rows[first:first + size])
        mx.clear_cache()

    def _contexts(self, contexts: Sequence[Sequence[int]]) -> list[Any]:
        """The batch cache of contexts, one row each."""
        cache = batch_cache(self._module, len(contexts))
        lengths = [len(one) for one in contexts]
        if not max(lengths):
            return cache
        tokens, padding = _pad(contexts)
        for layer in cache:
            layer.prepare(lengths=lengths, right_padding=padding)
        for start in range(0, tokens.shape[1], self._step):
            self._module(tokens[:, start:start + self._step], cache=cache)
            mx.eval([layer.state for layer in cache])
        for layer in cache:
            layer.finalize()
        mx.eval([layer.state for layer in cache])
        return cache

    def _continue(self, contexts: Sequence[Any], rows: Sequence[tuple[int, Piece]]) -> Iterator[Measured]:
        """Feed continuations to copies of their contexts' rows; padding on the right changes nothing before it."""
        cache = [copy.copy(layer) for layer in contexts]
        for layer in cache:
            layer.filter([at for at, _ in rows])
        fed, _ = _pad([piece.tokens[piece.first_output:-1].tolist() for _, piece in rows])
        targets, _ = _pad([piece.tokens[-piece.targets:].tolist() for _, piece in rows])
        chances, best = [], []
        for start in range(0, fed.shape[1], self._step):
            some, right = self._chances(fed[:, start:start + self._step], targets[:, start:start + self._step], cache)
            chances.append(some)
            best.append(right)
        logprobs, greedy = np.concatenate(chances, axis=1), np.concatenate(best, axis=1)
        for row, (_, piece) in enumerate(rows):
            own = slice(piece.targets)
            yield piece.owner, float(logprobs[row, own].sum(dtype=np.float64)), bool(greedy[row, own].all())

    def _chances(self, fed: mx.array, targets: mx.array, cache: list[Any],
                 ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Log-probability of each target [rows, length], and whether it is the likeliest token."""
        logits = self._module(fed, cache=cache).astype(mx.float32)
        taken = mx.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        logprobs, greedy = taken - mx.logsumexp(logits, axis=-1), logits.argmax(axis=-1) == targets
        mx.eval(logprobs, greedy, [layer.state for layer in cache])
        return np.array(logprobs), np.array(greedy)


def batch_cache(module: Any, rows: int) -> list[Any]:
    """An empty cache for `rows` sequences; raises UserError for a model whose cache mlx-lm cannot batch."""
    layers = [make_prompt_cache(module) for _ in range(rows)]
    alone = {type(layer).__name__ for layer in layers[0] if not hasattr(layer, "merge")}
    if alone:
        raise UserError(f"mlx-lm cannot compute several sequences at once with this model's {' and '.join(alone)}",
                        "use another runtime for it")
    return [layer.merge([one[at] for one in layers]) for at, layer in enumerate(layers[0])]


def _pad(rows: Sequence[Sequence[int]]) -> tuple[mx.array, list[int]]:
    """Rows as an array [rows, longest], zeros behind the shorter ones, and how many each has."""
    longest = max(map(len, rows))
    return mx.array([[*row, *[0] * (longest - len(row))] for row in rows]), [longest - len(row) for row in rows]
