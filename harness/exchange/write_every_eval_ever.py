"""A measured arm in the schema of Every Eval Ever 0.3.0: one aggregate JSON and its instance-level JSON lines.

Source: github.com/evaleval/every_eval_ever, schemas/eval.schema.json and instance_level_eval.schema.json. Texts are
left empty, since the store keeps hashes only; those are in each line's metadata.
"""

import hashlib
import json
import math
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.compare.match import items_of, single
from harness.compare.quality import score
from harness.core.suite import Task
from harness.core.verdict import Scored
from harness.exchange.outgoing import Outgoing
from harness.stats.table import Array
from harness.store.items import ItemTable

SCHEMA = "0.3.0"
_LIBRARIES = {"lm_eval": "lm_eval", "inspect": "inspect_ai"}


def write(arm: Outgoing, folder: Path) -> None:
    """Write data/<collection>/<developer>/<model>/<uuid>.json and ..._samples.jsonl below an empty folder."""
    judged = [(task, table, values) for task in arm.suite.tasks for table, values in _scored(arm, task)]
    developer, _, model = arm.cell.model.rpartition("/")
    collection = f"imported {arm.cell.options.get('format')}" if arm.cell.imported else arm.suite.name
    parts = [_part(one) for one in (collection, developer, model)]
    place = folder.joinpath("data", *parts)
    place.mkdir(parents=True)
    name = str(uuid.UUID(bytes=hashlib.sha256(arm.cell.id.encode()).digest()[:16], version=4))
    lines = [line for task, table, _ in judged for line in _instances(arm, task, table)]
    text = "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)
    (place / f"{name}_samples.jsonl").write_text(text, encoding="utf-8")
    aggregate = _aggregate(arm, [(task, score(values, task), values) for task, _, values in judged])
    aggregate["detailed_evaluation_results"] = {
        "format": "jsonl",
        "file_path": "/".join(["data", *parts, f"{name}_samples.jsonl"]),
        "hash_algorithm": "sha256",
        "checksum": hashlib.sha256(text.encode()).hexdigest(),
        "total_rows": len(lines),
    }
    content = json.dumps(aggregate, indent=2, ensure_ascii=False, allow_nan=False)
    (place / f"{name}.json").write_text(content + "\n", encoding="utf-8")


def _scored(arm: Outgoing, task: Task) -> Iterator[tuple[ItemTable, Array]]:
    """A task's items and scores by item, nothing for one that has no usable score per item."""
    table = items_of(arm.loaded, task, arm.suite)
    values = single(table, task) if table is not None and task.output != "rolling" else None
    if table is not None and values is not None:
        yield table, values


def _part(text: str) -> str:
    """A portable part of a path, "unknown" for nothing."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._") or "unknown"


def _evaluation_id(arm: Outgoing) -> str:
    cell = arm.cell
    return f"{arm.suite.name}/{cell.model}/{cell.quant}/{cell.runtime}/{_epoch(arm)}"


def _epoch(arm: Outgoing) -> str:
    return str(int(datetime.fromisoformat(arm.record.run.started).timestamp()))


def _aggregate(arm: Outgoing, judged: list[tuple[Task, Scored, Array]]) -> dict[str, Any]:
    run, form = arm.record.run, str(arm.cell.options.get("format", "lm_eval"))
    versions = {one.name.replace("-", "_"): one.value for one in run.packages}
    library = _LIBRARIES.get(form, "unknown")
    return {
        "schema_version": SCHEMA,
        "evaluation_id": _evaluation_id(arm),
        "evaluation_timestamp": _epoch(arm),
        "retrieved_timestamp": _epoch(arm),
        "source_metadata": {
            "source_name": "quantharness",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
            "additional_details": {"harness_version": run.source.version, "cell": arm.cell.id},
        },
        "eval_library": {"name": library, "version": versions.get(library) or "unknown"},
        "model_info": _model(arm),
        "evaluation_results": [_result(arm, *one) for one in judged],
    }


def _model(arm: Outgoing) -> dict[str, Any]:
    cell, facts = arm.cell, arm.record.outcome.facts
    developer = cell.model.rpartition("/")[0]
    details = {
        "deployment_type": "unknown" if cell.imported else "self_deployed",
        "model_availability": "unknown" if cell.imported else "open_weights",
        "quantization": cell.quant,
        "runtime": cell.runtime,
        "weights_sha256": arm.record.prepared.sha256,
    }
    engine = {"name": facts.engine, "version": facts.version}
    return {
        "name": cell.model,
        "id": cell.model,
        **({"developer": developer} if developer else {}),
        "inference_engine": {key: value for key, value in engine.items() if value},
        "additional_details": {key: value for key, value in details.items() if value},
    }


def _result(arm: Outgoing, task: Task, scored: Scored, values: Array) -> dict[str, Any]:
    spread = float(values.std(ddof=1)) if values.size > 1 else math.nan
    uncertainty: dict[str, Any] = {
        "confidence_interval": {"lower": scored.low, "upper": scored.high, "confidence_level": 0.95},
        "num_samples": int(values.size),
    }
    if math.isfinite(spread):
        stderr = spread / math.sqrt(values.size)
        uncertainty |= {"standard_error": {"value": stderr, "method": "analytic"}, "standard_deviation": spread}
    return {
        "evaluation_result_id": _result_id(task),
        "evaluation_name": task.task,
        "source_data": {"dataset_name": task.task, "source_type": "other"},
        "evaluation_timestamp": _epoch(arm),
        "metric_config": {
            "metric_id": task.metric,
            "metric_name": task.metric,
            "lower_is_better": not task.higher_is_better,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {"score": scored.score, "uncertainty": uncertainty},
    }


def _result_id(task: Task) -> str:
    return f"{task.task}/{task.metric}"


def _instances(arm: Outgoing, task: Task, table: ItemTable) -> Iterator[dict[str, Any]]:
    right = 1.0 if task.higher_is_better else 0.0
    for row, found in enumerate(table.scores[task.metric]):
        facts = {
            "sample": str(table.sample[row]),
            "prompt_hash": table.prompt_hash[row],
            "finish_reason": table.finish_reason[row],
            "cluster": table.cluster[row],
            "level": table.level[row],
        }
        yield {
            "schema_version": SCHEMA,
            "evaluation_id": _evaluation_id(arm),
            "model_id": arm.cell.model,
            "evaluation_name": task.task,
            "evaluation_result_id": _result_id(task),
            "sample_id": table.item_id[row],
            "interaction_type": "single_turn",
            "input": {"raw": "", "reference": []},
            "output": {"raw": []},
            "answer_attribution": [],
            "evaluation": {"score": float(found), "is_correct": bool(found == right)},
            "metadata": {key: value for key, value in facts.items() if value},
        }
