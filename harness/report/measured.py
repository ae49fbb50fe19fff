"""What each arm measured, reading by reading and step by step, with what speaks against it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from harness.core.cell import LoadWork
from harness.core.record import Completed, Step
from harness.core.verdict import Analysis, Scored, SpeedComparison
from harness.report.objections import Objection, gather
from harness.report.steps import At, lightness, order


@dataclass(frozen=True)
class Measured:
    """One reading of one arm at one step of a load: mean over `rounds` with its 95 % interval, None if unknown.

    `against` is the comparison with the baseline, None for a baseline and for an arm without one. `unusable`: every
    round of it is invalid.
    """

    arm: str
    name: str
    unit: str
    at: At
    scored: Scored | None
    rounds: int
    objections: tuple[Objection, ...] = ()
    against: SpeedComparison | None = None
    unusable: bool = False

    @property
    def usable(self) -> Scored | None:
        """The figure, None where there is none or all its rounds are invalid."""
        return None if self.unusable else self.scored

    @property
    def marks(self) -> str:
        """The marks of its objections: "⚠1 ✕2", "" for none."""
        return " ".join(one.mark for one in self.objections)

    @property
    def why_no_interval(self) -> str:
        """Why the figure has no interval, "" where it has one."""
        if self.scored is None or math.isfinite(self.scored.low + self.scored.high):
            return ""
        return "1 round: no interval" if self.rounds == 1 else "exact" if self.unit == "B" else "same in every round"


class Speeds:
    """Look-ups on everything measured under load."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    @cached_property
    def objections(self) -> tuple[Objection, ...]:
        """All that speaks against figures, numbered."""
        return gather(self._analysis)

    @cached_property
    def all(self) -> dict[tuple[str, str, At], Measured]:
        """(arm, reading, place) -> what was measured; an arm without a baseline stands alone in its comparison."""
        found: dict[tuple[str, str, At], Measured] = {}
        for one in self._analysis.speed:
            for arm, scored in ((one.candidate_arm, one.candidate), (one.baseline_arm, one.baseline)):
                against = one if arm == one.candidate_arm else None
                key = (arm, one.name, place_of(one))
                if arm and (key not in found or (found[key].scored is None and scored)):
                    found[key] = Measured(*key[:2], one.unit, key[2], scored, one.rounds, against=against)
        return {key: self._judged(one) for key, one in found.items()}

    def _judged(self, one: Measured) -> Measured:
        """With its objections, and the number of rounds behind the figure: the valid ones, of an invalid figure all."""
        objections, invalid = self.against(one.arm, one.name, one.at)
        listed = self._listed.get((one.arm, one.name, one.at), set())
        unusable = bool(invalid) and (listed or self._completed.get((one.arm, one.at.load), set())) <= invalid
        rounds = (len(listed - invalid) or len(listed)) if listed else one.rounds
        return replace(one, objections=objections, unusable=unusable, rounds=rounds)

    def against(self, arm: str, name: str, at: At) -> tuple[tuple[Objection, ...], frozenset[int]]:
        """What speaks against a reading, and the rounds that it makes invalid."""
        found = tuple(one for one in self.objections if one.rounds(arm, name, at))
        return found, frozenset(chain(*(one.rounds(arm, name, at) for one in found if one.verdict == "invalid")))

    def of_requests(self, arm: str, name: str, at: At) -> tuple[str, bool]:
        """Marks of what is told of the arm's single requests, and whether no round of them can be used."""
        found, invalid = self.against(arm, name, at)
        rounds = self._completed.get((arm, at.load), set())
        return " ".join(one.mark for one in found), bool(invalid) and rounds <= invalid

    @cached_property
    def _listed(self) -> dict[tuple[str, str, At], set[int]]:
        found: dict[tuple[str, str, At], set[int]] = {}
        for one in self._analysis.rounds:
            found.setdefault((one.arm, one.name, At(one.load, one.step)), set()).add(one.round)
        return found

    @cached_property
    def _completed(self) -> dict[tuple[str, str], set[int]]:
        """(arm, load) -> the rounds that were measured."""
        found: dict[tuple[str, str], set[int]] = {}
        for record in self._analysis.records:
            cell = record.run.cell
            if isinstance(cell.work, LoadWork) and isinstance(record, Completed):
                found.setdefault((cell.arm, cell.work.load.key), set()).add(cell.work.round + 1)
        return found

    def get(self, arm: str, name: str, at: At) -> Measured | None:
        """A reading of an arm at a step, else of its whole cell."""
        return self.all.get((arm, name, at)) or self.all.get((arm, name, At(at.load)))

    @cached_property
    def places(self) -> tuple[At, ...]:
        """Everywhere something was measured, in order; whole cells last."""
        return tuple(sorted({at for _, _, at in self.all}, key=order))

    @cached_property
    def steps(self) -> tuple[At, ...]:
        """The steps among the places."""
        return tuple(at for at in self.places if not at.whole)

    @property
    def lightest(self) -> At:
        """The step that drives least, a whole cell where no speed was measured: what a summary shows."""
        return min(self.places, key=lightness, default=At())

    def names(self, names: Iterable[str] = ()) -> list[str]:
        """The readings that some arm has a figure of, of `names` or of all."""
        known = dict.fromkeys(name for (_, name, _), one in self.all.items() if one.scored)
        return [name for name in names if name in known] if names else list(known)


def place_of(one: SpeedComparison) -> At:
    """Where a comparison was made; older ones know a concurrency only."""
    return At(one.load, one.step if one.step != Step() else Step(concurrency=one.concurrency))

