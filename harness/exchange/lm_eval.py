"""lm-eval's output folder (0.4.x, --log_samples): results_<time>.json with samples_<task>_<time>.jsonl beside it.

Layout and field names: lm_eval/loggers/evaluation_tracker.py and lm_eval/evaluator.py of lm-eval 0.4.13. Prompts are
hashed from the logged requests as our own runner hashes them, so both kinds of results can be laid side by side.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.core.errors import NotFound
from harness.core.runtime import Detail
from harness.core.suite import Output, Task
from harness.exchange import lines, scores
from harness.exchange.lm_eval_samples import documents
from harness.exchange.source import Row, Source, Wanted, malformed, plain_name, selected, texts_of

_OUTPUTS: dict[str, Output] = {
    "multiple_choice": "choice",
    "loglikelihood": "choice",
    "loglikelihood_rolling": "rolling",
}
_ROUNDING = 1e-6
_AGAIN = "run lm_eval again with --log_samples, or copy the whole folder"


@dataclass(frozen=True, eq=False)
class _Sampled:
    """One task with its samples and their file."""

    task: Task
    rows: tuple[Row, ...]
    path: Path


def is_results(found: Mapping[str, Any]) -> bool:
    """Whether a JSON object is lm-eval's aggregated results."""
    return isinstance(found.get("results"), dict) and isinstance(found.get("configs"), dict)


def read(path: Path, wanted: Wanted) -> Source:
    """A folder's newest results, or those of a results file; raises UserError for whatever is not whole."""
    chosen, remarks = (path, []) if path.is_file() else _newest(path)
    results = lines.json_object(chosen)
    if not is_results(results):
        raise malformed(chosen, "no lm-eval results (no 'results' and 'configs' in it)", _AGAIN)
    files = _samples(chosen, results)
    tasks = [_task(name, files[name], results, wanted) for name in files]
    empty = [name for name, one in zip(files, tasks, strict=True) if not one]
    left_out = [f"{name} has no score per item and is left out" for name in empty]
    sampled = [one for one in tasks if one]
    if not sampled:
        raise malformed(chosen, "no task has a score per item", "import another one")
    config = _mapping(results.get("config"))
    grouped = _grouped([one.task for one in sampled], results)
    chosen_tasks = selected(grouped, wanted, chosen)
    kept = [one for one in sampled if any(_holds(task, one.task) for task in chosen_tasks)]
    for one in kept:
        if one.task.output != "rolling":
            scores.check(one.rows, one.task.metric, one.path)
    return Source(
        format="lm_eval",
        files=(chosen, *(one.path for one in kept)),
        model=plain_name(str(results.get("model_name") or "unknown")),
        backend=plain_name(str(config.get("model") or "")),
        tasks=chosen_tasks,
        items=tuple(row.item for one in kept for row in one.rows),
        texts=texts_of(row for one in kept for row in one.rows),
        limit=_limit(config.get("limit")),
        measured=_time(results.get("date")),
        packages=_packages(results),
        remarks=(*remarks, *left_out, *_averages(kept, results["results"])),
    )


def _newest(folder: Path) -> tuple[Path, list[str]]:
    """The newest results file below a folder, and which others there are; raises UserError for several models."""
    found = sorted(folder.rglob("results_*.json"), key=lambda path: path.name)
    if not found:
        raise NotFound(f"{folder}: no results_*.json of lm-eval", "name the folder that lm_eval --output_path wrote")
    parents = sorted({path.parent for path in found})
    if len(parents) > 1:
        names = ", ".join(str(parent) for parent in parents)
        raise malformed(folder, f"results of {len(parents)} models: {names}", "import them one by one")
    newest = found[-1]
    if len(found) == 1:
        return newest, []
    return newest, [f"took {newest.name}, the newest of {len(found)}; name another results file to import that"]


def _samples(results_file: Path, results: Mapping[str, Any]) -> dict[str, Path]:
    """Task -> its samples file of the same run, in the order of the results; raises UserError for a missing one."""
    stamp = results_file.stem.rsplit("_", 1)[-1]
    end = f"_{stamp}.jsonl"
    names = sorted(results_file.parent.glob("samples_*.jsonl"))
    found = {path.name.removeprefix("samples_").removesuffix(end): path for path in names if path.name.endswith(end)}
    if not found:
        raise malformed(results_file, f"no samples_<task>{end} beside it", _AGAIN)
    expected = [str(name) for name in results["configs"]]
    if missing := [name for name in expected if name not in found]:
        raise malformed(results_file, f"samples of {', '.join(missing)} are missing beside it", _AGAIN)
    return {name: found[name] for name in expected}


