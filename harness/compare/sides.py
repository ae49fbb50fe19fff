"""Both arms of a speed comparison round by round: one reading's values, and how far each can be trusted."""

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

from harness.compare.validity import Standing, Validity, standing
from harness.core.record import Completed, Reading, Step

SIDES = ("baseline", "candidate")
_ORDER: tuple[Validity, ...] = ("valid", "degraded", "invalid")


class Key(NamedTuple):
    """What must agree for two readings to be the same quantity."""

    name: str
    unit: str
    better: Literal["higher", "lower"]
    at: Step

    @classmethod
    def of(cls, reading: Reading) -> "Key":
        """That of a reading."""
        return cls(reading.name, reading.unit, reading.better, reading.at)


class Round(NamedTuple):
    """What was measured of both arms in one round (numbered from 1)."""

    number: int
    baseline: Completed | None
    candidate: Completed | None

    @property
    def sides(self) -> tuple[Completed | None, Completed | None]:
        """Baseline and candidate."""
        return self.baseline, self.candidate

    @property
    def boxes_differ(self) -> bool:
        """Whether the arms were measured on different hardware."""
        return len({side.run.machine.fingerprint for side in self.sides if side}) > 1


class Side(NamedTuple):
    """One arm's reading by round, None where there is none, and how far each can be trusted."""

    values: tuple[float | None, ...]
    standings: tuple[Standing, ...]

    @property
    def usable(self) -> tuple[float | None, ...]:
        """The values that no flag calls invalid."""
        both = zip(self.values, self.standings, strict=True)
        return tuple(None if trust.validity == "invalid" else value for value, trust in both)

    @property
    def shown(self) -> list[float]:
        """The usable values, where there is none all of them."""
        values = self.values if self.validity == "invalid" else self.usable
        return [value for value in values if value is not None]

    @property
    def validity(self) -> Validity:
        """Of the figure that is shown: invalid only where no round is any better."""
        if any(value is not None for value in self.values) and all(value is None for value in self.usable):
            return "invalid"
        return "degraded" if any(one.validity == "degraded" for one in self.standings) else "valid"


def worst(found: Iterable[Validity]) -> Validity:
    """The one that says most against."""
    return max(found, key=_ORDER.index)


def side(records: Sequence[Completed | None], key: Key) -> Side:
    """One arm's reading in each of its records."""
    values = tuple(value(record, key) for record in records)
    trusted = (
        standing(record, one) if record and (one := _reading(record, key)) and one.samples else Standing("valid", "")
        for record in records
    )
    return Side(values, tuple(trusted))


def value(record: Completed | None, key: Key) -> float | None:
    """The median of a reading's samples; None where it is not known."""
    one = _reading(record, key) if record else None
    return float(median(one.samples)) if one and one.samples and all(map(math.isfinite, one.samples)) else None


def _reading(record: Completed, key: Key) -> Reading | None:
    return next((one for one in record.outcome.readings if Key.of(one) == key), None)


def unknown_because(rounds: Sequence[Round], key: Key, compared: bool) -> Iterable[str]:
    """Why sides lack the reading; what both sides say alike is said once, without naming them."""
    sides = [(arm, record) for one in rounds for arm, record in zip(SIDES, one.sides, strict=True) if record]
    said: dict[str, set[str]] = {}
    for arm, record in sides:
        if value(record, key) is None:
            one = _reading(record, key)
            said.setdefault(one.reason if one and one.reason else "not measured", set()).add(arm)
    for reason, arms in said.items():
        yield reason if len(arms) == 2 or not compared else f"{min(arms)}: {reason}"


def flagged(rounds: Sequence[Round], sides: Sequence[Side]) -> Iterable[str]:
    """What flags say of the rounds, equal words of several rounds together."""
    for name, one in zip(SIDES, sides, strict=True):
        said: dict[Standing, list[str]] = {}
        for round_, trust in zip(rounds, one.standings, strict=True):
            if trust.reason:
                said.setdefault(trust, []).append(str(round_.number))
        for trust, numbers in said.items():
            left_out = ", left out of the verdict" if trust.validity == "invalid" else ""
            where = f"round{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
            word = "invalid" if trust.validity == "invalid" else "flagged"
            yield f"{name} {word} in {where}{left_out}: {trust.reason}"
