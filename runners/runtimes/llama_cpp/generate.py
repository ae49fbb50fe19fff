"""Generation by continuous batching: requests join as others finish, each with its own sampling and stop strings."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.runtime import FinishReason, GenerateRequest, Generation
from runners.runtimes.llama_cpp.lanes import Lanes
from runners.runtimes.llama_cpp.reply import Reply
from runners.runtimes.llama_cpp.sampling import choose
from runners.runtimes.llama_cpp.tokens import Tokens

FIRST_TOKENS = 8


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

    def take(self, token: int, vocabulary: Tokens) -> FinishReason | None:
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


def generate_replies(lanes: Lanes, vocabulary: Tokens, requests: Iterable[Writing]) -> Iterator[tuple[int, Generation]]:
    """Yield (index, generation) as replies finish; a request takes a lane as soon as one is free."""
    waiting, writing = deque(requests), dict[int, Writing]()
    while waiting or writing:
        while waiting and (waiting[0].budget <= 0 or lanes.free is not None):
            one, lane = waiting.popleft(), lanes.free
            if one.budget <= 0 or lane is None:
                yield one.result("length")
                continue
            writing[lane] = one
            yield from _take(lanes, writing, vocabulary, ([lane], lanes.fill(lane, one.prompt)))
        if writing:
            yield from _take(lanes, writing, vocabulary, lanes.step())


def read_request(index: int, request: GenerateRequest, vocabulary: Tokens, window: int) -> Writing:
    """Tokenize; a prompt that fills the window is cut on the left so that the reply has up to half of it."""
    prompt = vocabulary.encode(request.prompt) or [vocabulary.prefix]
    cut = len(prompt) >= window
    if cut:
        prompt = prompt[-(window - min(max(request.max_tokens, 1), window // 2)):]
    budget = min(request.max_tokens, window - len(prompt))
    return Writing(index, request, prompt, budget, cut, Reply(request.stop), np.random.default_rng(request.seed))


def _take(lanes: Lanes, writing: dict[int, Writing], vocabulary: Tokens,
          due: tuple[list[int], NDArray[np.float32]]) -> Iterator[tuple[int, Generation]]:
    """Choose the next token of the lanes in `due` by their logits; yields the replies that it finished."""
    busy, logits = due
    tokens = _choose(logits, [writing[lane] for lane in busy]).tolist()
    lanes.push(busy, tokens)
    for lane, token in zip(busy, tokens, strict=True):
        reason = writing[lane].take(token, vocabulary)
        if reason:
            lanes.release(lane)
            yield writing.pop(lane).result(reason)


def _choose(logits: NDArray[np.float32], due: Sequence[Writing]) -> NDArray[np.intp]:
    """A token per row: all greedy ones at once, the others by their own generator."""
    tokens: NDArray[np.intp] = logits.argmax(axis=1)
    for row, one in enumerate(due):
        if one.request.sampling.temperature > 0:
            tokens[row] = choose(logits[row], one.request.sampling, one.rng)
    return tokens
