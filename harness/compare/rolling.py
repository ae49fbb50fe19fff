"""Perplexity of both arms on the same documents: a diagnostic, never a verdict."""

import math
from collections.abc import Iterator

import numpy as np

from harness.compare.match import cells_differ, items_of, sets_differ, tasks_of
from harness.compare.runs import Runs
from harness.core.plan import Pair, Plan
from harness.core.suite import Task
from harness.core.verdict import Diagnostic
from harness.stats.spread import corpus_ratio
from harness.store.items import ItemTable

UNITS = ("words", "word_perplexity", "per word"), ("bytes", "byte_perplexity", "per byte")


def diagnose(plan: Plan, runs: Runs) -> tuple[list[Diagnostic], list[str]]:
    """Perplexities of every quality, bridge and A/A pair on every rolling task, and why any could not be computed."""
    found: list[Diagnostic] = []
    problems: list[str] = []
    for pair in plan.pairs:
        if pair.kind in ("speed", "total") or not (runs.completed(pair.baseline) and runs.completed(pair.candidate)):
            continue
        for task in tasks_of(plan.suite, runs.cell(pair.candidate)):
            if task.output == "rolling":
                rows, problem = _of_task(pair, task, plan, runs)
                found += rows
                problems += [f"{task.task}, {_label(pair, runs)}: {problem}"] if problem else []
    return found, problems


def _of_task(pair: Pair, task: Task, plan: Plan, runs: Runs) -> tuple[list[Diagnostic], str]:
    first, second = (items_of(runs[cell], task, plan.suite) for cell in (pair.baseline, pair.candidate))
    if first is None or second is None:
        return [], "no documents in one arm; run the same command again to complete it"
    problem = cells_differ(runs.cell(pair.baseline), runs.cell(pair.candidate), pair.kind)
    problem = problem or sets_differ(first, second) or _document_problem(first, second)
    return ([], problem) if problem else (list(_rows(pair, task, (first, second), runs)), "")


def _document_problem(first: ItemTable, second: ItemTable) -> str:
    for table in (first, second):
        if table.repeated or "loglikelihood" not in table.scores:
            return "documents are repeated or have no log-likelihood"
        if not np.isfinite(table.scores["loglikelihood"]).all():
            return "a document has no finite log-likelihood"
    return ""


def _rows(pair: Pair, task: Task, arms: tuple[ItemTable, ItemTable], runs: Runs) -> Iterator[Diagnostic]:
    logs = [table.scores["loglikelihood"] for table in arms]
    for metric, name, unit in UNITS:
        sizes = arms[0].scores.get(metric)
        if sizes is None or not (sizes > 0).all():
            continue
        ratio = corpus_ratio(logs[0], logs[1], sizes)
        before, after = (math.exp(-float(log.sum() / sizes.sum())) for log in logs)
        yield Diagnostic(
            task=task.task,
            name=name,
            unit=unit,
            baseline_arm=pair.baseline_arm,
            candidate_arm=_label(pair, runs),
            baseline=before,
            candidate=after,
            ratio=ratio.score,
            low=ratio.low,
            high=ratio.high,
            n_items=int(sizes.size),
        )


def _label(pair: Pair, runs: Runs) -> str:
    cell = runs.cell(pair.candidate)
    return cell.arm + (f" replicate {cell.replicate}" if pair.kind == "aa" else "")
