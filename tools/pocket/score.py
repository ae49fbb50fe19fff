"""Score the suite on the F16 model and its quantizations with the harness itself, for the model card.

Run: python -m tools.pocket score --work DIR [--quants q8_0,q4_k_m]. Records: DIR/results; summary: DIR/scores.json.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pandas as pd

from harness.core.record import Completed, RunRecord
from harness.stats.proportion import wilson

QUANTS = ("f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k")
TASKS = {"triage": "acc"} | dict.fromkeys(("extract", "passage", "completion", "arithmetic"), "exact_match")
Cells = dict[str, object]


def measure(results: Path, quants: tuple[str, ...]) -> None:
    """Answer the whole suite in each quantization; raises CalledProcessError where a cell fails."""
    words = ["suite=pocket", "matrix=quality", "matrix.replicates=0", f"quant=[{','.join(quants)}]"]
    folders = [f"results={results}", f"reports={results.parent / 'reports'}"]
    subprocess.run([sys.executable, "-m", "harness", "run", *words, *folders], check=True)


def summary(record: Completed, items: pd.DataFrame) -> Cells:
    """Right answers of each task with the Wilson 95 % interval and the share per level; bits per byte of the prose."""
    cells: Cells = {"bytes": record.prepared.bytes}
    for task, metric in TASKS.items():
        rows = items[(items["task"] == f"pocket_{task}") & (items["metric"] == metric)]
        right, count = int(rows["score"].sum()), len(rows)
        limits = wilson(right / count, count, 0.95)
        levels = rows.groupby("level")["score"].mean().round(3).to_dict()
        cells[task] = {"right": right, "count": count, "low": limits.low, "high": limits.high, "levels": levels}
    prose = items[items["task"] == "pocket_prose"].groupby("metric")["score"].sum()
    cells["prose"] = -float(prose["loglikelihood"]) / math.log(2) / float(prose["bytes"])
    return cells


def run(work: Path, quants: tuple[str, ...]) -> None:
    """Measure what is not yet measured and write the summary of all of it, in the order of `quants`."""
    measure(work / "results", quants)
    found: dict[str, Cells] = {}
    for path in sorted((work / "results").glob("*/*/*/record.json")):
        record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
        if isinstance(record, Completed) and record.run.cell.model == "pocket":
            found[record.run.cell.quant] = summary(record, pd.read_parquet(path.parent / "items.parquet"))
    table = {quant: found[quant] for quant in quants}
    (work / "scores.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
