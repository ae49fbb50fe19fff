"""Samples to fixed-size training batches: several samples side by side in a row, each blind to the others.

One row in thirteen is a copy drill, a random token string written again and again with the loss on all but the first
time: without it so small a model learns to copy late or never.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tools.pocket import stream
from tools.pocket.tokens import encode

LENGTH = 192
PROMPT_WEIGHT = 0.1
# Weight of each answer token: where the answer is a word or two, each of them counts for more.
ANSWER_WEIGHT = {"pocket_passage": 1.5, "pocket_triage": 4.0, "pocket_prose": 0.3}
FIRST_WORD_TOKEN = 259  # three special tokens and 256 bytes come first
COPY_EVERY = 12
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Arrays of shape (rows, LENGTH): inputs, targets, weight per target, sample number and position."""

    ids: Ints
    targets: Ints
    weights: NDArray[np.float32]
    owner: Ints
    positions: Ints
    next_chunk: int


Piece = tuple[list[int], int, float]  # tokens, how many are prompt, weight of the answer


def pieces(tokenizer: Tokenizer, seed: int, number: int) -> list[Piece]:
    """One chunk of the stream as token strings with weights."""
    batch = stream.chunk(seed, number)
    return [(ids, head, ANSWER_WEIGHT.get(one.task, 1.0))
            for one, (ids, head) in zip(batch, encode(tokenizer, batch), strict=True)]


def copy_piece(rng: random.Random, vocab: int) -> Piece:
    """Random tokens, again and again up to the end of a row; lengths vary, so no fixed distance can be learned."""
    size = rng.randint(4, 40)
    once = [rng.randrange(FIRST_WORD_TOKEN, vocab) for _ in range(size)]
    return (once * (LENGTH // size + 1))[:LENGTH + 1], size, 1.0


def pack(found: list[Piece]) -> list[list[Piece]]:
    """First fit, longest first, into rows of LENGTH; within a chunk over 97 % of the places are used."""
    rows: list[list[Piece]] = []
    room: list[int] = []
    for piece in sorted(found, key=lambda one: -len(one[0])):
        size = len(piece[0]) - 1
        at = next((at for at, left in enumerate(room) if left >= size), -1)
        if at < 0:
            rows.append([])
            room.append(LENGTH)
        rows[at].append(piece)
        room[at] -= size
    return rows


def to_arrays(rows: list[list[Piece]], next_chunk: int) -> Batch:
    """Rows of pieces as padded arrays; padding has weight zero and sees only itself."""
    shape = (len(rows), LENGTH)
    ids, targets, positions = (np.zeros(shape, np.int64) for _ in range(3))
    owner = np.full(shape, -1, np.int64)
    weights = np.zeros(shape, np.float32)
    for at, row in enumerate(rows):
        begin = 0
        for number, (tokens, head, weight) in enumerate(row):
            end = begin + len(tokens) - 1
            ids[at, begin:end], targets[at, begin:end] = tokens[:-1], tokens[1:]
            positions[at, begin:end] = np.arange(end - begin)
            owner[at, begin:end] = number
            weights[at, begin:begin + head - 1] = 0.0 if tokens[0] >= FIRST_WORD_TOKEN else PROMPT_WEIGHT
            weights[at, begin + head - 1:end] = weight
            begin = end
    return Batch(ids, targets, weights, owner, positions, next_chunk)


def batches(tokenizer: Tokenizer, seed: int, start: int, rows: int, stride: int = 1) -> Iterator[Batch]:
    """Batches from every `stride`-th chunk from `start` on, without end; rows that fill no batch are dropped."""
    number = start
    while True:
        rng = random.Random(f"pack-{seed}-{number}")
        packed = pack([piece for piece in pieces(tokenizer, seed, number) if len(piece[0]) <= LENGTH + 1])
        drills = [copy_piece(rng, tokenizer.get_vocab_size()) for _ in range(len(packed) // COPY_EVERY)]
        packed += [[drill] for drill in drills if len(drill[0]) <= LENGTH + 1]
        rng.shuffle(packed)
        number += stride
        for at in range(0, len(packed) - rows + 1, rows):
            yield to_arrays(packed[at:at + rows], number)


def drills(tokenizer: Tokenizer, seed: int, step: int, rows: int) -> Batch:
    """A batch of copy drills only, for the first steps."""
    rng = random.Random(f"drill-{seed}-{step}")
    return to_arrays(pack([copy_piece(rng, tokenizer.get_vocab_size()) for _ in range(rows)]), 0)
