"""Generation by continuous batching, for engines in this process: requests join as others finish.

Each request has its own sampling, seed and stop strings. An engine brings a vocabulary and lanes, sequences side by
side that are filled with prompts and advanced one token at a time.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.core.runtime import FinishReason, GenerateRequest, Generation
from runners.reply import Reply
from runners.sampling import choose

FIRST_TOKENS = 8


class Vocabulary(Protocol):
    """Text to token ids and back."""

    @property
    def prefix(self) -> int:
        """What stands before a text without context: BOS where there is one, else EOS, else token 0."""

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt, with BOS, once, where the model asks for it."""

    def encode_bare(self, text: str) -> list[int]:
        """Ids of a text without any BOS added."""

    def piece(self, token: int) -> bytes:
        """UTF-8 bytes of one token, possibly part of a character; b"" for control tokens."""

    def is_end(self, token: int) -> bool:
        """Whether the token ends a generation."""


class Rows(Protocol):
    """Logits of several sequences, wherever they lie."""

    def best(self) -> list[int]:
        """The likeliest token of each."""

    def row(self, at: int) -> NDArray[np.float32]:
        """Logits [vocabulary] of one."""


class HostRows:
    """Rows of an array in this computer's memory, [sequences, vocabulary]."""

    def __init__(self, logits: NDArray[np.float32]) -> None:
        self._logits = logits

    def best(self) -> list[int]:
        """The likeliest token of each."""
        found: list[int] = self._logits.argmax(axis=1).tolist()
        return found

    def row(self, at: int) -> NDArray[np.float32]:
        """Logits [vocabulary] of one."""
        row: NDArray[np.float32] = self._logits[at]
        return row


Due = tuple[list[int], Rows]
"""Lanes that are due a token, and their logits, valid until the next call."""


class Lanes(Protocol):
    """Sequences side by side."""

    @property
    def room(self) -> int:
        """How many more can join now."""

    def fill(self, prompts: Sequence[Sequence[int]]) -> Due:
        """Take in prompts from the front, at least one, as many as are best computed at once."""

    def push(self, lanes: Sequence[int], tokens: Sequence[int]) -> None:
        """The next token of each lane."""

    def step(self) -> Due:
        """Advance every busy lane by its pushed token."""

    def release(self, lane: int) -> None:
        """Forget a lane's sequence."""


@dataclass
class Writing:
    """A request on its way: `budget` tokens at most, `cut` where its prompt had to lose its beginning."""

    index: int
    request: GenerateRequest
    prompt: list[int]
    budget: int
    cut: bool
    reply: Reply
    rng: np.random.Generator
    tokens: int = 0

    def take(self, token: int, vocabulary: Vocabulary) -> FinishReason | None:
        """Add a token; the reason if it was the last."""
        if vocabulary.is_end(token):
            return "stop"
        self.tokens += 1
        self.reply.add(vocabulary.piece(token))
        if self.reply.stopped:
            return "stop"
        if self.tokens < self.budget:
            return None
        return "length" if self.budget == self.request.max_tokens else "context"

    def result(self, reason: FinishReason) -> tuple[int, Generation]:
        """The finished generation; a prompt that was cut says so whatever ended the reply."""
        if not self.reply.stopped:
            self.reply.add(b"", final=True)
        return self.index, Generation(self.reply.text, self.tokens, len(self.prompt),
                                      "context" if self.cut else reason, tuple(self.prompt[:FIRST_TOKENS]))


def read_request(index: int, request: GenerateRequest, vocabulary: Vocabulary, window: int) -> Writing:
    """Tokenize; a prompt that fills the window is cut on the left so that the reply has up to half of it."""
    prompt = vocabulary.encode(request.prompt) or [vocabulary.prefix]
    cut = len(prompt) >= window
    if cut:
        prompt = prompt[-(window - min(max(request.max_tokens, 1), window // 2)):]
    budget = min(request.max_tokens, window - len(prompt))
    return Writing(index, request, prompt, budget, cut, Reply(request.stop), np.random.default_rng(request.seed))


def generate_replies(lanes: Lanes, vocabulary: Vocabulary, requests: Iterable[Writing],
                     ) -> Iterator[tuple[int, Generation]]:
    """Yield (index, generation) as replies finish; requests join as soon as lanes are free."""
    waiting, writing = deque[Writing](), dict[int, Writing]()
    for one in requests:
        if one.budget > 0:
            waiting.append(one)
        else:
            yield one.result("length")
    while waiting or writing:
        while waiting and lanes.room:
            due = lanes.fill([one.prompt for one in islice(waiting, lanes.room)])
            writing |= {lane: waiting.popleft() for lane in due[0]}
            yield from _take(lanes, writing, vocabulary, due)
        if writing:
            yield from _take(lanes, writing, vocabulary, lanes.step())


def _take(lanes: Lanes, writing: dict[int, Writing], vocabulary: Vocabulary, due: Due,
          ) -> Iterator[tuple[int, Generation]]:
    """Choose the next token of the lanes in `due` by their logits; yields the replies that it finished."""
    busy, logits = due
    tokens = _choose(logits, [writing[lane] for lane in busy])
    lanes.push(busy, tokens)
    for lane, token in zip(busy, tokens, strict=True):
        reason = writing[lane].take(token, vocabulary)
        if reason:
            lanes.release(lane)
            yield writing.pop(lane).result(reason)


def _choose(logits: Rows, due: Sequence[Writing]) -> list[int]:
    """A token per row: all greedy ones at once, the others by their own generator."""
    tokens = logits.best()
    for row, one in enumerate(due):
        if one.request.sampling.temperature > 0:
            tokens[row] = choose(logits.row(row), one.request.sampling, one.rng)
    return tokens
