"""Log-likelihoods by packed batches with shared prefixes (see `pack`); results come out wave by wave."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from runners.runtimes.llama_cpp.context import LANES, ROWS, Context
from runners.runtimes.llama_cpp.pack import Limits, Wave, arrange, waves
from runners.scoring import Piece

_BLOCK = 1 << 22


def measure(context: Context, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
    """(owner, log-probability, greedy) of every piece, wave by wave."""
    pieces = arrange(pieces)
    for wave in waves(pieces, Limits(context.sequences, context.cells, context.batch, LANES, ROWS)):
        _carry_over(context, wave)
        logprobs, greedy = np.zeros(wave.pieces), np.ones(wave.pieces, dtype=bool)
        for begin in range(0, len(wave.tokens), context.batch):
            _decode_part(context, wave, begin, (logprobs, greedy))
        for at in range(wave.pieces):
            yield pieces[wave.start + at].owner, float(logprobs[at]), bool(greedy[at])
        if not wave.carried[0]:
            # The first piece lies in cells 0, 1, 2, ...; later waves may begin with part of it.
            context.share(0, context.carry, pieces[wave.start].fed)


def _carry_over(context: Context, wave: Wave) -> None:
    """Empty the cache but for the beginning that this wave shares with the last one that started from nothing."""
    length = wave.carried[0]
    if length == 0:
        context.clear()
        return
    context.keep(context.carry)
    context.drop(context.carry, length)
    for sequence, taken in enumerate(wave.carried):
        if taken:
            context.share(context.carry, sequence, taken)


def _decode_part(context: Context, wave: Wave, begin: int, sums: tuple[NDArray[np.float64], NDArray[np.bool_]]) -> None:
    """Decode one batch of a wave from token `begin` on and add what it tells to the pieces' sums."""
    end = min(begin + context.batch, len(wave.tokens))
    size = end - begin
    needed = slice(*np.searchsorted(wave.node, (begin, end)))
    node, target, piece = wave.node[needed] - begin, wave.target[needed], wave.piece[needed]
    context.tokens[:size], context.positions[:size] = wave.tokens[begin:end], wave.positions[begin:end]
    context.counts[:size] = wave.counts[begin:end]
    first = wave.first[begin:end]
    context.assign(0, size, np.where(first < 0, context.filler, first))
    context.wanted[:size] = 0
    context.wanted[node] = 1
    logits = context.decode(size, rows=ROWS)
    rows = np.unique(node, return_inverse=True)[1]
    total, best = normalise(logits)
    logprobs, greedy = sums
    np.add.at(logprobs, piece, logits[rows, target].astype(np.float64) - total[rows])
    np.logical_and.at(greedy, piece, best[rows] == target)


def normalise(logits: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Log of the summed exponentials and the index of the largest logit, per row; in blocks, to bound memory."""
    totals, best = np.empty(len(logits)), logits.argmax(axis=1)
    step = max(1, _BLOCK // logits.shape[1])
    for start in range(0, len(logits), step):
        block = logits[start:start + step]
        peak = block[np.arange(len(block)), best[start:start + step]]
        powers = np.exp(block - peak[:, None])
        totals[start:start + step] = peak + np.log(powers.sum(axis=1, dtype=np.float64))
    return totals, best
