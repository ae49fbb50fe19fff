"""Adaptive repetition: the rule that ends the rounds of a load, and how they ended."""

from typing import Literal

from msgspec import Struct

from harness.core.record import Step


class Repetition(Struct, frozen=True, forbid_unknown_fields=True):
    """When the rounds of a load end: as in Matrix; `max_rounds` of them are in the plan."""

    rounds: int
    max_rounds: int
    precision: float
    budget_minutes: float


class Repeated(Struct, frozen=True):
    """How the rounds of one model under one load ended, and how well the headline reading is known by then.

    `precision` is half the reading's 95 % interval over rounds as a share of its mean, that of `arm`, which has the
    widest (NaN where unknown). `seconds` is what measuring took. `ended`: "precise", "budget", "rounds" (all that the
    plan has), "unmeasured" (no arm gave the reading), or "open" (broken off: the same command goes on). `words` says it
    all; `not_needed` are the ids of cells that were left out for it.
    """

    model: str
    load: str
    reading: str
    step: Step
    arm: str
    rounds: int
    planned: int
    precision: float
    target: float
    seconds: float
    ended: Literal["precise", "budget", "rounds", "unmeasured", "open"]
    words: str
    not_needed: tuple[str, ...] = ()
