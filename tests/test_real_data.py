"""Public datasets through lm-eval tasks and llama.cpp on the pocket model: it must run, and claim nothing.

The model knows no such subjects, so it scores near chance, and that is what the report has to say. The data is not
part of the project: they are skipped unless HARNESS_DATASETS names a folder with mmlu/ and banking77/ as CSV files.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATASETS = Path(os.environ.get("HARNESS_DATASETS", "nowhere"))

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(not (DATASETS / "mmlu").is_dir(), reason="HARNESS_DATASETS names no folder with mmlu/"),
]

_TASK = """\
task: {task}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {task}.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: prompt
doc_to_choice: choices
doc_to_target: answer
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""


def _suite(folder: Path) -> Path:
    """60 questions of MMLU astronomy (4 choices) and 60 of banking77 among its first eight intents."""
    with (DATASETS / "mmlu/test/astronomy_test.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))[:60]
    mmlu = [
        {"prompt": r["question"], "choices": [r[f"choice{n}"] for n in range(4)], "answer": int(r["answer"])}
        for r in rows
    ]
    intents = json.loads((DATASETS / "banking77/categories.json").read_text())[:8]
    with (DATASETS / "banking77/test.csv").open(newline="") as stream:
        known = [row for row in csv.DictReader(stream) if row["category"] in intents]
    spread = known[:: len(known) // 60]
    banking = [{"prompt": r["text"], "choices": intents, "answer": intents.index(r["category"])} for r in spread]
    tasks = []
    for task, items, chance in (("astronomy", mmlu, 0.25), ("banking", banking[:60], 0.125)):
        (folder / f"{task}.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
        (folder / f"{task}.yaml").write_text(_TASK.format(task=task))
        tasks.append({"task": task, "kind": "public", "metric": "acc", "output": "choice", "chance": chance})
    suite = {"name": "public", "description": "public data", "license": "see source", "include": ".", "tasks": tasks}
    (folder / "public.yml").write_text(json.dumps(suite))
    return folder / "public.yml"


def test_public_data_runs_and_a_baseline_at_chance_supports_no_claim(tmp_path: Path) -> None:
    folders = [f"results={tmp_path / 'results'}", f"reports={tmp_path / 'reports'}"]
    picks = [f"suite={_suite(tmp_path)}", "quant=[q2_k]", "matrix=quality", "hw=cpu"]
    command = [sys.executable, "-m", "harness", "run", *picks, *folders]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    report = next((tmp_path / "reports").iterdir()) / "report.md"
    assert "no information: baseline at chance" in report.read_text()
    assert "on 0 of 2 tasks" in " ".join(done.stdout.split())
