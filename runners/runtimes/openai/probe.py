"""May this server's log-probabilities be believed? Asked before the first score, on texts that any model finds easy.

Right continuations repeat what stands twice before them. A server passes if it finds them far likelier than wrong
ones, counts tokens as its usage does, gives numbers that differ, and scores what it generates as it did on the way.
Without this, a server that pairs a token with its neighbour's distribution, as one real server does for models without
BOS, would give numbers that look like log-probabilities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from harness.core.errors import HarnessError, UserError
from harness.core.runtime import Score, ScoreRequest
from runners.runtimes.openai.endpoint import Endpoint, usage_of
from runners.runtimes.openai.score import Method, Scorer
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.usage import Meter
from runners.runtimes.openai.wire import Logprobs, decode

_LISTS = ("one two three four", "red green blue black", "the old man slept", "north south east west",
          "cat dog bird fish", "salt milk bread rice", "play the game now", "king queen prince duke")
_LOST = 1  # of the lists above a model may get wrong
_MARGIN_NATS = 1.0
# Beginnings that leave open what follows, so that the log-probabilities of neighbouring tokens differ.
_OPEN = ("Please bring the", "On Monday we will", "My favourite", "It was cold, so", "The price of", "They said that",
         "Number 7 is a", "Name the")
_MADE = 4
_AGREE_NATS = 0.5  # of four tokens: bf16 and batching move one by up to a tenth


def items() -> Iterator[tuple[str, str, str]]:
    """(context, right, wrong): a list twice and its beginning again; the wrong word is another list's last."""
    for at, words in enumerate(_LISTS):
        start, _, right = words.rpartition(" ")
        yield f"{words}. {words}. {start}", f" {right}", f" {_LISTS[at - 1].rpartition(' ')[2]}"


def choose(endpoint: Endpoint, settings: OpenAISettings, meter: Meter) -> Scorer:
    """The first method that proves right; raises UserError naming what each one lacks."""
    if settings.endpoint == "chat" or settings.scoring == "off":
        what = "a chat endpoint gives no log-probabilities of a text" if settings.endpoint == "chat" else "it is off"
        raise UserError(f"scoring through {endpoint.owner} was refused: {what}", _HINT)
    ids = bool(endpoint.dialect.tokenize[0]) and endpoint.takes_ids
    fields = ["echo", "prompt_logprobs"] if settings.scoring == "auto" else [settings.scoring]
    if settings.scoring == "auto" and not endpoint.dialect.prompt_logprobs:
        fields.remove("prompt_logprobs")
    reasons = []
    for field in fields:
        try:
            return _proved(endpoint, Method(field, ids), settings, meter)
        except HarnessError as error:
            reasons.append(f"{field}: {error}")
    raise UserError(f"scoring through {endpoint.owner} was refused: {'; '.join(reasons)}", _HINT)


_HINT = "choose tasks that generate, or a runtime that scores in process"


def _proved(endpoint: Endpoint, method: Method, settings: OpenAISettings, meter: Meter) -> Scorer:
    """A scorer that passed; raises HarnessError with the first shortcoming."""
    client = endpoint.client
    if method.field == "echo":
        method = replace(method, hidden=client.run(_hidden(endpoint)))
    scorer = Scorer(endpoint, method, settings.prefix, meter)
    asked = [ScoreRequest(context, end) for context, right, wrong in items() for end in (right, wrong)]
    found = dict(client.each(scorer.score, asked))
    scores = [found[at] for at in range(len(asked))]
    if problem := shortcoming(scores):
        raise HarnessError(problem)
    compared = dict(client.each(partial(_difference, scorer=scorer, endpoint=endpoint), _OPEN))
    off = [one for one in compared.values() if one is not None and one > _AGREE_NATS]
    if len(off) > _LOST:
        raise HarnessError(f"in {len(off)} of {len(_OPEN)} texts, what it generates scores {max(off):.1f} nats unlike "
                           "what it was generated with")
    return scorer


def shortcoming(scores: Sequence[Score]) -> str:
    """What is wrong with right, wrong, right, wrong ... scores; "" where nothing is."""
    values = [score.logprob / score.tokens for score in scores]
    if max(values) - min(values) < 1e-6:
        return f"all its log-probabilities are {values[0]:.4g}"
    gains = [right.logprob - wrong.logprob for right, wrong in zip(scores[::2], scores[1::2], strict=True)]
    won, mean = sum(gain > 0 for gain in gains), sum(gains) / len(gains)
    if won < len(gains) - _LOST:
        return f"right continuations beat wrong ones in {won} of {len(gains)} known-easy items only"
    if mean < _MARGIN_NATS:
        return f"right continuations beat wrong ones by {mean:.2f} nats only, where {_MARGIN_NATS} is little"
    return ""


async def _hidden(endpoint: Endpoint) -> int:
    """Tokens that usage counts and the echoed list leaves out: 0, or 1 for a hidden BOS."""
    body: dict[str, object] = {"prompt": _LISTS[0], "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
    reply = await endpoint.complete(body, retry=False)
    usage, raw = usage_of(reply), reply.choices[0].logprobs
    if bytes(raw) == b"null":
        raise HarnessError("the server echoes a prompt without logprobs")
    listed = len(decode(bytes(raw), Logprobs, "the server's logprobs").tokens)
    counted = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
    if counted - listed not in (0, 1):
        raise HarnessError(f"the server counts {counted} tokens and sends logprobs of {listed}")
    return counted - listed


async def _difference(context: str, scorer: Scorer, endpoint: Endpoint) -> float | None:
    """Nats by which the score of what was just generated differs from what it was generated with.

    None where that cannot be told: no logprobs of generated tokens, or a text that is other tokens when read again.
    """
    body: dict[str, object] = {"prompt": context, "max_tokens": _MADE, "temperature": 0, "logprobs": 1}
    raw = (await endpoint.complete(body)).choices[0].logprobs
    if bytes(raw) == b"null":
        return None
    made = decode(bytes(raw), Logprobs, "the server's logprobs")
    own = [one for one in made.token_logprobs if one is not None]
    again = await scorer.score(ScoreRequest(context, "".join(made.tokens)))
    return abs(again.logprob - sum(own)) if again.tokens == len(own) == len(made.tokens) else None
