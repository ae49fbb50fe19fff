"""What is fed and what is scored for each request, and the sums of it: the part of scoring that knows no engine.

An engine brings `measure`: pieces of tokens in, (owner, log-probability, greedy) of each out, in any order.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.runtime import Score, ScoreRequest
from runners.pairs import encode_pair, rolling_windows
from runners.replies import FIRST_TOKENS, Vocabulary

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Piece:
    """`tokens` to feed but the last, with the log-probability wanted of the last `targets` of them."""

    owner: int
    tokens: Ints
    targets: int

    @property
    def fed_tokens(self) -> Ints:
        """Tokens that go through the model."""
        return self.tokens[:-1]

    @property
    def fed(self) -> int:
        """How many they are."""
        return len(self.tokens) - 1

    @property
    def first_output(self) -> int:
        """Depth of the first token whose logits are needed."""
        return self.fed - self.targets


Measure = Callable[[Sequence[Piece]], Iterator[tuple[int, float, bool]]]


def score_requests(measure: Measure, vocabulary: Vocabulary, requests: Sequence[ScoreRequest], window: int,
                   ) -> Iterator[tuple[int, Score]]:
    """Score continuations; a context that does not fit `window` tokens loses its beginning, as in lm-eval."""
    parts = []
    for request in requests:
        if request.context:
            head, tail = encode_pair(vocabulary.encode, request.context, request.continuation)
            # A context of whitespace alone is all continuation.
            head = head or [vocabulary.prefix]
        else:
            head, tail = [vocabulary.prefix], vocabulary.encode_bare(request.continuation)
            if tail[:1] == head:
                head, tail = tail[:1], tail[1:]
        parts.append(_windows(head, tail, window))
    yield from _score(measure, parts)


def roll_texts(measure: Measure, vocabulary: Vocabulary, texts: Sequence[str], window: int,
               ) -> Iterator[tuple[int, Score]]:
    """Score whole texts, in windows where they are longer than `window` tokens."""
    parts = [rolling_windows(vocabulary.encode_bare(text), vocabulary.prefix, window) for text in texts]
    yield from _score(measure, parts)


def _windows(head: list[int], tail: list[int], window: int) -> list[tuple[list[int], list[int]]]:
    """One (context, targets) pair, its context cut on the left; several where the targets alone overflow."""
    if len(tail) > window:
        return rolling_windows(tail, head[-1], window)
    room = window + 1 - len(tail)
    return [(head[-room:], tail)]


def _score(measure: Measure, parts: Sequence[Sequence[tuple[list[int], list[int]]]]) -> Iterator[tuple[int, Score]]:
    """Sum the windows of each text and yield it when its last one is done."""
    open_windows, logprobs, greedy = Counter[int](), [0.0] * len(parts), [True] * len(parts)
    pieces = []
    for owner, windows in enumerate(parts):
        wanted = [Piece(owner, np.array(head + tail, dtype=np.int32), len(tail)) for head, tail in windows if tail]
        open_windows[owner] = len(wanted)
        pieces += wanted
        if not wanted:
            yield owner, _result(windows, 0.0, True)
    for owner, logprob, is_greedy in measure(pieces):
        logprobs[owner] += logprob
        greedy[owner] = greedy[owner] and is_greedy
        open_windows[owner] -= 1
        if open_windows[owner] == 0:
            yield owner, _result(parts[owner], logprobs[owner], greedy[owner])


def _result(windows: Sequence[tuple[list[int], list[int]]], logprob: float, greedy: bool) -> Score:
    head, tail = windows[0] if windows else ([], [])
    fed = (head + tail)[:-1] if tail else head
    return Score(logprob, greedy, sum(len(targets) for _, targets in windows), len(head), tuple(fed[:FIRST_TOKENS]))