def _task(name: str, path: Path, results: Mapping[str, Any], wanted: Wanted) -> _Sampled | None:
    config = _mapping(results["configs"].get(name))
    listed = config.get("metric_list")
    metrics = [str(_mapping(one).get("metric", "")) for one in listed] if isinstance(listed, list) else []
    output = _OUTPUTS.get(str(config.get("output_type")), "generate")
    found, choices = documents(name, path, metrics)
    expected = _mapping(_mapping(results.get("n-samples")).get(name)).get("effective")
    count = len({row.item.item_id for row in found})
    if isinstance(expected, int) and expected != count:
        reason = f"{count:,} items, while the results were made from {expected:,}: the file is not complete"
        raise malformed(path, reason, _AGAIN)
    numeric = dict.fromkeys(metric for row in found for metric in row.item.scores)
    if not numeric:
        return None
    if output == "rolling":
        task = Task(name, "imported", metrics[0] if metrics else "word_perplexity", output, higher_is_better=False)
        return _Sampled(replace(task, items=count), found, path)
    metric = scores.primary(list(numeric), metrics[0] if metrics else "", wanted.metric)
    better = _mapping(_mapping(results.get("higher_is_better")).get(name)).get(metric.split(",")[0], True)
    stated = scores.number(_mapping(config.get("metadata")).get("chance"))
    chance = choices if stated is None else stated
    task = Task(name, "imported", metric, output, chance=chance, higher_is_better=better is not False, items=count)
    return _Sampled(task, found, path)


def _averages(sampled: list[_Sampled], results: Mapping[str, Any]) -> Iterator[str]:
    """A remark for every task whose result is not the mean of its items: aggregated otherwise, or of another file."""
    for one in sampled:
        metric, values = one.task.metric, [row.item.scores.get(one.task.metric, 0.0) for row in one.rows]
        mean = sum(values) / len(values)
        for key, value in _mapping(results.get(one.task.task)).items() if one.task.output != "rolling" else ():
            stated = scores.number(value) if key == metric or key.startswith(f"{metric},") else None
            if stated is not None and abs(stated - mean) > _ROUNDING:
                yield f"{one.task.task}: the results say {key} is {stated:.4f}, the mean of its items is {mean:.4f}"


def _grouped(tasks: list[Task], results: Mapping[str, Any]) -> list[Task]:
    """Leaf tasks, those of a group ("mmlu") as one where they share its name and metric, as lm-eval averages them."""
    listed = _mapping(results.get("group_subtasks"))
    subtasks = {name: list(map(str, some)) for name, some in listed.items() if isinstance(some, list) and some}
    inner = {member for some in subtasks.values() for member in some}
    named = {task.task: task for task in tasks}
    found: list[Task] = []
    for group in subtasks:
        members = [named[leaf] for leaf in _leaves(group, subtasks, set()) if leaf in named]
        alike = {(one.metric, one.output, one.higher_is_better) for one in members}
        if group in inner or len(alike) != 1 or not all(_holds(group, one) for one in members):
            continue
        items = sum(one.items or 0 for one in members)
        chance = sum(one.chance * (one.items or 0) for one in members) / max(items, 1)
        found.append(replace(members[0], task=group, chance=chance, items=items))
    alone = [task for task in tasks if not any(_holds(group, task) for group in found)]
    return [*found, *alone]


def _leaves(name: str, subtasks: Mapping[str, list[str]], seen: set[str]) -> Iterator[str]:
    """Tasks below a group, each once, whatever circles the file claims."""
    if name in seen:
        return
    seen.add(name)
    if name not in subtasks:
        yield name
    for member in subtasks.get(name, ()):
        yield from _leaves(member, subtasks, seen)


def _holds(group: Task | str, task: Task) -> bool:
    """Whether a task is the group or its member by name: the rule by which items are pooled when compared."""
    name = group if isinstance(group, str) else group.task
    return task.task == name or task.task.startswith(f"{name}_")


def _limit(limit: object) -> int | None:
    """Items asked of each task; a share of them (0.1) is not said as a number of items."""
    whole = isinstance(limit, int) or (isinstance(limit, float) and limit.is_integer())
    return int(limit) if whole and isinstance(limit, int | float) and limit >= 1 else None


def _time(stamp: object) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, "" for what is no time."""
    try:
        return datetime.fromtimestamp(float(str(stamp)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _packages(results: Mapping[str, Any]) -> tuple[Detail, ...]:
    found = {"lm-eval": results.get("lm_eval_version"), "transformers": results.get("transformers_version")}
    return tuple(Detail(name, str(value)) for name, value in found.items() if value)


def _mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}
