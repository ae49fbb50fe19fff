"""Logs of Inspect AI, format version 2: one JSON file, or the zip of JSON files that it calls .eval.

Field names and the meaning of letter grades (C, P, I, N): inspect_ai/log/_log.py and inspect_ai/scorer/_metric.py of
inspect-ai 0.3. An epoch is a sample of an item. What was asked is every message before the model's first reply.
"""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.core import document
from harness.core.digest import canonical, text_digest
from harness.core.record import ItemResult, ItemText
from harness.core.runtime import Detail
from harness.core.said import generated
from harness.core.suite import Task
from harness.exchange import inspect_archive, lines, scores
from harness.exchange.source import Row, Source, Wanted, malformed, plain_name, selected, texts_of

VERSION = 2
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_CUT = {"max_tokens": "length", "length": "length", "model_length": "context", "stop": "stop"}
_COMPLETE = "complete it with inspect eval-retry"


def is_log(found: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a log of Inspect."""
    return isinstance(found.get("eval"), dict) and "status" in found


def read(path: Path, wanted: Wanted) -> Source:
    """One finished evaluation; raises UserError for one that failed, is not whole or has ungraded samples."""
    log = inspect_archive.read(path) if zipfile.is_zipfile(path) else lines.json_object(path)
    samples = _samples(log, path)
    spec = log["eval"]
    name = str(spec.get("task") or "task").rsplit("/", 1)[-1]
    rows = [Row(item, 0, _text(item, sample)) for sample in samples for item in [_item(name, sample, path)]]
    metrics = list(dict.fromkeys(metric for row in rows for metric in row.item.scores))
    if not metrics:
        raise malformed(path, "no sample has a score", "run inspect score on the log")
    metric = scores.primary(metrics, _headline(log), wanted.metric)
    scores.check(rows, metric, path)
    items = len({row.item.item_id for row in rows})
    task = Task(name, "imported", metric, "generate", chance=_chance(samples), items=items)
    provider, _, model = str(spec.get("model") or "unknown").partition("/")
    limit = _mapping(spec.get("config")).get("limit")
    return Source(
        format="inspect",
        files=(path,),
        model=plain_name(model or provider),
        backend=plain_name(provider) if model else "",
        tasks=selected([task], wanted, path),
        items=tuple(row.item for row in rows),
        texts=texts_of(rows),
        limit=limit if isinstance(limit, int) else None,
        measured=_time(spec.get("created")),
        packages=tuple(Detail(str(one), str(version)) for one, version in _mapping(spec.get("packages")).items()),
    )


def _samples(log: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """The log's samples after all that must hold for the log as a whole."""
    if not is_log(log):
        raise malformed(path, "no Inspect log (no 'eval' and 'status' in it)", "check that it is the right file")
    version, status = log.get("version", VERSION), log.get("status")
    if version != VERSION:
        raise malformed(path, f"log format {version}, this reads {VERSION}", "inspect log convert --to json")
    if status != "success" or log.get("invalidated"):
        state = "invalidated" if status == "success" else str(status)
        raise malformed(path, f"the evaluation's status is {state}", _COMPLETE)
    samples = log.get("samples")
    if not isinstance(samples, list) or not samples:
        raise malformed(path, "no samples in the log", "log with --log-samples (the default)")
    if not all(isinstance(sample, dict) for sample in samples):
        raise malformed(path, "a sample is no object", "check that it is the right file")
    expected = _mapping(log.get("results")).get("total_samples")
    if isinstance(expected, int) and expected != len(samples):
        raise malformed(path, f"{len(samples):,} samples of {expected:,}: the log is not complete", _COMPLETE)
    return samples


def _item(task: str, sample: Mapping[str, Any], path: Path) -> ItemResult:
    name, epoch = sample.get("id"), sample.get("epoch", 1)
    if name is None or not isinstance(epoch, int):
        raise malformed(path, f"a sample has no id or no epoch (id {name!r})", "check that it is the right file")
    if sample.get("error"):
        raise malformed(path, f"sample {name}, epoch {epoch} ended with an error", _COMPLETE)
    usage = _mapping(_mapping(sample.get("output")).get("usage"))
    return ItemResult(
        task=task,
        item_id=str(name),
        scores=dict(_scores(sample)),
        prompt_hash=document.prompts_digest(_prompts(sample)),
        reply_hash=text_digest(_reply(sample)),
        prompt_tokens=_count(usage.get("input_tokens")),
        output_tokens=_count(usage.get("output_tokens")),
        finish_reason=_CUT.get(str(_first_choice(sample).get("stop_reason")), ""),
        first_tokens=(),
        sample=epoch - 1,
    )


def _first_choice(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = _mapping(sample.get("output")).get("choices")
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _reply(sample: Mapping[str, Any]) -> str:
    said = _mapping(sample.get("output")).get("completion")
    return str(said or _mapping(_first_choice(sample).get("message")).get("content") or "")


def _text(item: ItemResult, sample: Mapping[str, Any]) -> ItemText:
    """The conversation up to the reply, one turn below the other, and what the first scorer took from the reply."""
    turns = [f"[{one.get('role')}]\n{_words(one.get('content'))}" for one in _messages(sample)]
    choices = sample.get("choices")
    asked = turns or [str(sample.get("input"))]
    asked += map(str, choices if isinstance(choices, list) else ())
    first = next(iter(_mapping(sample.get("scores")).values()), None)
    made = generated((item.task, item.item_id), ["\n\n".join(asked)], _reply(sample), sample.get("target"),
                     _mapping(first).get("answer"))
    return replace(made, sample=item.sample)


def _words(content: object) -> str:
    found = _content(content)
    if not isinstance(found, list):
        return str(found)
    return "\n".join(str(part.get("text") or f"({part.get('type')})") for part in found)


def _scores(sample: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """(metric, number) of every scorer whose value is a grade; one that grades several things gives "scorer.thing"."""
    for scorer, score in _mapping(sample.get("scores")).items():
        value = _mapping(score).get("value")
        several = isinstance(value, dict)
        for key, one in value.items() if isinstance(value, dict) else [("", value)]:
            if (graded := _grade(one)) is not None:
                yield (f"{scorer}.{key}" if several else str(scorer)), graded


def _grade(value: object) -> float | None:
    """A number, or a letter grade as the number Inspect takes it for; None for anything else."""
    if isinstance(value, str):
        found = _GRADES.get(value, _GRADES.get(value.lower()))
        if found is not None:
            return found
        try:
            return float(value)
        except ValueError:
            return None
    return scores.number(value)


def _prompts(sample: Mapping[str, Any]) -> Iterator[str]:
    """What was asked: role and content of the messages before the first reply, else the input; then the choices."""
    if _has_messages(sample):
        for one in _messages(sample):
            yield canonical([one.get("role"), _content(one.get("content"))]).decode()
    else:
        yield str(sample.get("input"))
    choices = sample.get("choices")
    yield from map(str, choices if isinstance(choices, list) else ())


def _messages(sample: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The messages before the model's first reply; none where the input is a text."""
    messages = sample.get("messages")
    asked = messages if isinstance(messages, list) and messages else sample.get("input")
    for message in asked if isinstance(asked, list) else ():
        one = _mapping(message)
        if one.get("role") == "assistant" and one.get("source") in ("generate", None):
            return
        yield one


def _has_messages(sample: Mapping[str, Any]) -> bool:
    messages = sample.get("messages")
    return bool(isinstance(messages, list) and messages) or isinstance(sample.get("input"), list)


def _content(content: object) -> object:
    """A message's text, or its parts without the ids that differ from run to run."""
    if not isinstance(content, list):
        return str(content)
    parts = [part for part in content if isinstance(part, dict)]
    return [{key: str(part[key]) for key in part if key not in ("id", "internal")} for part in parts]


def _headline(log: Mapping[str, Any]) -> str:
    """The score that the task, else the log's results, name first."""
    declared = _mapping(_mapping(log["eval"]).get("headline_metric"))
    listed = _mapping(log.get("results")).get("scores")
    first = _mapping(listed[0]) if isinstance(listed, list) and listed else {}
    return str(declared.get("score") or declared.get("scorer") or first.get("name") or "")


def _chance(samples: list[dict[str, Any]]) -> float:
    """Mean chance of guessing right among a sample's choices, 0 where there are none."""
    counts = [len(one["choices"]) if isinstance(one.get("choices"), list) else 0 for one in samples]
    return sum(1 / count for count in counts if count > 1) / len(counts)


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _time(stamp: object) -> str:
    """ISO 8601 with an offset as UTC, "" for what is no time."""
    try:
        return datetime.fromisoformat(str(stamp)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
