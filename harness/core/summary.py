"""The headline figures of one plan as it was measured: what histories, gates and sites are made of.

A summary holds nothing that its records do not; it can be made again from them at any time. It is kept as JSON, which
has no NaN: what is not known is None.
"""

from typing import Literal

from msgspec import Struct

from harness.core.record import Source, Step
from harness.core.verdict import Verdict

SUMMARY_SCHEMA = 1


class Metric(Struct, frozen=True, forbid_unknown_fields=True):
    """A reading of one arm at one step of a load, over rounds of fresh processes.

    `values` are the medians of the rounds that count (of an invalid figure all), in their order; `value` is their mean
    with its 95 % interval (t over rounds; None where there is none). Units are those of the reading.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    value: float
    low: float | None
    high: float | None
    values: tuple[float, ...]
    load: str
    step: Step
    validity: Literal["valid", "degraded", "invalid"] = "valid"


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """An arm's own score on one task, a share with its 95 % interval."""

    task: str
    score: float
    low: float | None
    high: float | None


class TaskVerdict(Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate against its baseline on one task, as in harness.core.verdict.Comparison; shares."""

    task: str
    task_kind: str
    verdict: Verdict
    margin: float
    delta: float | None
    low: float | None
    high: float | None
    n_items: int
    lost: int | None
    gained: int | None
    note: str = ""
    confirmatory: bool = True


class ArmSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """One arm: what it is, and all that was found. `sentence` and `verdicts` are empty for a baseline.

    `cell` is the id of its quality cell (replicate 0), "" where quality was not asked; `loads` has of each load its key
    and the id of the cell of its first round, which names all that was asked for.
    """

    arm: str
    model: str
    quant: str
    runtime: str
    is_baseline: bool
    baseline_arm: str
    cell: str
    engine: str
    weights_bytes: int | None
    bits_per_weight: float | None
    sentence: str
    scores: tuple[Score, ...]
    verdicts: tuple[TaskVerdict, ...]
    metrics: tuple[Metric, ...]
    loads: tuple[tuple[str, str], ...] = ()


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """One plan. `started` and `ended` are those of the first and last record that it made itself (ISO 8601, UTC); where
    all that it shows was measured for other plans, both are when it was given; "" without records.

    `fingerprint` names the hardware, `system` the operating system and the driver. `planned` cells of which some were
    `measured`, some `failed`, some `not_needed` since their rounds had ended, some left for a `later` night; `reasons`
    are those of failures and skips, each once. `elsewhere`: some was measured on another box than `hw`, as was asked.
    """

    plan: str
    night: str
    started: str
    ended: str
    hw: str
    machine: str
    fingerprint: str
    suite: str
    suite_digest: str
    source: Source | None
    arms: tuple[ArmSummary, ...]
    planned: int
    measured: int
    failed: int
    not_needed: int
    reasons: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    system: str = ""
    schema: int = SUMMARY_SCHEMA
    later: int = 0
    elsewhere: bool = False
