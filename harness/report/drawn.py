"""What a picture shows, as numbers: every figure that is drawn is also a row of data.csv and data.parquet."""

import math
from dataclasses import dataclass

from harness.core.tones import tone
from harness.core.verdict import Comparison, Scored

NOTHING = Scored(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Axis:
    """What an axis counts, and in which unit the data file has it (shares, seconds, bytes), however it is drawn."""

    name: str = ""
    unit: str = ""


CHANGE = Axis("change", "share")


@dataclass(frozen=True)
class Drawn:
    """One point, bar or step of a curve: where it stands, with its limits (NaN where it has none).

    `part` tells the things drawn of one arm apart; `inner` are the 90 % limits where they are drawn; `state` is its
    verdict, or what speaks against it.
    """

    arm: str
    x: Scored
    y: Scored = NOTHING
    part: str = ""
    state: str = ""
    inner: tuple[float, float] = (math.nan, math.nan)


def exactly(value: float) -> Scored:
    """A value without limits."""
    return Scored(value, math.nan, math.nan)


def changed(one: Comparison, part: str = "") -> Drawn:
    """A comparison on an axis of changes."""
    limits = Scored(one.delta, one.low, one.high)
    return Drawn(one.candidate_arm, limits, part=part, state=tone(one), inner=(one.low90, one.high90))
