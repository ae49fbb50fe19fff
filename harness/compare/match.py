"""What must agree before two arms may be compared, and their items laid side by side.

Every guard here was learned from a public failure: answers cut off by a limit, a doubled or missing BOS token, another
prompt, items dropped in one arm. A guard that fails makes the comparison BROKEN, with the reason; nothing is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.core.cell import Cell, QualityWork
from harness.core.document import hash_kind
from harness.core.record import Completed
from harness.core.suite import Suite, Task
from harness.stats.table import Array, PairedTable, is_binary, mcnemar
from harness.store.items import ItemTable, LoadedRun, Text, pool

CUT_OFF = ("length", "context")
CAP_PVALUE, CAP_POINTS = 0.01, 0.01


@dataclass(frozen=True, eq=False)
class Paired:
    """Both arms' scores by item in all their runs, (n, m) and (n, k), in [0, 1], higher better.

    `clusters` numbers each item's group, None if all stand alone; `broken` is a reason not to trust the numbers.
    `cap_hits` are the arms' shares of answers cut off by a limit, `cut` (n,) the items cut off in either arm, `rescued`
    (n, k) the candidate's scores if each of its cut-off answers had been right (where that is asked: if broken).
    """

    baseline_runs: Array
    candidate_runs: Array
    clusters: NDArray[np.int64] | None
    cut: NDArray[np.bool_]
    cap_hits: tuple[float, float]
    rescued: Array
    broken: str = ""

    @cached_property
    def baseline(self) -> Array:
        """Mean by item (n,)."""
        return _mean(self.baseline_runs)

    @cached_property
    def candidate(self) -> Array:
        """Mean by item (n,)."""
        return _mean(self.candidate_runs)

    @property
    def differences(self) -> Array:
        """Candidate minus baseline by item."""
        return self.candidate - self.baseline

    @property
    def binary(self) -> bool:
        """Whether every item is right or wrong in both arms."""
        return is_binary(self.baseline) and is_binary(self.candidate)


@dataclass(frozen=True)
class Mismatch:
    """Why two arms cannot be laid side by side at all."""

    reason: str


def scored_tasks(suite: Suite, cell: Cell) -> tuple[Task, ...]:
    """The suite's tasks that the cell answers and that get a verdict."""
    return tuple(task for task in tasks_of(suite, cell) if task.output != "rolling")


def tasks_of(suite: Suite, cell: Cell) -> tuple[Task, ...]:
    """The suite's tasks that the cell answers."""
    wanted = cell.work.tasks if isinstance(cell.work, QualityWork) else ()
    return tuple(task for task in suite.tasks if task.task in wanted)


def cells_differ(baseline: Cell, candidate: Cell, kind: str) -> str:
    """Why two quality cells do not answer the same questions, "" if they do. A replicate ("aa") may change its seed."""
    first, second = baseline.work, candidate.work
    if not (isinstance(first, QualityWork) and isinstance(second, QualityWork)):
        return "one of the two cells is not a quality cell"
    if baseline.imported or candidate.imported:  # no suite of ours: their items and prompts must agree, one by one
        return ""
    if first.suite_digest != second.suite_digest:
        return f"suites differ: {first.suite} {first.suite_digest[:12]} and {second.suite} {second.suite_digest[:12]}"
    if first.limit != second.limit:
        return f"item limits differ: {first.limit} and {second.limit}"
    if kind != "aa" and first.seed != second.seed:
        return f"seeds differ: {first.seed} and {second.seed}"
    if (first.samples, first.temperature) != (second.samples, second.temperature):
        return "samples or temperature differ"
    if baseline.model != candidate.model:
        return f"models differ: {baseline.model} and {candidate.model}"
    return ""


def items_of(run: LoadedRun, task: Task, suite: Suite) -> ItemTable | None:
    """A task's items; those of its members ("mmlu_anatomy" for "mmlu") pooled where the task is a group."""
    named = {table.task: table for table in run.items}
    if task.task in named:
        return named[task.task]
    others = {other.task for other in suite.tasks}
    members = [table for name, table in named.items() if name.startswith(f"{task.task}_") and name not in others]
    return pool(task.task, tuple(sorted(members, key=lambda table: table.task))) if members else None


