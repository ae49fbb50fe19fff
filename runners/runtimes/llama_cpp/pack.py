"""Packing texts that share beginnings into few batches; pure.

Texts are sorted by their tokens, so that those with the longest common prefix stand side by side. A wave is a run of
neighbours laid out as a prefix tree in depth-first order: a token shared by neighbours is computed once and belongs to
all their sequences. The prefix that a wave shares with the first text before it (a few-shot prompt) is carried over.

Prefixes are shared in blocks of `lanes` tokens, and fillers put each block into as many adjacent cache cells, aligned:
so a token's result is the same to the last bit whatever it is packed with (see `context`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runners.scoring import Ints, Piece


@dataclass(frozen=True)
class Limits:
    """What one wave may use: sequences, cache cells, tokens in one decode call; and what to round it to.

    A wave has a multiple of `rows` tokens.
    """

    sequences: int
    cells: int
    batch: int
    lanes: int
    rows: int


@dataclass(frozen=True)
class Wave:
    """Tokens [n] with position, first sequence id (-1: a filler) and number of consecutive ids.

    The pieces are `start` to `start + pieces` of all. `carried` holds, per sequence, how many leading tokens it takes
    from what is kept. Needed log-probabilities [m], ordered by `node` (index into tokens): `target` token, `piece`
    relative to `start`.
    """

    start: int
    pieces: int
    carried: tuple[int, ...]
    tokens: Ints
    positions: Ints
    first: Ints
    counts: Ints
    node: Ints
    target: Ints
    piece: Ints


def arrange(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces in lexicographic order of their tokens."""
    return sorted(pieces, key=lambda piece: piece.tokens.astype(">u4").tobytes())


def common(left: Ints, right: Ints) -> int:
    """Length of the common prefix."""
    size = min(len(left), len(right))
    differs = left[:size] != right[:size]
    return int(differs.argmax()) if differs.any() else size


def _shared(left: Piece, right: Piece, lanes: int) -> int:
    """Tokens that `right` takes from its neighbour: all of `left`, which it then goes on from, or whole lanes."""
    size = common(left.fed_tokens, right.fed_tokens)
    return size if size == left.fed else size - size % lanes


def waves(pieces: Sequence[Piece], limits: Limits) -> Iterator[Wave]:
    """Lay out arranged pieces; every piece must fit `limits.cells` alone.

    A wave that carries nothing starts from an empty cache, and its first piece fills cells 0, 1, 2, ... Later waves may
    keep the beginning of that piece.
    """
    shared = [0, *(_shared(a, b, limits.lanes) for a, b in zip(pieces, pieces[1:], strict=False))]
    start, root, kept = 0, 0, 0
    while start < len(pieces):
        carry = min(kept, common(pieces[root].fed_tokens, pieces[start].fed_tokens), pieces[start].first_output)
        carry -= carry % limits.lanes
        # A short carry saves less than the emptied cache's better locality.
        if carry < limits.batch // 8:
            root, carry = start, 0
        stop = _stop(pieces, shared, start, carry, limits)
        yield _lay_out(pieces[start:stop], [carry, *shared[start + 1:stop]], start, limits)
        kept = carry or pieces[root].fed
        start = stop


def _stop(pieces: Sequence[Piece], shared: list[int], start: int, carry: int, limits: Limits) -> int:
    """Where the wave from `start` ends: at a limit, or where its last decode call is full."""
    total, sequences, kept = pieces[start].fed - carry, 1, carry
    for at in range(start + 1, len(pieces)):
        kept = min(kept, shared[at])
        added = _fillers(pieces[at], shared[at], carry + total, limits.lanes) + pieces[at].fed - shared[at]
        sequences += shared[at] < pieces[at - 1].fed
        calls, calls_after = -(-total // limits.batch), -(-(total + added) // limits.batch)
        full = sequences > limits.sequences or carry + total + added + limits.rows > limits.cells
        # What an earlier wave computed cannot be read again.
        if full or calls_after > calls or pieces[at].first_output < kept:
            return at
        total += added
    return len(pieces)


def _fillers(piece: Piece, begin: int, cell: int, lanes: int) -> int:
    """Fillers needed before a piece's first new token, which has depth `begin` and would come into `cell`."""
    return (begin - cell) % lanes if begin < piece.fed else 0


def _lay_out(pieces: Sequence[Piece], starts: list[int], start: int, limits: Limits) -> Wave:
    """The prefix tree of neighbours; `starts` is the depth from which each piece's tokens are new."""
    sequence = np.cumsum([0, *(begin < piece.fed for piece, begin in zip(pieces, starts[1:], strict=False))])
    lasts = _last_sequences(pieces, starts, sequence)
    path = np.zeros(max(piece.fed for piece in pieces), dtype=np.int32)
    size, filled = 0, 0
    columns: list[tuple[Ints, Ints, Ints, Ints]] = []
    nodes = []

    def fill(count: int) -> None:
        nonlocal size, filled
        columns.append((_full(count, 0), np.arange(filled, filled + count, dtype=np.int32), _full(count, -1),
                        _full(count, 1)))
        size, filled = size + count, filled + count

    for at, (piece, begin) in enumerate(zip(pieces, starts, strict=True)):
        fill(_fillers(piece, begin, starts[0] + size, limits.lanes))
        new, own = piece.fed - begin, int(sequence[at])
        path[begin:piece.fed] = np.arange(size, size + new)
        columns.append((piece.tokens[begin:-1], np.arange(begin, piece.fed, dtype=np.int32), _full(new, own),
                        lasts[at] - own + 1))
        nodes.append(path[piece.first_output:piece.fed].copy())
        size += new
    fill(-size % limits.rows)
    tokens, positions, first, counts = (np.concatenate(column) for column in zip(*columns, strict=True))
    node = np.concatenate(nodes)
    order = np.argsort(node, kind="stable")
    least = np.minimum.accumulate(starts)
    carried = tuple(int(least[sequence == number].min()) for number in range(sequence[-1] + 1))
    target = np.concatenate([piece.tokens[-piece.targets:] for piece in pieces])
    owner = np.repeat(np.arange(len(pieces), dtype=np.int32), [piece.targets for piece in pieces])
    return Wave(start, len(pieces), carried, tokens, positions, first, counts, node[order], target[order], owner[order])


def _last_sequences(pieces: Sequence[Piece], starts: list[int], sequence: NDArray[np.int64]) -> list[Ints]:
    """For each piece's new tokens, the last of the neighbouring sequences that share them."""
    last, found = np.zeros(max(piece.fed for piece in pieces), dtype=np.int32), []
    for at in reversed(range(len(pieces))):
        last[starts[at + 1] if at + 1 < len(pieces) else 0:pieces[at].fed] = sequence[at]
        found.append(last[starts[at]:pieces[at].fed].copy())
    return found[::-1]


def _full(count: int, value: int) -> Ints:
    return np.full(count, value, dtype=np.int32)
