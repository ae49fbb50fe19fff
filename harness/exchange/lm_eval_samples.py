"""One samples_<task>_<time>.jsonl of lm-eval: a line per document and answer filter, as items."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.core import document
from harness.core.digest import canonical, text_digest
from harness.core.record import ItemResult, ItemText
from harness.core.said import JOINED, chosen, generated
from harness.exchange import lines, scores
from harness.exchange.source import Row, malformed

_HINT = "is it a samples file of lm-eval 0.4?"
_Line = tuple[int, dict[str, Any]]


def documents(task: str, path: Path, metrics: Sequence[str]) -> tuple[tuple[Row, ...], float]:
    """Every document as an item, by document number, and the mean chance of guessing right among its choices.

    `metrics` are those the task declares, for lm-eval before 0.4.5, whose lines do not list theirs. Raises UserError,
    with the line, for a line that is no sample and for a document that stands there twice.
    """
    found: dict[tuple[int, int], list[_Line]] = {}
    for line, sample in lines.json_lines(path):
        key = _whole(sample, "doc_id", path, line), _whole({"sample": 0, **sample}, "sample", path, line)
        same = found.setdefault(key, [])
        if any(sample.get("filter") == other.get("filter") for _, other in same):
            reason = f"document {key[0]} of {task} stands there twice (first on line {same[0][0]})"
            raise malformed(path, reason, "two runs in one file? Import another one", line)
        same.append((line, sample))
    seen: set[str] = set()
    names: dict[int, str] = {}
    rows, chances = [], []
    for number, repeat in sorted(found):
        same = found[number, repeat]
        if number not in names:
            names[number] = document.name_of(same[0][1].get("doc"), number, seen)
        item = _item(task, names[number], repeat, same, (path, metrics))
        rows.append(Row(item, same[0][0], _text(item, same[0][1])))
        choices = len(_prompts(same[0][1]))
        chances.append(1 / choices if choices > 1 else 0.0)
    return tuple(rows), sum(chances) / len(chances)


def _whole(sample: dict[str, Any], name: str, path: Path, line: int) -> int:
    value = sample.get(name)
    if not isinstance(value, int):
        raise malformed(path, f"no whole number '{name}' in the sample", _HINT, line)
    return value


def _item(task: str, item_id: str, repeat: int, same: list[_Line], place: tuple[Path, Sequence[str]]) -> ItemResult:
    """One document under all its filters; of several, the name tells their metrics apart."""
    line, sample = same[0]
    values: dict[str, float] = {}
    for at, one in same:
        suffix = f",{one.get('filter')}" if len(same) > 1 else ""
        values |= _scores(one, suffix, place, at)
    doc, prompts = sample.get("doc"), _prompts(sample)
    # Without the logged requests there is only lm-eval's own hash, of the first one.
    stated = document.foreign_hash(str(sample.get("prompt_hash") or ""), "lm_eval")
    return ItemResult(
        task=task,
        item_id=item_id,
        scores=values,
        prompt_hash=document.prompts_digest(prompts) if prompts else stated,
        reply_hash=text_digest(canonical(sample.get("filtered_resps")).decode()),
        prompt_tokens=0,
        output_tokens=0,
        finish_reason=str(sample.get("finish_reason") or ""),
        first_tokens=(),
        cluster=document.field(doc, "template"),
        level=document.field(doc, "level"),
        sample=repeat,
    )


def _text(item: ItemResult, sample: dict[str, Any]) -> ItemText | None:
    """What the logged requests and replies say; None of whole texts, and where they were logged in no known form."""
    asked, replies = _requests(sample), _flat(sample.get("resps"))
    name, target = (item.task, item.item_id), sample.get("target")
    if not asked or not replies or not all(asked) or "loglikelihood" in item.scores:
        return None
    if all(isinstance(one, str) for one in replies):
        prompts = [str(one[0]) for one in asked]
        said = generated(name, prompts, JOINED.join(replies), target, sample.get("filtered_resps"))
        return replace(said, sample=item.sample)
    try:
        pairs = [(str(context), str(continuation)) for context, continuation in asked]
        logprobs = [float(logprob) for logprob, _ in replies]
    except (TypeError, ValueError):
        return None
    if len(pairs) != len(logprobs):
        return None
    # The number of the right choice is logged as text.
    listed = {continuation.strip() for _, continuation in pairs}
    target = int(target) if isinstance(target, str) and target.isdecimal() and target not in listed else target
    return replace(chosen(name, pairs, logprobs, str(replies[0][1]) == "True", target), sample=item.sample)


def _flat(replies: object) -> list[Any]:
    """One reply each: lm-eval logs them by request, and those of a request in a list of its own."""
    by_request = replies if isinstance(replies, list) else []
    return [one for some in by_request for one in (some if isinstance(some, list) else [some])]


def _scores(sample: dict[str, Any], suffix: str, place: tuple[Path, Sequence[str]], line: int) -> dict[str, float]:
    """Metrics that are numbers; those of rolling tasks, pairs of log-likelihood and weight, as our runner keeps them.

    Metrics whose items are neither (references and replies of a corpus BLEU) belong to no item and are left out.
    """
    path, declared = place
    listed = sample.get("metrics")
    names = [str(name) for name in listed] if isinstance(listed, list) else [one for one in declared if one in sample]
    if not names:
        raise malformed(path, "the sample names no metrics", _HINT, line)
    found: dict[str, float] = {}
    for name in names:
        if name not in sample:
            raise malformed(path, f"metric {name} is named but missing", _HINT, line)
        value = sample[name]
        pair = [scores.number(one) for one in value] if isinstance(value, list) and len(value) == 2 else []
        if (single := scores.number(value)) is not None:
            found[name + suffix] = single
        elif name.endswith("_perplexity") or name == "bits_per_byte":
            if len(pair) != 2 or pair[0] is None or pair[1] is None:
                raise malformed(path, f"{name} is no pair of log-likelihood and weight", _HINT, line)
            found |= {"loglikelihood": pair[0], "words" if name == "word_perplexity" else "bytes": pair[1]}
    return found


def _prompts(sample: dict[str, Any]) -> list[str]:
    """The text of every logged request."""
    return [str(one[0]) for one in _requests(sample) if one]


def _requests(sample: dict[str, Any]) -> list[list[Any]]:
    """The arguments of every logged request: a mapping since 0.4.3, a list of lists before."""
    asked = sample.get("arguments")
    if isinstance(asked, dict):
        return [[one.get("arg_0"), *(one[key] for key in ("arg_1",) if key in one)] for one in asked.values()
                if isinstance(one, dict)]
    return [one for one in asked if isinstance(one, list)] if isinstance(asked, list) else []
