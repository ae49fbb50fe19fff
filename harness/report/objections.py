"""What speaks against figures of speed: the flags of the records, numbered, so that a mark can stand beside a number.

⚠ is "flagged", to be taken with care (a record's flag says "degraded", which is a verdict's word here); ✕ is "invalid",
not to be used. The number leads to the reason.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from harness.core.cell import LoadWork
from harness.core.record import Completed, Step
from harness.core.verdict import Analysis
from harness.report.readings import family
from harness.report.steps import At

SIGNS = {"flagged": "⚠", "invalid": "✕"}
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Place:
    """Where something was said: a round (from 1) of an arm under a load; one step (None: all), reading ("": all)."""

    arm: str
    load: str
    round: int
    step: Step | None = None
    name: str = ""

    def meets(self, arm: str, name: str, at: At) -> bool:
        """Whether it concerns this reading; a reading without a load stands for any."""
        here = self.arm == arm and at.load in ("", self.load)
        return here and self.step in (None, at.step) and self.name in ("", name)


@dataclass(frozen=True)
class Objection:
    """One reason against figures, at every place it was given; a figure that differs there says from what to what."""

    number: int
    verdict: str
    reason: str
    places: tuple[Place, ...]

    @property
    def mark(self) -> str:
        """The sign and the number that stand beside a figure."""
        return f"{SIGNS[self.verdict]}{self.number}"

    @property
    def said(self) -> str:
        """Mark, verdict and reason in one line."""
        return f"{self.mark} {self.verdict}: {self.reason}"

    def rounds(self, arm: str, name: str, at: At) -> frozenset[int]:
        """The rounds of a reading that it speaks against; none of the box's own figures.

        What only disturbs timing says nothing of bytes.
        """
        if family(name) == "canary" or (self.verdict == "flagged" and family(name) == "memory"):
            return frozenset()
        return frozenset(place.round for place in self.places if place.meets(arm, name, at))


def gather(analysis: Analysis) -> tuple[Objection, ...]:
    """Every objection, invalid ones first, then in the order of the records; reasons alike but for figures are one."""
    found: dict[tuple[str, str], dict[str, list[Place]]] = {}
    for verdict, reason, place in _said(analysis):
        found.setdefault((verdict, _FIGURE.sub("#", reason)), {}).setdefault(reason, []).append(place)
    kept = sorted(found.items(), key=lambda one: one[0][0] != "invalid")
    return tuple(
        Objection(number, verdict, _spanning(list(by)), tuple(chain.from_iterable(by.values())))
        for number, ((verdict, _), by) in enumerate(kept, 1)
    )


def _spanning(reasons: Sequence[str]) -> str:
    """Reasons that differ in figures only as one: "the last 3 lie 20 to 35 % apart"."""
    columns = zip(*map(_FIGURE.findall, reasons), strict=True)
    spans = (sorted(set(found), key=_size) for found in columns)
    texts = iter([" to ".join(dict.fromkeys((span[0], span[-1]))) for span in spans])
    return _FIGURE.sub(lambda _: next(texts), reasons[0])


def _size(figure: str) -> tuple[float, str]:
    digits = figure.replace(",", "")
    return (float(digits) if digits.count(".") < 2 else 0.0), figure


def _said(analysis: Analysis) -> Iterator[tuple[str, str, Place]]:
    """(verdict, reason, place) of every flag, and of every reading that is not valid by its own word."""
    for record in analysis.records:
        cell = record.run.cell
        if not isinstance(record, Completed) or not isinstance(cell.work, LoadWork):
            continue
        where = cell.arm, cell.work.load.key, cell.work.round + 1
        for flag in record.outcome.flags:
            yield "invalid" if flag.verdict == "invalid" else "flagged", flag.reason, Place(*where, flag.step)
        for one in record.outcome.readings:
            if one.samples and not one.valid:
                yield "invalid", one.reason, Place(*where, one.at, one.name)
