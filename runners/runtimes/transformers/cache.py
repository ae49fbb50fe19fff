"""Rows of keys and values: joined, chosen and trimmed. A row's own tokens stand at the right end, padding before them.

So the distance between two tokens of a row is that of their places, which sliding windows count by.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache


@dataclass
class Rows:
    """`lanes` names each row; `lengths` are their own tokens; `cache` is `width` tokens wide, None before the first."""

    lanes: list[int]
    lengths: list[int]
    width: int
    cache: DynamicCache | None = None
    last: list[int] = field(default_factory=list)

    def mask(self, device: torch.device) -> Tensor | None:
        """True [rows, width] where a place holds a row's own token; None where all do."""
        if min(self.lengths) == self.width:
            return None
        starts = torch.tensor([self.width - length for length in self.lengths], device=device)
        return torch.arange(self.width, device=device) >= starts[:, None]

    def keep(self, lanes: set[int]) -> None:
        """Forget all other rows, and the columns that are padding in all that are left."""
        kept = [row for row, lane in enumerate(self.lanes) if lane in lanes]
        if len(kept) == len(self.lanes):
            return
        self.lanes, self.lengths, self.last = (
            [some[row] for row in kept] for some in (self.lanes, self.lengths, self.last))
        spare = self.width - max(self.lengths, default=0)
        self.width -= spare
        if self.cache is None or not kept:
            self.cache = None
            return
        for layer in self.cache.layers:
            index = torch.tensor(kept, device=layer.keys.device)
            layer.keys = layer.keys[..., spare:, :].index_select(0, index)
            layer.values = layer.values[..., spare:, :].index_select(0, index)

    def join(self, other: "Rows") -> None:
        """Add the rows of another, which must not be used afterwards."""
        width = max(self.width, other.width)
        if self.cache is not None and other.cache is not None:
            for mine, new in zip(self.cache.layers, other.cache.layers, strict=True):
                mine.keys = torch.cat([_widen(mine.keys, width), _widen(new.keys, width)])
                mine.values = torch.cat([_widen(mine.values, width), _widen(new.values, width)])
        self.lanes += other.lanes
        self.lengths += other.lengths
        self.last += other.last
        self.width = width


def _widen(part: Tensor, width: int) -> Tensor:
    """[rows, heads, tokens, size] with zeros before its tokens, `width` of them in all."""
    return pad(part, (0, 0, width - part.shape[-2], 0)) if part.shape[-2] < width else part
