"""An Analysis as a reader looks at it: short arm names, best bits first, tasks in suite order, quick look-ups."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TypeVar

from harness.core.record import Completed, Run
from harness.core.tones import NO_INFORMATION, WORST_FIRST, tone, worst
from harness.core.verdict import Analysis, Arm, Claim, Comparison, Scored, Verdict
from harness.report.measured import Speeds
from harness.stats.planning import Z95

T = TypeVar("T")


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
    def verdicts(self) -> dict[tuple[str, str], Comparison]:
        """(arm, task) -> what the run is about: quantizations, and full precision that carries none, against another's.

        Where runtimes differ and nothing but full precision was compared, these are all its comparisons.
        """
        found = {(one.candidate_arm, one.task): one for one in self.analysis.comparisons if one.kind == "bridge"}
        stood_on = {one.baseline_arm for one in self.quality.values()}
        return {key: one for key, one in found.items() if key[0] not in stood_on} | self.quality

    def verdicts_of(self, arm: str) -> list[Comparison]:
        """An arm's part of `verdicts`."""
        return [one for (name, _), one in self.verdicts.items() if name == arm]

    def tone(self, arm: str) -> str:
        """The worst of an arm's verdicts; of one that has none nothing is known, as of an inconclusive one."""
        return worst(map(tone, self.verdicts_of(arm))) or Verdict.INCONCLUSIVE.value

    def role(self, arm: Arm) -> str:
        """What stands beside a name: "baseline", "runtime alone" (full precision, compared as such), "explored", ""."""
        found = self.verdicts_of(arm.arm)
        if arm.is_baseline or not found:
            return "baseline" if arm.is_baseline else ""
        if all(one.kind == "bridge" for one in found):
            return "runtime alone"
        return "" if any(one.confirmatory for one in found) else "explored"

    def full_bytes(self, arm: Arm) -> int | None:
        """What full precision of an arm's model weighs, on the same runtime where it is known there."""
        found = [one for one in self.baselines if one.model == arm.model and one.weights_bytes]
        return min(found, key=lambda one: one.runtime != arm.runtime).weights_bytes if found else None

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
    def day(self) -> date | None:
        """The UTC day on which the newest record was begun; None without a record that says it."""
        found = (_moment(run.started) for run in self.runs)
        newest = max((one for one in found if one), default=None)
        return newest.date() if newest else None

    @cached_property
    def completed(self) -> tuple[Completed, ...]:
        return tuple(record for record in self.analysis.records if isinstance(record, Completed))

    @cached_property
    def speeds(self) -> Speeds:
        """Look-ups on speed, memory and energy."""
        return Speeds(self.analysis)

    @property
    def speed_margin(self) -> float:
        """The share within which two speeds are the same."""
        return self.analysis.plan.protocol.speed_margin


def _moment(text: str) -> datetime | None:
    """An ISO 8601 time in UTC, None where it is none (of imported records anything may stand there)."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the latter of the year 1, east of Greenwich
        return None


def foremost(found: Sequence[T], most: int, tone_of: Callable[[T], str]) -> list[T]:
    """At most `most` of them in their order; where some have to go, what lost or is broken stays."""
    ranked = sorted(range(len(found)), key=lambda at: WORST_FIRST.index(tone_of(found[at])))
    return [found[at] for at in sorted(ranked[:most])]


def usable(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Comparisons that carry information about the candidate: neither broken nor at chance."""
    return [one for one in comparisons if tone(one) not in (Verdict.BROKEN.value, NO_INFORMATION)]


def mean_delta(view: View, arm: str) -> tuple[Scored, int] | None:
    """`mean_of` a candidate's comparisons with its baseline."""
    return mean_of(one for (name, _), one in view.quality.items() if name == arm)


def mean_of(comparisons: Iterable[Comparison]) -> tuple[Scored, int] | None:
    """Unweighted mean of deltas over usable tasks (fixed tasks, independent items) and their number.

    The 95 % interval is mean +- 1.96 sqrt(sum stderr^2) / K; None without a usable task.
    """
    found = usable(comparisons)
    if not found:
        return None
    mean = sum(one.delta for one in found) / len(found)
    half = Z95 * math.sqrt(sum(one.stderr**2 for one in found)) / len(found)
    return Scored(score=mean, low=mean - half, high=mean + half), len(found)
