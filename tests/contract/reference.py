"""What transformers computes in float32 on the pocket model: the figures every other runtime is held against.

tests/contract/reference.json is made by tools/contract_reference.py, so that a runtime which lives in an interpreter
without torch can be compared too.
"""

from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("reference.json")


class Text(msgspec.Struct, frozen=True):
    """A text of at most 8 tokens."""

    text: str
    tokens: tuple[int, ...]


class Scored(msgspec.Struct, frozen=True):
    """A continuation's log-probability in nats; `slack` is by how much logits must move to change `is_greedy`."""

    context: str
    continuation: str
    logprob: float
    is_greedy: bool
    slack: float
    tokens: int
    context_tokens: int


class Rolled(msgspec.Struct, frozen=True):
    """A whole text's log-probability in nats."""

    text: str
    logprob: float
    tokens: int


class Written(msgspec.Struct, frozen=True):
    """A greedy reply: its text, how long that was after each token, and the lead of each over the second likeliest."""

    prompt: str
    text: str
    lengths: tuple[int, ...]
    leads: tuple[float, ...]
    finish_reason: str

    def sure(self, lead: float) -> str:
        """The text up to the first token that was ahead by less than `lead` nats; all of it where there is none."""
        close = [at for at, one in enumerate(self.leads) if one < lead]
        if not close:
            return self.text
        return self.text[:self.lengths[close[0] - 1]] if close[0] else ""


class Reference(msgspec.Struct, frozen=True):
    """`made_with` names the engine; `messages` rendered are `rendered`; replies had up to `max_tokens` tokens."""

    made_with: str
    max_tokens: int
    messages: tuple[tuple[str, str], ...]
    rendered: str
    texts: tuple[Text, ...]
    scores: tuple[Scored, ...]
    rolls: tuple[Rolled, ...]
    replies: tuple[Written, ...]


def load() -> Reference:
    """The stored figures."""
    return msgspec.json.decode(FILE.read_bytes(), type=Reference)
