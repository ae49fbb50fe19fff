"""Continuous batching for speed: sequences join and leave a running batch; one `step` is one decode call.

Each sequence has its own part of the cache, so that attention reads no other's: on a CPU, 32 sequences run twice as
fast as with one shared pool.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runners.runtimes.llama_cpp.context import Context


class Slots:
    """Sequences 0..n-1 of a context that is not unified."""

    def __init__(self, context: Context) -> None:
        context.clear()
        self._context = context
        self._free = set(range(context.sequences))
        self._running = np.zeros(context.sequences, dtype=bool)
        self._last = np.zeros(context.sequences, dtype=np.int32)
        self._length = np.zeros(context.sequences, dtype=np.int32)
        self._prompts: dict[int, NDArray[np.int32]] = {}
        self._filling: list[int] = []
        self._same: NDArray[np.intp] | None = None  # who ran in the last step, None where that has changed

    @property
    def free(self) -> bool:
        """Whether a sequence can join now."""
        return bool(self._free)

    def admit(self, prompt: Sequence[int]) -> int:
        """Take a prompt in and return its slot: the lowest, because llama.cpp computes adjacent ones together."""
        slot = min(self._free)
        self._free.remove(slot)
        self._length[slot] = 0
        self._prompts[slot] = np.array(prompt, dtype=np.int32)
        self._filling.append(slot)
        self._same = None
        return slot

    def release(self, slot: int) -> None:
        """Forget a sequence and free its slot."""
        self._context.drop(slot, 0)
        self._running[slot] = False
        self._same = None
        del self._prompts[slot]
        self._free.add(slot)

    def push(self, slots: NDArray[np.intp], tokens: NDArray[np.integer]) -> None:
        """The tokens chosen for sequences that came out of `step`; those still admitted go on with them."""
        self._last[slots] = tokens

    def step(self) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Advance every running sequence by its last token and fill prompts with the room left in the batch.

        Returns the slots that are due a token and their logits [slots, vocabulary], valid until the next step.
        """
        context = self._context
        slots = self._arranged() if self._same is None else self._same
        size = len(slots)
        context.tokens[:size], context.positions[:size] = self._last[slots], self._length[slots]
        self._length[slots] += 1
        if self._filling:
            size, filled = self._fill(size)
            self._same, slots = None, np.append(slots, filled).astype(np.intp)
        return slots, context.decode(size)

    def _arranged(self) -> NDArray[np.intp]:
        """The running sequences, put on the batch; while they stay the same a step is spared the work."""
        context = self._context
        self._same = slots = np.flatnonzero(self._running)[:context.batch]
        context.assign(0, len(slots), slots)
        context.counts[:] = 1
        context.wanted[:len(slots)] = 1
        return slots

    def _fill(self, size: int) -> tuple[int, list[int]]:
        """Put prompt tokens behind the first `size` of the batch; the new size and the slots filled to the end."""
        context, filled, waiting = self._context, [], []
        for slot in self._filling:
            prompt = self._prompts[slot]
            if size == context.batch:
                waiting.append(slot)
                continue
            start = int(self._length[slot])
            stop = min(len(prompt), start + context.batch - size)
            end = size + stop - start
            context.tokens[size:end] = prompt[start:stop]
            context.positions[size:end] = np.arange(start, stop)
            context.assign(size, end, slot)
            context.wanted[size:end] = 0
            self._length[slot], size = stop, end
            if stop < len(prompt):
                waiting.append(slot)
                continue
            context.wanted[end - 1] = 1
            self._running[slot] = True
            filled.append(slot)
        self._filling = waiting
        return size, filled
