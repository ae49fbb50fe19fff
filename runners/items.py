"""lm_eval's samples as our records: one per item, with what was asked, what came back and how it ended."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from harness.core import document
from harness.core.digest import text_digest
from harness.core.record import ItemResult, ItemText
from harness.core.runtime import Generation, Score
from harness.core.said import JOINED
from runners.texts import text_of

Replies = dict[tuple[str, int], list[tuple[int, Score | Generation]]]
"""(request number, reply) of each (task, document)."""


class Answer(NamedTuple):
    """An item's scores, and its texts where it has any."""

    item: ItemResult
    text: ItemText | None


def results(task: str, samples: list[dict[str, Any]], replies: Replies, sample: int = 0) -> Iterator[Answer]:
    """The `sample`-th result of each document, under an id of its own: not every data set's "id" names one document."""
    seen: set[str] = set()
    for number, filtered in groupby(sorted(samples, key=itemgetter("doc_id")), key=itemgetter("doc_id")):
        found = list(filtered)
        answered = [reply for _, reply in sorted(replies[task, number], key=itemgetter(0))]
        name = document.name_of(found[0]["doc"], number, seen)
        text = text_of(task, name, found[0], answered)
        yield Answer(
            msgspec.structs.replace(_result(task, name, found, answered), sample=sample),
            msgspec.structs.replace(text, sample=sample) if text else None,
        )


def _result(
    task: str, item_id: str, samples: list[dict[str, Any]], answered: Sequence[Score | Generation]
) -> ItemResult:
    """One document's result. lm_eval gives one sample per answer filter; of several, the name tells metrics apart."""

    def suffix(one: dict[str, Any]) -> str:
        return f",{one['filter']}" if len(samples) > 1 else ""

    sample = samples[0]
    doc = sample["doc"]
    first = answered[0]
    return ItemResult(
        task=task,
        item_id=item_id,
        scores={name: score for one in samples for name, score in _scores(one, suffix(one), answered).items()},
        prompt_hash=document.prompts_digest(str(arguments[0]) for arguments in sample["arguments"]),
        reply_hash=text_digest(_reply_text(answered)),
        prompt_tokens=max(r.context_tokens if isinstance(r, Score) else r.prompt_tokens for r in answered),
        output_tokens=sum(reply.tokens for reply in answered),
        finish_reason=first.finish_reason if isinstance(first, Generation) else "",
        first_tokens=first.first_tokens,
        cluster=document.field(doc, "template"),
        level=document.field(doc, "level"),
    )


def _scores(sample: dict[str, Any], suffix: str, answered: Sequence[Score | Generation]) -> dict[str, float]:
    """Every metric of the sample as a number, `suffix` behind its name.

    Rolling metrics arrive as pairs of log-likelihood and weight.
    """
    scores: dict[str, float] = {}
    for metric in sample["metrics"]:
        value = sample[metric].item() if isinstance(sample[metric], np.generic) else sample[metric]
        if isinstance(value, tuple | list) and len(value) == 2:
            scores["loglikelihood"] = float(value[0])
            scores["words" if metric == "word_perplexity" else "bytes"] = float(value[1])
        elif isinstance(value, bool | int | float):
            scores[metric + suffix] = float(value)
    if "loglikelihood" in scores:
        scores["tokens"] = float(sum(reply.tokens for reply in answered))
    return scores


def _reply_text(answered: Sequence[Score | Generation]) -> str:
    """What the model said: its text, or which continuation it found most likely."""
    if isinstance(answered[0], Generation):
        return JOINED.join(reply.text for reply in answered if isinstance(reply, Generation))
    scores = [reply.logprob for reply in answered if isinstance(reply, Score)]
    return str(max(range(len(scores)), key=scores.__getitem__)) if len(scores) > 1 else str(answered[0].tokens)


def write(answers: Iterable[Answer], path: Path, texts: Path | None = None) -> int:
    """Write items as JSON lines, and their texts to `texts` if given; return how many.

    The parent makes the columnar files from them.
    """
    encoder = msgspec.json.Encoder()
    count = 0
    with ExitStack() as files:
        items = files.enter_context(path.open("wb"))
        beside = files.enter_context(texts.open("wb")) if texts else None
        for item, text in answers:
            items.write(encoder.encode(item) + b"\n")
            if beside and text:
                beside.write(encoder.encode(text) + b"\n")
            count += 1
    return count
