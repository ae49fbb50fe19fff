"""What is kept of a run: one record per attempt at a cell, with items and requests beside it."""

from typing import Literal

from msgspec import Struct

from harness.core.cell import Cell, Prepared
from harness.core.look import Asked
from harness.core.runtime import Detail, Facts

RECORD_SCHEMA = 1

FailureKind = Literal["prepare", "exception", "signal", "memory", "timeout", "interrupted", "protocol"]


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """A measured quantity. `samples` are the raw values; empty only with a `reason` why it cannot be known.

    `concurrency` is the number of concurrent sequences it was taken at, 0 where that has no meaning.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    samples: tuple[float, ...]
    concurrency: int = 0
    reason: str = ""


class ItemResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One item's answer scored. `scores` maps metric to a number (rolling tasks: loglikelihood, words, bytes).

    `cluster` groups items that are not independent (template, passage), "" if each stands alone.
    """

    task: str
    item_id: str
    scores: dict[str, float]
    prompt_hash: str
    reply_hash: str
    prompt_tokens: int
    output_tokens: int
    finish_reason: str
    first_tokens: tuple[int, ...]
    cluster: str = ""
    level: str = ""
    sample: int = 0


class RequestTrace(Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a load; times are perf_counter_ns of the child. `token_ns` holds one time per generated token."""

    id: int
    phase: Literal["cold", "warmup", "steady"]
    concurrency: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    scheduled_ns: int
    sent_ns: int
    first_ns: int
    last_ns: int
    token_ns: tuple[int, ...]


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What a child writes last, when all its work is done; `resumed` replies came from an earlier child.

    `asked` says of staged work how far each task went.
    """

    facts: Facts
    readings: tuple[Reading, ...]
    warnings: tuple[str, ...] = ()
    answered: int = 0
    resumed: int = 0
    asked: tuple[Asked, ...] = ()


class ChildError(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a child gave up on purpose, in one line."""

    kind: FailureKind
    message: str


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """The box as found. `fingerprint` names the hardware (not its load): only equal ones are compared for speed."""

    cpu: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...]
    system: str
    governor: str
    load_average: tuple[float, ...]
    python: str
    hostname_digest: str
    fingerprint: str


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that measured: harness version, git commit ("" outside a checkout), uncommitted changes."""

    version: str
    commit: str
    dirty: bool


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """What every record has. Times in UTC, ISO 8601.

    `environment` names the one made by `setup` that the cell ran in, "" the harness's own; `packages` and the Python
    version of `machine` are those found there.
    """

    run_id: str
    plan_id: str
    cell: Cell
    machine: Machine
    packages: tuple[Detail, ...]
    source: Source
    started: str
    seconds: float
    hw_matches: bool = True
    schema: int = RECORD_SCHEMA
    environment: str = ""


class Completed(Struct, frozen=True, forbid_unknown_fields=True, tag="completed"):
    """A cell that was measured."""

    run: Run
    prepared: Prepared
    outcome: Outcome


class Failed(Struct, frozen=True, forbid_unknown_fields=True, tag="failed"):
    """A cell that was tried: why it ended, in one line, and the end of its log."""

    run: Run
    kind: FailureKind
    reason: str
    exit_code: int | None
    log_tail: str


class Skipped(Struct, frozen=True, forbid_unknown_fields=True, tag="skipped"):
    """A cell that was not tried, and why."""

    run: Run
    reason: str


RunRecord = Completed | Failed | Skipped
