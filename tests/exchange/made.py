"""Files as other tools write them, made by those tools where that is cheap, else in their form."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from lm_eval.evaluator import evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from harness.core.cell import Cell, Prepared, QualityWork
from harness.core.config import Protocol
from harness.core.plan import Plan
from harness.core.record import Completed, Machine, Outcome, Run, Source
from harness.core.runtime import Facts
from harness.core.suite import Suite
from harness.store import write
from harness.store.layout import Layout
from runners import items, quality
from runners.journal import Journal
from runners.progress import Reporter
from runners.runtimes import fake
from tests.cells import job, quality_cell

KL = """\
 109       9.8982 ±    0.0848       0.01062 ±    0.00064       0.01155 ±    0.00066     2.664 ±  0.079 %

====== Perplexity statistics ======
Mean PPL(Q)                   :  18.274923 ±   0.147295
Mean PPL(base)                :  19.087688 ±   0.155066
Cor(ln(PPL(Q)), ln(PPL(base))):  97.75%
Mean ln(PPL(Q)/PPL(base))     :  -0.043514 ±   0.001718
Mean PPL(Q)/PPL(base)         :   0.957419 ±   0.001645
Mean PPL(Q)-PPL(base)         :  -0.812765 ±   0.032991

====== KL divergence statistics ======
Mean    KLD:   0.171127 ±   0.000512
Maximum KLD:   8.847817
99.9%   KLD:   2.049528
99.0%   KLD:   0.881522
99.0%   KLD:   0.881522
Median  KLD:   0.129044
 5.0%   KLD:   0.005119
Minimum KLD:   0.000002

====== Token probability statistics ======
Mean    Δp:  0.473 ± 0.024 %
Maximum Δp: 96.932%
 0.1%   Δp: -55.209%
RMS Δp    :  9.178 ± 0.043 %
Same top p: 78.637 ± 0.107 %
"""
"""The example of llama.cpp's own documentation, shortened."""


def varied(suite: Suite) -> Suite:
    """The suite with a prompt of its own for every item, so that the fake runtime's skill is a share of them."""
    for path in Path(suite.include).glob("*.yaml"):
        path.write_text(path.read_text().replace("{{word}}\"", "{{id}} {{word}}\"", 1))
    return suite


def measured_here(suite: Suite, folder: Path, layout: Layout, skill: float) -> Cell:
    """The suite answered by the fake runtime and stored as a run of ours stores it; return the cell."""
    cell = quality_cell(suite, quant="f16", skill=skill)
    work = folder / "measured"
    work.mkdir()
    with chdir(folder), _session(cell, work) as lm:  # `measure` goes to the suite's folder
        assert isinstance(cell.work, QualityWork)
        items.write(quality.measure(lm, suite, cell.work), work / "items.jsonl")
    plan = Plan("cpu", (cell,), (), (), suite, Protocol())
    write.plan(layout, plan, "2025-01-01T00:00:00Z")
    machine = Machine("cpu", 2, 1 << 33, (), "linux", "", (), "3.11", "d", "box-a")
    run = Run("r1", plan.id, cell, machine, (), Source("0.1", "", False), "2025-01-01T00:00:00Z", 1.0)
    facts = Facts("fake", "1", "cpu", None, None, 512, 256)
    write.attempt(layout, Completed(run, Prepared("echo", 0, "", "", "as is"), Outcome(facts, ())), work)
    return cell


@contextmanager
def _session(cell: Cell, work: Path) -> Iterator[quality.SessionLM]:
    with fake.open_session(job(cell, work)) as session, Journal(work / "journal", "owner") as journal:
        assert isinstance(cell.work, QualityWork)
        yield quality.SessionLM(session, journal, cell.work, Reporter(work / "progress"))


def lm_eval_folder(suite: Suite, folder: Path, skill: float, name: str, limit: int | None = None) -> Path:
    """Let lm-eval answer the suite with the fake runtime and write its output folder; return the model's folder."""
    cell = quality_cell(suite, skill=skill)
    work = folder / "work"
    work.mkdir(parents=True)
    tracker = EvaluationTracker(output_path=str(folder / "out"))
    manager = TaskManager(include_path=suite.include, include_defaults=False)
    with chdir(suite.include), _session(cell, work) as lm:
        loaded = manager.load([task.task for task in suite.tasks])
        found = evaluate(lm=lm, task_dict=loaded, bootstrap_iters=0, log_samples=True, limit=limit)
    samples = found.pop("samples")
    config = {"model": "fake", "model_args": f"pretrained={name}", "limit": limit}
    tracker.general_config_tracker.log_experiment_args("fake", config["model_args"], None, None, False)
    tracker.save_results_aggregated(results={**found, "config": config, "lm_eval_version": "0.4"}, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)
    return next((folder / "out").iterdir())


def small_folder(folder: Path, samples: Mapping[str, Sequence[Mapping[str, Any]]], **results: Any) -> Path:
    """An lm-eval folder of few lines, by hand; `results` are laid over the plain ones."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = "2025-01-01T00-00-00.000001"
    plain = {
        "results": {task: {"alias": task} for task in samples},
        "configs": {task: {"task": task, "output_type": "generate_until"} for task in samples},
        "n-samples": {},
        "config": {"model": "hf"},
        "model_name": "org/model",
        "date": 1735689600.0,
    }
    for task, rows in samples.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"samples_{task}_{stamp}.jsonl").write_text(lines)
    (folder / f"results_{stamp}.json").write_text(json.dumps({**plain, **results}))
    return folder


def sample(number: int, **scores: Any) -> dict[str, Any]:
    """One line of an lm-eval samples file."""
    return {
        "doc_id": number,
        "doc": {"question": f"q{number}"},
        "arguments": {"gen_args_0": {"arg_0": f"q{number}", "arg_1": {}}},
        "filter": "none",
        "metrics": list(scores),
        **scores,
    }


def inspect_log(grades: Sequence[object], **changes: Any) -> dict[str, Any]:
    """An Inspect log of one task with one sample for each grade."""
    samples = [
        {
            "id": number,
            "epoch": 1,
            "input": f"q{number}",
            "target": "a",
            "messages": [
                {"id": f"random{number}", "role": "user", "content": f"q{number}"},
                {"role": "assistant", "source": "generate", "content": "a"},
            ],
            "output": {"choices": [{"stop_reason": "stop"}], "completion": "a"},
            "scores": {"match": {"value": grade, "answer": "a"}},
        }
        for number, grade in enumerate(grades, 1)
    ]
    spec = {"created": "2025-01-01T02:00:00+02:00", "task": "pkg/sums", "model": "vllm/org/model", "config": {}}
    log = {"version": 2, "status": "success", "eval": spec, "results": {"total_samples": len(samples)}}
    return {**log, "samples": samples, **changes}
