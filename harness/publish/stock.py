"""What a site has to show: of every arm on every box its newest verdicts and speeds, its histories and their steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from harness.core.summary import ArmSummary, Metric, Summary, TaskVerdict
from harness.core.tones import tone, worst
from harness.history.series import Series, series
from harness.history.steps import Change, changes
from harness.publish import places


class ArmKey(NamedTuple):
    """An arm on a box."""

    hw: str
    model: str
    quant: str
    runtime: str

    @property
    def path(self) -> str:
        """Its page."""
        return places.arm(*self)

    @property
    def label(self) -> str:
        """Without the box."""
        return f"{self.model} {self.quant} {self.runtime}"


class Found(NamedTuple):
    """An arm as one run found it."""

    run: Summary
    arm: ArmSummary


class Read(NamedTuple):
    """A figure and the run it is of."""

    run: Summary
    metric: Metric


@dataclass(frozen=True, eq=False)
class Standing:
    """An arm on a box: the newest run that planned it, that judged it, that scored it, that measured its speed.

    `read` has the newest figure of each reading at each step of each load, of the hardware whose speed is newest: a
    night that had room for some loads only takes none of the others away.
    """

    key: ArmKey
    newest: Found
    judged: Found | None
    scored: Found | None
    timed: Found | None
    read: tuple[Read, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]

    @property
    def verdicts(self) -> tuple[TaskVerdict, ...]:
        """The newest verdicts on its tasks; those that claims rest on where there are any."""
        return claimed(self.judged.arm) if self.judged else ()

    @property
    def tone(self) -> str:
        """The worst of them, "" without any: only an arm that is equivalent everywhere looks so."""
        return worst(map(tone, self.verdicts))

    def figure(self, name: str) -> Read | None:
        """A reading at the lightest step of all loads, those that wait for the engine first: the same each night."""
        found = (one for one in self.read if one.metric.name == name)
        return min(found, key=lambda one: (one.metric.step.rate > 0, one.metric.step, one.metric.load), default=None)


def claimed(one: ArmSummary) -> tuple[TaskVerdict, ...]:
    """The verdicts that claims rest on where there are any, else all."""
    return tuple(each for each in one.verdicts if each.confirmatory) or one.verdicts


@dataclass(frozen=True)
class Report:
    """A report folder by its name, with the plan it is of ("" unknown)."""

    folder: str
    plan: str


class Stock:
    """Look-ups over all runs (newest last) and reports."""

    def __init__(self, runs: Sequence[Summary], reports: Sequence[Report]) -> None:
        self.runs = [run for run in runs if run.arms]
        self.every_report = list(reports)
        planned = {run.plan for run in self.runs}
        self.other_reports = [one for one in reports if one.plan not in planned]

    @cached_property
    def reports(self) -> dict[str, list[Report]]:
        """Plan -> its reports; of equally named ones the newest has the highest number and comes first."""
        found: dict[str, list[Report]] = {}
        for one in sorted(self.every_report, key=lambda one: (len(one.folder), one.folder), reverse=True):
            found.setdefault(one.plan, []).append(one)
        return found

    @cached_property
    def standings(self) -> dict[ArmKey, Standing]:
        """Every arm on every box, by name."""
        every: dict[ArmKey, list[Found]] = {}
        for run in self.begun:
            for arm in run.arms:
                every.setdefault(ArmKey(run.hw, arm.model, arm.quant, arm.runtime), []).append(Found(run, arm))
        rows: dict[ArmKey, list[Series]] = {}
        for one in series(self.begun):
            place = one.place
            rows.setdefault(ArmKey(place.hw, place.model, place.quant, place.runtime), []).append(one)
        return {key: _standing(key, found, rows.get(key, [])) for key, found in sorted(every.items())}

    @property
    def begun(self) -> list[Summary]:
        """The runs that have any record: one that has none says nothing yet, and hides nothing."""
        return [run for run in self.runs if run.ended]

    @property
    def newest(self) -> str:
        """When the newest record was begun, "" without any."""
        return max((run.ended for run in self.runs), default="")

    @cached_property
    def boxes(self) -> dict[str, list[Standing]]:
        """Box -> its arms."""
        return self._by(0)

    @cached_property
    def models(self) -> dict[str, list[Standing]]:
        """Model -> its arms."""
        return self._by(1)

    @cached_property
    def quants(self) -> dict[str, list[Standing]]:
        """Quantization -> its arms."""
        return self._by(2)

    def _by(self, place: int) -> dict[str, list[Standing]]:
        found: dict[str, list[Standing]] = {}
        for key, one in self.standings.items():
            found.setdefault(key[place], []).append(one)
        return dict(sorted(found.items()))


def _standing(key: ArmKey, found: list[Found], rows: list[Series]) -> Standing:
    def last(name: str) -> Found | None:
        return next((one for one in reversed(found) if getattr(one.arm, name)), None)

    steps = sorted((one for row in rows for one in changes(row)), key=lambda one: one.since.when, reverse=True)
    judged, scored, timed = (last(name) for name in ("verdicts", "scores", "metrics"))
    return Standing(key, found[-1], judged, scored, timed, _read(found, timed), tuple(rows), tuple(steps))


def _read(found: list[Found], timed: Found | None) -> tuple[Read, ...]:
    same = (one for one in found if timed and one.run.fingerprint == timed.run.fingerprint)
    known = {(each.name, each.load, each.step): Read(one.run, each) for one in same for each in one.arm.metrics}
    return tuple(known.values())
