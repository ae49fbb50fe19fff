"""What an item's prompt, target and reply say, from lm_eval's sample: kept beside the scores for people to read.

Text that is no Unicode (half a surrogate pair) is written as its escape, so that it can be stored anywhere.
"""

import math
from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

from harness.core.digest import storable
from harness.core.record import ItemText
from harness.core.runtime import Generation, Score

JOINED = "\x1e"


def text_of(task: str, item_id: str, sample: dict[str, Any], answered: Sequence[Score | Generation]) -> ItemText | None:
    """The texts of a generated or chosen reply; None where a whole text was rolled over.

    `sample` is lm_eval's, under its first filter; `answered` has the replies in the order of its requests.
    """
    asked = [tuple(map(str, arguments[:2])) for arguments in sample["arguments"]]
    if isinstance(answered[0], Generation):
        reply = JOINED.join(one.text for one in answered if isinstance(one, Generation))
        prompt = JOINED.join(one[0] for one in asked)
        return _plain(task, item_id, prompt, _target(sample), reply, answer=_answer(sample, reply))
    if len(asked[0]) < 2:
        return None
    # Requests without a context only normalise the others (acc_mutual_info).
    numbers = [number for number, (context, _) in enumerate(asked) if context] or range(len(asked))
    scores = [answered[number] for number in numbers]
    prompt = commonprefix([asked[number][0] for number in numbers])
    choices = tuple(storable("".join(asked[number])[len(prompt) :]) for number in numbers)
    logprobs = [one.logprob for one in scores if isinstance(one, Score)]
    best = max(range(len(logprobs)), key=logprobs.__getitem__)
    said = len(logprobs) > 1 or (isinstance(scores[0], Score) and scores[0].is_greedy)
    known = tuple(value if math.isfinite(value) else None for value in logprobs)
    reply = choices[best] if said else ""
    return _plain(task, item_id, prompt, _target(sample, choices), reply, choices=choices, logprobs=known)


def _plain(task: str, item_id: str, *texts: str, answer: str = "", **lists: Any) -> ItemText:
    prompt, target, reply = map(storable, texts)
    return ItemText(task, item_id, prompt, target, reply, answer=storable(answer), **lists)


def _target(sample: dict[str, Any], choices: Sequence[str] = ()) -> str:
    """What would have been right: a number names one of the choices, of several right ones each has a line."""
    target = sample.get("target")
    several = target if isinstance(target, list | tuple) else [target]
    return "\n".join(_named(one, choices) for one in several)


def _named(one: object, choices: Sequence[str]) -> str:
    if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(choices):
        return choices[one]
    return "" if one is None else str(one)


def _answer(sample: dict[str, Any], reply: str) -> str:
    """What the task's filter took from the reply, "" where that is all of it."""
    taken = sample.get("filtered_resps")
    while isinstance(taken, list | tuple) and len(taken) == 1:
        taken = taken[0]
    return taken if isinstance(taken, str) and taken != reply else ""
