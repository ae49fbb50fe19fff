"""Which pieces are computed together; pure.

Pieces with the same context form a group: the context's last logits serve the first token of each, and its keys and
values go on to those with more. Contexts that begin alike (a few-shot prompt) form a family, whose beginning is
computed once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from runners.scoring import Ints, Piece

# A beginning must be this long, and spare this many tokens in all, to be worth a pass and batches of its own.
_LEAST_SHARED, _LEAST_SPARED = 64, 1024


@dataclass(frozen=True)
class Group:
    """Pieces with one context. A single piece is fed whole, of several only the context."""

    pieces: tuple[Piece, ...]

    @property
    def head(self) -> Ints:
        """The context."""
        one = self.pieces[0]
        return one.tokens[:len(one.tokens) - one.targets]

    @property
    def fed(self) -> Ints:
        """Tokens to feed."""
        return self.head if len(self.pieces) > 1 else self.pieces[0].fed_tokens

    @property
    def targets(self) -> int:
        """How many of the last fed tokens' logits are needed."""
        return 1 if len(self.pieces) > 1 else self.pieces[0].targets


@dataclass(frozen=True)
class Family:
    """Groups whose contexts begin with the same `shared` tokens; each has at least one more."""

    shared: int
    groups: tuple[Group, ...]


def groups_of(pieces: Sequence[Piece]) -> list[Group]:
    """Pieces by their context, in lexicographic order of the contexts' tokens."""
    keyed = [(Group((piece,)).head.astype(">u4").tobytes(), piece) for piece in pieces]
    keyed.sort(key=lambda pair: pair[0])
    return [Group(tuple(piece for _, piece in same)) for _, same in groupby(keyed, key=lambda pair: pair[0])]


def families(groups: Sequence[Group]) -> Iterator[Family]:
    """Every group once: families worth a beginning of their own, then all others as one that shares nothing."""
    alone: list[Group] = []
    start = 0
    while start < len(groups):
        shared, stop = 0, start + 1
        while stop < len(groups):
            alike = common(groups[stop - 1].head[:-1], groups[stop].head[:-1])
            least = min(alike, shared or alike)
            if least < max(_LEAST_SHARED, 3 * shared // 4):
                break
            shared, stop = least, stop + 1
        if shared * (stop - start - 1) >= _LEAST_SPARED:
            yield Family(shared, tuple(groups[start:stop]))
        else:
            alone += groups[start:stop]
        start = stop
    if alone:
        yield Family(0, tuple(alone))


def batches(family: Family, batch_tokens: int) -> Iterator[list[Group]]:
    """Groups by falling length, as many as fit `batch_tokens` with padding; one longer than that stands alone."""
    waiting = sorted(family.groups, key=lambda group: -len(group.fed))
    while waiting:
        count = max(1, batch_tokens // max(1, len(waiting[0].fed)))
        yield waiting[:count]
        waiting = waiting[count:]


def common(left: Ints, right: Ints) -> int:
    """Length of the common prefix."""
    size = min(len(left), len(right))
    differs = left[:size] != right[:size]
    return int(differs.argmax()) if differs.any() else size
