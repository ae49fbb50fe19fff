"""What an item's prompt, target and reply say, from lm_eval's sample: kept beside the scores for people to read."""

from collections.abc import Sequence
from typing import Any

from harness.core.record import ItemText
from harness.core.runtime import Generation, Score
from harness.core.said import JOINED, chosen, generated


def text_of(task: str, item_id: str, sample: dict[str, Any], answered: Sequence[Score | Generation]) -> ItemText | None:
    """The texts of a generated or chosen reply; None where a whole text was rolled over.

    `sample` is lm_eval's, under its first filter; `answered` has the replies in the order of its requests.
    """
    asked, target = sample["arguments"], sample.get("target")
    if isinstance(answered[0], Generation):
        reply = JOINED.join(one.text for one in answered if isinstance(one, Generation))
        prompts = [str(arguments[0]) for arguments in asked]
        return generated((task, item_id), prompts, reply, target, sample.get("filtered_resps"))
    if len(asked[0]) < 2:
        return None
    scores = [one for one in answered if isinstance(one, Score)]
    pairs = [(str(context), str(continuation)) for context, continuation in asked]
    return chosen((task, item_id), pairs, [one.logprob for one in scores], scores[0].is_greedy, target)
