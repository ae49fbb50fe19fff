"""What was asked and said of an item, as it is kept for people to read: alike for what we measure and what is imported.

Text that is no Unicode (half a surrogate pair) is kept as its escape, so that it can be stored anywhere.
"""

import math
from collections.abc import Sequence
from os.path import commonprefix

from harness.core.digest import storable
from harness.core.record import ItemText

JOINED = "\x1e"
"""Between the prompts, or the replies, of an item that has several."""


Name = tuple[str, str]
"""Task and id of an item."""


def generated(name: Name, prompts: Sequence[str], reply: str, target: object, taken: object = "") -> ItemText:
    """Of an item with a generated reply; `taken` is what the task's filter made of it."""
    while isinstance(taken, list | tuple) and len(taken) == 1:
        taken = taken[0]
    answer = taken if isinstance(taken, str) and taken != reply else ""
    prompt, right, said = map(storable, (JOINED.join(prompts), _named(target), reply))
    return ItemText(*name, prompt=prompt, target=right, reply=said, answer=storable(answer))


def chosen(
    name: Name, asked: Sequence[tuple[str, str]], logprobs: Sequence[float], greedy: bool, target: object
) -> ItemText:
    """Of an item with choices: (context, continuation) of each request, and how likely each was found (nats).

    Of a single continuation `greedy` says whether it is what the model would have said; else there is no reply.
    """
    # Requests without a context only normalise the others (acc_mutual_info).
    kept = [number for number, (context, _) in enumerate(asked) if context] or range(len(asked))
    prompt = commonprefix([asked[number][0] for number in kept])
    choices = tuple(storable("".join(asked[number])[len(prompt) :]) for number in kept)
    found = [logprobs[number] for number in kept]
    reply = choices[max(range(len(found)), key=found.__getitem__)] if greedy or len(found) > 1 else ""
    known = tuple(value if math.isfinite(value) else None for value in found)
    prompt, right = storable(prompt), storable(_named(target, choices))
    return ItemText(*name, prompt=prompt, target=right, reply=reply, choices=choices, logprobs=known)


def _named(target: object, choices: Sequence[str] = ()) -> str:
    """What would have been right: a number names one of the choices, of several right ones each has a line."""
    several = target if isinstance(target, list | tuple) else [target]
    return "\n".join(_one(each, choices) for each in several)


def _one(target: object, choices: Sequence[str]) -> str:
    if isinstance(target, int) and not isinstance(target, bool) and 0 <= target < len(choices):
        return choices[target]
    return "" if target is None else str(target)
