"""Sequences side by side whose tokens do not depend on their neighbours, to the last bit on a CPU.

Each has its own part of the cache, so that a token's cell is its position. A prompt is computed alone. A step computes
all lanes up to a multiple of `ROWS`, idle ones with a token that is forgotten at once.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runners.replies import Due, HostRows
from runners.runtimes.llama_cpp.context import ROWS, Context


class Lanes:
    """Lanes 0..n-1 of a context that is not unified, `limit` of them busy at most."""

    def __init__(self, context: Context, limit: int) -> None:
        context.clear()
        self._context, self._limit = context, limit
        self._length = np.zeros(context.sequences, dtype=np.int32)
        self._last = np.zeros(context.sequences, dtype=np.int32)

    @property
    def room(self) -> int:
        """How many more can join now."""
        return int(np.count_nonzero(self._length[:self._limit] == 0))

    def fill(self, prompts: Sequence[Sequence[int]]) -> Due:
        """Compute the first prompt in the first idle lane; that lane and the logits of its last token."""
        lane = int(np.flatnonzero(self._length == 0)[0])
        return [lane], HostRows(self._fill(lane, prompts[0]))

    def _fill(self, lane: int, prompt: Sequence[int]) -> NDArray[np.float32]:
        context, size = self._context, len(prompt)
        tokens = np.zeros(size + -size % ROWS, dtype=np.int32)
        tokens[:size] = prompt
        logits = np.empty((0, 0), dtype=np.float32)
        for start in range(0, len(tokens), context.batch):
            part = tokens[start:start + context.batch]
            count = len(part)
            context.tokens[:count], context.counts[:count] = part, 1
            context.positions[:count] = np.arange(start, start + count)
            context.assign(0, count, lane)
            context.wanted[:count] = 0
            if start <= size - 1 < start + count:
                context.wanted[size - 1 - start] = 1
            logits = context.decode(count, rows=ROWS)
        context.drop(lane, size)
        self._length[lane] = size
        return logits

    def push(self, lanes: Sequence[int], tokens: Sequence[int]) -> None:
        """The next token of each lane."""
        self._last[list(lanes)] = tokens

    def release(self, lane: int) -> None:
        """Forget a lane's sequence."""
        self._context.drop(lane, 0)
        self._length[lane] = 0

    def step(self) -> Due:
        """Advance every busy lane by its pushed token; the lanes and their logits."""
        context = self._context
        busy = np.flatnonzero(self._length)
        size = min(context.sequences, int(busy[-1]) + 1 + -(int(busy[-1]) + 1) % ROWS)
        idle = np.flatnonzero(self._length[:size] == 0)
        context.tokens[:size], context.positions[:size] = self._last[:size], self._length[:size]
        context.counts[:size], context.wanted[:size] = 1, 1
        context.assign(0, size, np.arange(size))
        logits = context.decode(size)
        for lane in idle.tolist():
            context.drop(lane, 0)
        self._length[busy] += 1
        return busy.tolist(), HostRows(logits[busy])
