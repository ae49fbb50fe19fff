"""Chat messages as one string: lm_eval hands over a rendered prompt, a chat endpoint wants the messages themselves.

`pack` is what `Session.render` gives for a chat endpoint; `unpack` finds the messages again. A prompt that was never
packed (a suite without a chat template) is said to a chat endpoint as one message of the user.
"""

from collections.abc import Sequence

import msgspec

from harness.core.errors import UserError

_MARK = "\u0002chat\u0003"


class Packed(msgspec.Struct, frozen=True):
    """(role, content) pairs, and whether the model is to answer or to go on with the last message."""

    messages: tuple[tuple[str, str], ...]
    answer: bool


def pack(messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
    """Messages as a marked line of JSON."""
    packed = Packed(tuple((role, content) for role, content in messages), add_generation_prompt)
    return _MARK + msgspec.json.encode(packed).decode()


def unpack(prompt: str) -> list[dict[str, str]]:
    """The messages of a chat request; raises UserError for a reply begun by the task, which chat cannot continue."""
    if not prompt.startswith(_MARK):
        return [{"role": "user", "content": prompt}]
    packed = msgspec.json.decode(prompt.removeprefix(_MARK), type=Packed)
    if not packed.answer:
        raise UserError("a chat endpoint cannot go on with a reply that the task begins (gen_prefix)",
                        "use runtime.options.endpoint=completions")
    return [{"role": role, "content": content} for role, content in packed.messages]


def is_packed(prompt: str) -> bool:
    """Whether a prompt came from `pack`."""
    return prompt.startswith(_MARK)
