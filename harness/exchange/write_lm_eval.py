"""A measured arm as lm-eval 0.4 would have logged it: results_<time>.json and samples_<task>_<time>.jsonl.

Texts are not in it, since the store keeps none: prompts are there as hashes ("prompt_hash": ours, of all requests of a
document). Our own import reads it back to the same items.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.cell import QualityWork
from harness.core.suite import Task
from harness.exchange.outgoing import Outgoing
from harness.store.items import ItemTable

_TYPES = {"choice": "multiple_choice", "generate": "generate_until", "rolling": "loglikelihood_rolling"}
_WEIGHTS = {"words": "word_perplexity", "bytes": "byte_perplexity"}


def write(arm: Outgoing, folder: Path) -> None:
    """Write both kinds of files into an empty folder."""
    stamp = arm.record.run.started.replace(":", "-").removesuffix("Z")
    known = [(table, task) for table in arm.items if (task := arm.task_of(table))]
    for table, _ in known:
        samples = (json.dumps(sample, ensure_ascii=False) + "\n" for sample in _samples(table))
        (folder / f"samples_{_name(table)}_{stamp}.jsonl").write_text("".join(samples), encoding="utf-8")
    text = json.dumps(_results(arm, known), indent=2, ensure_ascii=False)
    (folder / f"results_{stamp}.json").write_text(text, encoding="utf-8")


def _samples(table: ItemTable) -> Iterator[dict[str, Any]]:
    """One line per item, sample and answer filter."""
    numbers = np.cumsum(np.isin(np.arange(table.rows), table.starts)) - 1
    filters = dict.fromkeys(_split(metric)[1] for metric in table.scores)
    for row in range(table.rows):
        doc = {"id": table.item_id[row], "template": table.cluster[row], "level": table.level[row]}
        line = {
            "doc_id": int(numbers[row]),
            "doc": {key: value for key, value in doc.items() if value},
            "prompt_hash": table.prompt_hash[row],
            "finish_reason": table.finish_reason[row],
            "sample": int(table.sample[row]),
        }
        for name in filters:
            metrics = _metrics(table, row, name)
            yield {**line, "filter": name, "metrics": list(metrics), **metrics}


def _metrics(table: ItemTable, row: int, filter_name: str) -> dict[str, float | list[float]]:
    """Metrics under one filter; log-likelihood and weight together, as lm-eval has them."""
    values = {metric: float(scores[row]) for metric, scores in table.scores.items()}
    if "loglikelihood" in values:
        return {name: [values["loglikelihood"], values[key]] for key, name in _WEIGHTS.items() if key in values}
    named = {metric: _split(metric) for metric in values}
    return {named[metric][0]: value for metric, value in values.items() if named[metric][1] == filter_name}


def _name(table: ItemTable) -> str:
    """The task's name as it can stand in a file's; a plain table may have called it anything."""
    return re.sub(r"[^\w.+,=-]+", "_", table.task)


def _split(metric: str) -> tuple[str, str]:
    """A metric's name and its filter, "none" where it has none."""
    name, comma, filter_name = metric.partition(",")
    return name, filter_name if comma else "none"


def _results(arm: Outgoing, known: list[tuple[ItemTable, Task]]) -> dict[str, Any]:
    cell, run, facts = arm.cell, arm.record.run, arm.record.outcome.facts
    groups = {task.task: [_name(table) for table, one in known if one is task] for _, task in known}
    work = cell.work
    return {
        "results": {_name(table): _aggregate(table) for table, _ in known},
        "group_subtasks": {name: members for name, members in groups.items() if members != [name]},
        "configs": {_name(table): _config(table, task) for table, task in known},
        "higher_is_better": {_name(table): _better(table, task) for table, task in known},
        "n-samples": {_name(table): dict.fromkeys(("original", "effective"), table.starts.size) for table, _ in known},
        "config": {
            "model": facts.engine,
            "model_args": {"pretrained": cell.model, "quantization": cell.quant},
            "limit": work.limit if isinstance(work, QualityWork) else None,
        },
        "date": datetime.fromisoformat(run.started).timestamp(),
        "lm_eval_version": next((one.value for one in run.packages if one.name == "lm-eval"), ""),
        "model_source": facts.engine,
        "model_name": cell.model,
        "exported_by": f"quantharness {run.source.version}, cell {cell.id}",
    }


def _aggregate(table: ItemTable) -> dict[str, Any]:
    """Means with their standard errors over items; those of samples within an item are not independent."""
    found: dict[str, Any] = {"alias": _name(table), "name": _name(table), "sample_len": int(table.starts.size)}
    for metric, scores in table.scores.items():
        means = np.add.reduceat(scores, table.starts) / np.diff(np.append(table.starts, table.rows))
        name, filter_name = _split(metric)
        if "loglikelihood" not in table.scores and np.isfinite(means).all():
            spread = float(means.std(ddof=1) / np.sqrt(means.size)) if means.size > 1 else "N/A"
            found |= {f"{name},{filter_name}": float(means.mean()), f"{name}_stderr,{filter_name}": spread}
    return found


def _config(table: ItemTable, task: Task) -> dict[str, Any]:
    names = [_split(task.metric)[0], *(_split(metric)[0] for metric in table.scores)]
    listed = list(_WEIGHTS.values()) if task.output == "rolling" else list(dict.fromkeys(names))
    return {
        "task": _name(table),
        "output_type": _TYPES[task.output],
        "num_fewshot": task.num_fewshot,
        "metric_list": [{"metric": name} for name in listed],
        "metadata": {"chance": task.chance},
    }


def _better(table: ItemTable, task: Task) -> dict[str, bool]:
    """The direction is known of the task's own metric only."""
    return {_split(task.metric)[0]: task.higher_is_better}
