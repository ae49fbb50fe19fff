"""Prompts of exact length as token ids: random ones, or the project's own text through the model's tokenizer.

No two requests begin alike, so that no prefix cache can answer them; where caching is asked for, the tokens that stand
in the context (depth) are the same in all of them.
"""

import random
from pathlib import Path

from harness.core.cell import LoadWork
from harness.core.errors import HarnessError
from harness.core.record import Step
from harness.core.runtime import Session, StreamRequest

CORPUS = "corpus.txt"
"""In assets/: the project's own documentation."""
_UNIQUE = 8
_TRIES = 100


class Prompts:
    """A new prompt for every request; of equal work the same ones in the same order."""

    def __init__(self, session: Session, work: LoadWork, assets: Path) -> None:
        # Fewer than the round's number of seeds apart: rounds never share a prompt.
        self._rng = random.Random(work.seed * 1000 + work.round)
        self._vocabulary = range(session.facts().vocabulary)
        self._cache = work.load.cache
        self._text = _corpus(session, assets) if work.load.prompts == "corpus" else ()
        self._contexts: dict[int, tuple[int, ...]] = {}
        self._begun: set[tuple[int, ...]] = set()
        self._last = 0

    def one(self, step: Step) -> StreamRequest:
        """The next request of a step's shape; its prompt has `depth` + `prompt_tokens` ids."""
        self._last += 1
        shared: tuple[int, ...] = ()
        if self._cache and step.depth:
            shared = self._contexts.setdefault(step.depth, self._body(step.depth))
        own = step.depth + step.prompt_tokens - len(shared)
        head = self._head(min(own, _UNIQUE))
        return StreamRequest(self._last, shared + head + self._body(own - len(head)), step.output_tokens)

    def _head(self, tokens: int) -> tuple[int, ...]:
        """Ids that no prompt has begun with, as long as there are such."""
        for _ in range(_TRIES):
            head = tuple(self._rng.choices(self._vocabulary, k=tokens))
            if head not in self._begun:
                break
        self._begun.add(head)
        return head

    def _body(self, tokens: int) -> tuple[int, ...]:
        """So many ids, of the text from any place on, round and round."""
        if not self._text:
            return tuple(self._rng.choices(self._vocabulary, k=tokens))
        start = self._rng.randrange(len(self._text))
        rounds = -(-(start + tokens) // len(self._text))
        return (self._text * rounds)[start : start + tokens]


def _corpus(session: Session, assets: Path) -> tuple[int, ...]:
    ids = session.tokenize((assets / CORPUS).read_text(encoding="utf-8"))
    if not ids:
        raise HarnessError("the tokenizer makes nothing of the corpus: use load.prompts=random")
    return ids