def lay_side_by_side(
    baseline: ItemTable, candidate: ItemTable, task: Task, again: Sequence[ItemTable] = ()
) -> Paired | Mismatch:
    """Both arms' scores by item, or why that is impossible; differing cut-off rates set `broken`, no more.

    `again` are the baseline's replicates; one that does not answer the same prompts is left to its own A/A comparison.
    """
    reason = _arm_problem(baseline, task, "baseline") or _arm_problem(candidate, task, "candidate")
    reason = reason or sets_differ(baseline, candidate)
    if reason:
        return Mismatch(reason)
    fit = [one for one in again if not (_arm_problem(one, task, "replicate") or sets_differ(baseline, one))]
    rows = _cut_rows(baseline), _cut_rows(candidate)
    rates = float(rows[0].mean()), float(rows[1].mean())
    cut = _by_item(rows[0], baseline), _by_item(rows[1], candidate)
    broken = _caps_differ(cut, rates)
    runs = [_runs(one, task) for one in (baseline, *fit)]
    return Paired(
        baseline_runs=np.concatenate(runs, axis=1) if fit else runs[0],
        candidate_runs=_runs(candidate, task),
        clusters=_groups(baseline),
        cut=cut[0] | cut[1],
        cap_hits=rates,
        rescued=_runs(candidate, task, rows[1] if broken else None),
        broken=broken,
    )


def single(table: ItemTable, task: Task) -> Array | None:
    """One arm's scores by item (n,), higher better; None where they cannot be used."""
    return None if _arm_problem(table, task, "arm") else _mean(_runs(table, task))


def sets_differ(baseline: ItemTable, candidate: ItemTable) -> str:
    """Why two tables are not answers to the same prompts, "" if they are."""
    ids = baseline.by_item("item_id"), candidate.by_item("item_id")
    if not np.array_equal(*ids):
        return _missing(*ids)
    differ = baseline.by_item("prompt_hash") != candidate.by_item("prompt_hash")
    if differ.any() and (count := int(prompts_compared(baseline, candidate)[1].sum())):
        return f"prompts differ on {count} of {ids[0].size} items; check chat template, shots and data of both arms"
    tokens = baseline.by_item("first_tokens"), candidate.by_item("first_tokens")
    differ = tokens[0] != tokens[1]
    if differ.any():
        differ = differ & (tokens[0] != "") & (tokens[1] != "")
    if differ.any():
        at = int(np.flatnonzero(differ)[0])
        return (
            f"the first token ids differ on {int(differ.sum())} items ({tokens[0][at]} and {tokens[1][at]} on item "
            f"{ids[0][at]}); a BOS token doubled or missing in one arm, or another tokenizer"
        )
    return ""


