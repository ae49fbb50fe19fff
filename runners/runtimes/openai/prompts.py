"""Prompts of a load: token ids where the server takes them, else words that this server counts as one token each.

A load's prompt has an exact length. Servers that take text only are asked how they count: a long line of every word
twice tells what stands around it (a chat template, a BOS) and which words are one token; a trial of the load's own
length must then come out right.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.errors import HarnessError, UserError
from runners.runtimes.openai.endpoint import Endpoint, checked, usage_of
from runners.runtimes.openai.wire import Reply

_WORDS = """the of and a in to is was for on that with as by he it at from his be are this have an not but which or had
they you were their one all has her been there more when who will so no out up two red green name time day
man year way new old good first last""".split()  # noqa: SIM905
_FEWEST = 8


@dataclass(frozen=True)
class WordPrompts:
    """Text prompts: `around` tokens stand around the words, each of `words` is one token."""

    words: tuple[str, ...]
    around: int

    def text(self, ids: Sequence[int]) -> str:
        """A text of as many tokens as ids, the same for equal ids; raises UserError where too few are asked."""
        if len(ids) <= self.around:
            raise UserError(f"a prompt of {len(ids)} tokens is not possible: {self.around} stand around every text",
                            "raise load.prompt_tokens")
        return "".join(f" {self.words[id_ % len(self.words)]}" for id_ in ids[self.around:])


def word_prompts(endpoint: Endpoint, chat: bool) -> WordPrompts:
    """Learn how the server counts words; raises HarnessError where it does not count prompts."""

    def count(text: str) -> int:
        path, body = ("/chat/completions", {"messages": [{"role": "user", "content": text}]}) if chat else (
            "/completions", {"prompt": text})
        call = endpoint.call(path, {**body, "max_tokens": 1, "temperature": 0})
        counted = usage_of(checked(endpoint.client.run(endpoint.client.ask(call, Reply)))).prompt_tokens
        if not counted:
            raise HarnessError("the server does not count the tokens of prompts, so that a load has no length")
        return counted

    base = count(f" {_WORDS[0]}")
    # A word in a row of ten adds ten tokens if it is one: each word is asked once, and its row cannot merge.
    rows = {word: count(f" {_WORDS[0]}" + f" {word}" * 10) - base for word in _WORDS}
    words = tuple(word for word, added in rows.items() if added == 10)
    if len(words) < _FEWEST or words[0] != _WORDS[0]:
        raise HarnessError(f"only {len(words)} common words are one token to this server: no load can be made of words")
    learned = WordPrompts(words, base - 1)
    _try_out(learned, count)
    return learned


def _try_out(learned: WordPrompts, count: object) -> None:
    assert callable(count)
    ids = [random.Random(1).randrange(1 << 20) for _ in range(64 + learned.around)]
    counted = count(learned.text(ids))
    if counted != len(ids):
        raise HarnessError(f"a prompt of {len(ids)} tokens is {counted} to the server: words make no load")
