"""What a gate found: a night held against a reference. This is what `gate --json` writes.

A share of 0.02 is two points, a ratio of 0.92 is 8 % less. JSON has no NaN: what is not known is
null.
"""

from typing import Literal

from msgspec import Struct

from harness.core.record import Step

GATE_SCHEMA = 1

Status = Literal[
    "worse", "broken", "undecided", "invalid", "learning", "not compared", "better", "same", "noise"
]
"""worse: shown, after correction for all that was asked. broken: not measured, or not the same questions. undecided:
neither a loss nor equivalence is shown. invalid: a flag speaks against tonight's figure. learning: the box's noise is
not known yet. not compared: the reference has nothing like it. better: the mirror of worse. same: shown to lie within
the margin. noise: no change is shown, and the box is too noisy to show that there is none; `smallest` says how much."""

Outcome = Literal["passed", "worse", "undecided", "broken"]
"""Of a night: broken before worse before undecided; see docs/gate.md."""

EXIT_CODES: dict[Outcome, int] = {"passed": 0, "worse": 1, "undecided": 2, "broken": 3}


class Finding(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was held against the reference.

    `kind`: quality (an arm's answers on a task), verdict (candidate against baseline on a task), figure (a reading of
    an arm at one step of a load), cell (a piece of the plan as a whole). `name` is the task or the reading; `load` and
    `step` say where a figure was taken, `better` which way is good. `reference` is the plan it was held against, "" of
    none.

    Of quality `before` and `after` are scores and `change` their difference with its 95 % limits; `lost` and `gained`
    count the flips of `n_items`, None where scores are sampled or not 0/1. Of figures they are means of rounds,
    `before` the geometric mean over the reference's `level_nights`, and `change` is the ratio with its 95 % prediction
    limits. `pvalue` is corrected for all that was asked. `spread` is the night-to-night standard deviation (a share) as
    `nights` nights showed it, `smallest` the least change for the worse that would be called one (a share of the
    figure, or of right answers). `gated` figures decide, others are shown. `reason` says what qualifies the status.
    """

    kind: Literal["quality", "verdict", "figure", "cell"]
    status: Status
    arm: str
    name: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    load: str = ""
    step: Step = Step()
    reference: str = ""
    before: float | None = None
    after: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    pvalue: float | None = None
    n_items: int = 0
    lost: int | None = None
    gained: int | None = None
    nights: int = 0
    level_nights: int = 0
    spread: float | None = None
    smallest: float | None = None
    gated: bool = True
    reason: str = ""


class Held(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan that was used as a reference."""

    plan: str
    night: str
    started: str


class NightGate(Struct, frozen=True, forbid_unknown_fields=True):
    """One plan held against references: all that was found, in order of weight.

    `changed` says what else is not as it was: engines, driver, options. `elsewhere` are parts that were left to other
    nights. `references` are those that were used, newest first.
    """

    plan: str
    night: str
    started: str
    hw: str
    outcome: Outcome
    references: tuple[Held, ...]
    findings: tuple[Finding, ...]
    changed: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


class Gate(Struct, frozen=True, forbid_unknown_fields=True):
    """All that one command held against `against`; `outcome` is the worst of its nights.

    `exit_code` is that of the command: as EXIT_CODES, with 0 for undecided where that was allowed.
    """

    against: str
    allow_undecided: bool
    outcome: Outcome
    exit_code: int
    nights: tuple[NightGate, ...]
    schema: int = GATE_SCHEMA