def prompts_compared(baseline: ItemTable, candidate: ItemTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(comparable, different) by item (n,), of arms with equal item ids: whether both prompts are known, and differ.

    Hashes of different kinds (an imported file may bring its own) say nothing about each other.
    """
    first, second = baseline.by_item("prompt_hash"), candidate.by_item("prompt_hash")
    comparable = np.asarray((first != "") & (second != ""), dtype=np.bool_)
    different = comparable & np.asarray(first != second, dtype=np.bool_)
    for at in np.flatnonzero(different):
        comparable[at] = hash_kind(first[at]) == hash_kind(second[at])
    return comparable, different & comparable


def _missing(first: Text, second: Text) -> str:
    gone, extra = sorted(set(first) - set(second)), sorted(set(second) - set(first))
    parts = [
        f"{len(some)} items are missing in the {arm} (first: {some[0]})"
        for some, arm in ((gone, "candidate"), (extra, "baseline"))
        if some
    ]
    return " and ".join(parts) + "; run the same command again to complete it"


def _arm_problem(table: ItemTable, task: Task, arm: str) -> str:
    """Why one arm's table cannot be used, "" if it can."""
    if table.rows == 0:
        return f"the {arm} has no items"
    if table.repeated:
        return f"{table.repeated} item ids are repeated in the {arm}; give every item its own id"
    return _sample_problem(table, arm) or ("" if task.output == "rolling" else _score_problem(table, task, arm))


def _sample_problem(table: ItemTable, arm: str) -> str:
    if table.one_each:
        return ""
    samples = np.diff(np.append(table.starts, table.rows))
    if np.ptp(samples):
        return f"items of the {arm} have from {samples.min()} to {samples.max()} samples; all need as many"
    firsts = np.repeat(table.by_item("prompt_hash"), samples)
    if (firsts != table.prompt_hash).any():
        return f"samples of one item have different prompts in the {arm}"
    return ""


def _score_problem(table: ItemTable, task: Task, arm: str) -> str:
    if task.metric not in table.scores:
        return f"metric {task.metric} is not in the {arm}'s items (found: {', '.join(sorted(table.scores)) or 'none'})"
    scores = table.scores[task.metric]
    wrong = ~((scores >= 0) & (scores <= 1))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        return f"{task.metric} of item {table.item_id[at]} in the {arm} is {scores[at]:g}, not a score from 0 to 1"
    return ""


def _runs(table: ItemTable, task: Task, right: NDArray[np.bool_] | None = None) -> Array:
    """Scores (items, samples), every item has as many; rows that are `right` count as such."""
    scores = table.scores[task.metric] if task.higher_is_better else 1 - table.scores[task.metric]
    if right is not None:
        scores = np.where(right, 1.0, scores)
    return scores[:, None] if table.one_each else scores.reshape(table.starts.size, -1)


def _mean(runs: Array) -> Array:
    return runs[:, 0] if runs.shape[1] == 1 else np.asarray(runs.mean(axis=1))


def _by_item(rows: NDArray[np.bool_], table: ItemTable) -> NDArray[np.bool_]:
    """Items (n,) of which a sample is among the rows (items times samples,)."""
    return rows if table.one_each else np.logical_or.reduceat(rows, table.starts)


def _groups(table: ItemTable) -> NDArray[np.int64] | None:
    """Each item's cluster as a number; an item without one is its own. None where no item has one."""
    import pandas as pd

    if _all_same(table.cluster) and table.cluster[0] == "":
        return None
    clusters = table.by_item("cluster")
    codes, names = pd.factorize(clusters)
    alone = np.isin(codes, np.flatnonzero(names == ""))
    if alone.all():
        return None
    codes[alone] = codes.size + np.arange(int(alone.sum()))
    return codes


def _all_same(column: Text) -> bool:
    """Whether a column was found to say the same everywhere when it was loaded."""
    return column.size > 0 and column.strides == (0,)


def _cut_rows(table: ItemTable) -> NDArray[np.bool_]:
    reasons = table.finish_reason
    if _all_same(reasons):
        return np.full(reasons.size, reasons[0] in CUT_OFF)
    return np.asarray((reasons == CUT_OFF[0]) | (reasons == CUT_OFF[1]), dtype=np.bool_)


def _caps_differ(cut: tuple[NDArray[np.bool_], NDArray[np.bool_]], rates: tuple[float, float]) -> str:
    """Exact test on the items cut off in one arm only (the arms answer the same items, so the test is paired)."""
    if abs(rates[0] - rates[1]) <= CAP_POINTS:
        return ""
    if mcnemar(PairedTable.of(cut[0], cut[1])).exact >= CAP_PVALUE:
        return ""
    shares = f"{100 * rates[0]:.1f} % of the baseline's and {100 * rates[1]:.1f} % of the candidate's"
    return f"cut-off rates differ: {shares} answers hit a limit; raise the task's max_gen_toks or the context"


def best_case(paired: Paired) -> Paired:
    """The same items as kind to the candidate as can be: a loss that is left was not made by the limit."""
    return replace(paired, candidate_runs=paired.rescued, broken="")


def model_note(baseline: Completed, candidate: Completed) -> str:
    """What is known to differ besides the quantization though the prompts agree, "" if nothing."""
    first, second = baseline.prepared, candidate.prepared
    same = {first.sha256, first.source_sha256}
    if second.how != "as is" and second.source_sha256 and second.source_sha256 not in same:
        return "quantized from another full-precision file than the baseline's"
    return ""
