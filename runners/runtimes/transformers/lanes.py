"""Sequences side by side: prompts are computed together and join the running ones; one step is one forward pass."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache

from runners.replies import Due
from runners.runtimes.transformers.cache import Rows
from runners.runtimes.transformers.model import Model


class DeviceRows:
    """Logits [sequences, vocabulary] where the model left them."""

    def __init__(self, logits: Tensor) -> None:
        self._logits = logits

    def best(self) -> list[int]:
        """The likeliest token of each."""
        found: list[int] = self._logits.argmax(dim=1).tolist()
        return found

    def row(self, at: int) -> NDArray[np.float32]:
        """Logits [vocabulary] of one."""
        found: NDArray[np.float32] = self._logits[at].float().cpu().numpy()
        return found


class Lanes:
    """Up to `limit` sequences, in batches of prompts of up to `batch_tokens` tokens, padding included."""

    def __init__(self, model: Model, limit: int, batch_tokens: int) -> None:
        self._model, self._batch_tokens = model, batch_tokens
        self._free = list(range(limit - 1, -1, -1))
        self._busy: set[int] = set()
        self._groups: list[Rows] = []

    @property
    def room(self) -> int:
        """How many more can join now."""
        return len(self._free)

    def fill(self, prompts: Sequence[Sequence[int]]) -> Due:
        """Compute prompts from the front, as many as fit one batch; their lanes and the logits of their last tokens."""
        self._tidy()  # before a lane's number names another sequence
        count = _that_fit(prompts, self._batch_tokens) if self._model.merges else 1
        taken = prompts[:count]
        lanes = [self._free.pop() for _ in taken]
        width = max(map(len, taken))
        rows = Rows(lanes, [len(prompt) for prompt in taken], width, last=[0] * count)
        ids = self._model.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in taken])
        if self._model.merges:
            rows.cache = DynamicCache()
            logits = self._model.logits(ids, rows.mask(ids.device), self._model.last(ids), rows.cache)
        else:
            rows.cache, logits = self._model.start(ids)
        self._busy |= set(lanes)
        if self._model.merges and self._groups:
            self._groups[0].join(rows)
        else:
            self._groups.append(rows)
        return lanes, DeviceRows(logits)

    def push(self, lanes: Sequence[int], tokens: Sequence[int]) -> None:
        """The next token of each lane."""
        told = dict(zip(lanes, tokens, strict=True))
        for rows in self._groups:
            rows.last = [told.get(lane, last) for lane, last in zip(rows.lanes, rows.last, strict=True)]

    def release(self, lane: int) -> None:
        """Forget a lane's sequence."""
        self._busy.remove(lane)
        self._free.append(lane)

    def step(self) -> Due:
        """Advance every busy lane by its pushed token; the lanes and their logits."""
        self._tidy()
        parts = []
        for rows in self._groups:
            rows.width += 1
            rows.lengths = [length + 1 for length in rows.lengths]
            ids = self._model.tensor(rows.last)[:, None]
            parts.append(self._model.logits(ids, rows.mask(ids.device), self._model.last(ids), rows.cache))
        lanes = [lane for rows in self._groups for lane in rows.lanes]
        return lanes, DeviceRows(parts[0] if len(parts) == 1 else torch.cat(parts))

    def _tidy(self) -> None:
        """Drop the sequences that were released."""
        for rows in self._groups:
            rows.keep(self._busy)
        self._groups = [rows for rows in self._groups if rows.lanes]


def _that_fit(prompts: Sequence[Sequence[int]], batch_tokens: int) -> int:
    """How many prompts from the front fit one batch, at least 1."""
    longest = 0
    for count, prompt in enumerate(prompts, start=1):
        longest = max(longest, len(prompt))
        if count > 1 and count * longest > batch_tokens:
            return count - 1
    return len(prompts)
