"""An Analysis as a reader looks at it: short arm names, best bits first, tasks in suite order, quick look-ups."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from harness.core.record import Completed, Run
from harness.core.verdict import Analysis, Arm, Claim, Comparison, Scored, SpeedComparison, Verdict
from harness.report.wording import NO_INFORMATION, tone

Z95 = 1.959963984540054
READINGS = {
    "ttft": ("TTFT", "time to first token, from sending the request"),
    "tpot": ("TPOT", "time per output token after the first chunk"),
    "prefill": ("Prefill", "prompt tokens over the time to the first token"),
    "decode": ("Decode", "1/TPOT, for each sequence"),
    "throughput": ("Throughput", "output tokens of all sequences together in the steady window"),
    "cold_ttft": ("Cold TTFT", "time to first token of the very first request"),
    "load_time": ("Load time", "until the model can answer"),
    "peak_memory": ("Peak memory", "largest memory of the process"),
    "model_memory": ("Model memory", "peak less what the process held before the model"),
    "peak_footprint": ("Peak footprint", "largest phys_footprint, which macOS keeps; counts what the GPU holds"),
}


def heading(name: str) -> str:
    """The column title of a reading: the known short form, else its name in words."""
    return READINGS[name][0] if name in READINGS else name.replace("_", " ").capitalize()


def rank(name: str) -> int:
    """Place of a reading among the columns; unknown ones last."""
    return [*READINGS, name].index(name)


@dataclass(frozen=True)
class View:
    """Look-ups on one analysis; candidates are ordered by weight size, largest first, unknown sizes last."""

    analysis: Analysis

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """Baselines before candidates, then by size; arms that only comparisons name are not invented."""
        return tuple(sorted(self.analysis.arms, key=lambda arm: (not arm.is_baseline, -(arm.weights_bytes or 0))))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Arm -> the parts of its name that tell it from the others."""
        arms = self.analysis.arms
        several_models = len({arm.model for arm in arms}) > 1
        several_runtimes = len({arm.runtime for arm in arms}) > 1
        return {
            arm.arm: " ".join(
                ([arm.model] if several_models else [])
                + [arm.quant.upper()]
                + ([f"on {arm.runtime}"] if several_runtimes else [])
            )
            for arm in arms
        }

    def label(self, arm: str) -> str:
        """Short name of an arm; the whole one where the analysis does not list it."""
        return self.labels.get(arm, arm)

    @cached_property
    def baselines(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if arm.is_baseline)

    @cached_property
    def candidates(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if not arm.is_baseline)

    @cached_property
    def quality(self) -> dict[tuple[str, str], Comparison]:
        """(candidate arm, task) -> its comparison with the baseline."""
        return {(one.candidate_arm, one.task): one for one in self.analysis.comparisons if one.kind == "quality"}

    @cached_property
    def noise(self) -> tuple[Comparison, ...]:
        """Baseline against its own replicates."""
        return tuple(one for one in self.analysis.comparisons if one.kind == "aa")

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Compared tasks in suite order, then any others."""
        found = dict.fromkeys(one.task for one in self.analysis.comparisons)
        suite = [task.task for task in self.analysis.plan.suite.tasks if task.task in found]
        return tuple(dict.fromkeys([*suite, *found]))

    @cached_property
    def task_labels(self) -> dict[str, str]:
        """Task -> its name without the prefix that all share ("pocket_extract" -> "extract")."""
        heads = {task.split("_")[0] for task in self.tasks if "_" in task}
        shared = len(self.tasks) > 1 and len(heads) == 1 and all("_" in task for task in self.tasks)
        return {task: (task.split("_", 1)[1] if shared else task).replace("_", " ") for task in self.tasks}

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Claims in the order of the candidates."""
        order = {arm.arm: index for index, arm in enumerate(self.candidates)}
        return tuple(sorted(self.analysis.claims, key=lambda claim: order.get(claim.candidate_arm, len(order))))

    @cached_property
    def margins(self) -> tuple[float, ...]:
        """Every margin at which verdicts were taken, ascending."""
        return tuple(sorted({entry.margin for one in self.quality.values() for entry in one.margins}))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """What all records have in common, completed or not."""
        return tuple(record.run for record in self.analysis.records)

    @cached_property
    def completed(self) -> tuple[Completed, ...]:
        return tuple(record for record in self.analysis.records if isinstance(record, Completed))

    @cached_property
    def concurrencies(self) -> tuple[int, ...]:
        """Concurrencies at which something was compared, ascending; 0 stands for readings without one."""
        return tuple(sorted({one.concurrency for one in self.analysis.speed}))

    def speed(self, arm: str, name: str, concurrency: int) -> SpeedComparison | None:
        """The first comparison, at `concurrency` or without one, called `name` with `arm` on a side."""
        for one in self.analysis.speed:
            if (
                one.name == name
                and one.concurrency in (concurrency, 0)
                and arm in (one.candidate_arm, one.baseline_arm)
            ):
                return one
        return None

    @property
    def lowest_concurrency(self) -> int:
        """The lowest concurrency measured, 0 where no speed was."""
        return min((one for one in self.concurrencies if one), default=0)


def own(one: SpeedComparison, arm: str) -> Scored | None:
    """The side of a speed comparison that belongs to `arm`."""
    return one.baseline if arm == one.baseline_arm else one.candidate


def usable(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Comparisons that carry information about the candidate: neither broken nor at chance."""
    return [one for one in comparisons if tone(one) not in (Verdict.BROKEN.value, NO_INFORMATION)]


def mean_delta(view: View, arm: str) -> tuple[Scored, int] | None:
    """Unweighted mean of a candidate's deltas over its usable tasks (fixed tasks, independent items) and their number.

    The 95 % interval is mean +- 1.96 sqrt(sum stderr^2) / K; None without a usable task.
    """
    found = usable(one for (name, _), one in view.quality.items() if name == arm)
    if not found:
        return None
    mean = sum(one.delta for one in found) / len(found)
    half = Z95 * math.sqrt(sum(one.stderr**2 for one in found)) / len(found)
    return Scored(score=mean, low=mean - half, high=mean + half), len(found)
