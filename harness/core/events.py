"""What a run tells while it runs, for machines: one JSON object a line on stdout with `run --json`.

The schema is stable: fields are added with defaults, never renamed, retyped or taken away; `schema` counts what breaks
that. Times are UTC, ISO 8601; durations seconds; scores and differences shares from 0 to 1, but for `score` of a
task of `progress`, a sum over its `scored` items; what is not known is null (of a number) or "" (of a text). A stream
that ends without `report` was broken off: the same command goes on.
"""

from typing import Literal

from msgspec import Struct

from harness.core.look import LAST
from harness.core.progress import TaskProgress
from harness.core.summary import TaskVerdict

EVENT_SCHEMA = 1

State = Literal["completed", "failed", "skipped", "reused"]


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """A headline number of a cell: a reading, or "score": of a task, or the plain mean over all where `task` is ""."""

    name: str
    unit: str
    value: float
    task: str = ""


class Left(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds until the plan is done: if every load ends at the first occasion, and if it takes all of its rounds.

    Without the `unknown` cells: nobody knows yet how long one of their kind takes.
    """

    soonest: float
    latest: float
    unknown: int = 0


class Box(Struct, frozen=True, forbid_unknown_fields=True):
    """What the box's sensors said last: the hottest part in °C, memory in bytes, that of all GPUs where they tell."""

    temperature: float | None = None
    memory_used: float | None = None
    memory_total: float | None = None
    gpu_memory_used: float | None = None
    power_watts: float | None = None


class PlannedCell(Struct, frozen=True, forbid_unknown_fields=True):
    """A cell of the plan: its id, what it is in words, its arm, and the kind of work."""

    cell: str
    label: str
    arm: str
    kind: Literal["quality", "load"]


class PlanEvent(Struct, frozen=True, forbid_unknown_fields=True, tag="plan"):
    """First: what is about to be measured, in order. `optional` are ids of cells that run only where needed."""

    at: str
    plan: str
    hw: str
    cells: tuple[PlannedCell, ...]
    optional: tuple[str, ...]
    skipped: tuple[str, ...]
    margin: float | None
    version: str
    night: str = ""
    schema: int = EVENT_SCHEMA


class WeightsEvent(Struct, frozen=True, forbid_unknown_fields=True, tag="weights"):
    """Weights are being fetched or, with a `scheme`, made."""

    at: str
    model: str
    quant: str
    scheme: str


class CellStarted(Struct, frozen=True, forbid_unknown_fields=True, tag="cell_started"):
    """Cell `number` of `total` begins; `expected` is how long others like it took. `doing` says what a load does."""

    at: str
    number: int
    total: int
    cell: PlannedCell
    expected: float | None
    left: Left
    doing: str = ""


class ProgressEvent(Struct, frozen=True, forbid_unknown_fields=True, tag="progress"):
    """The running cell goes on, for `seconds` so far.

    Of a load nothing is asked while it is timed but what its sampler wrote anyway: `planned` is 0. Else `done` of
    `planned` items are answered, those of the last half minute at `per_second`, `task` being answered now. Tokens per
    second are those read and those written.
    """

    at: str
    cell: PlannedCell
    seconds: float
    done: int
    planned: int
    per_second: float | None
    cell_left: float | None
    left: Left
    task: str
    tasks: tuple[TaskProgress, ...]
    prompt_tokens_per_second: float | None
    output_tokens_per_second: float | None
    box: Box
    number: int = 0
    total: int = 0


class CellEnded(Struct, frozen=True, forbid_unknown_fields=True, tag="cell_ended"):
    """A cell ended; `reused` ones were measured before, at `measured`. `log_tail` is the end of a failed one's log."""

    at: str
    number: int
    total: int
    cell: PlannedCell
    state: State
    seconds: float
    run: str
    folder: str
    answered: int = 0
    resumed: int = 0
    figures: tuple[Figure, ...] = ()
    invalid: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""
    measured: str = ""
    log_tail: str = ""
    left: Left | None = None


class Looked(Struct, frozen=True, forbid_unknown_fields=True, tag="look"):
    """At look `number` of `last` these tasks ended, settled or with all items in, and these go on."""

    at: str
    number: int
    ended: tuple[str, ...]
    going_on: tuple[str, ...]
    last: int = LAST


class RoundsEnded(Struct, frozen=True, forbid_unknown_fields=True, tag="rounds"):
    """The rounds of a model under one load ended; `precision` is half the 95 % interval as a share of the mean."""

    at: str
    model: str
    load: str
    reading: str
    rounds: int
    precision: float | None
    ended: str
    words: str
    not_needed: tuple[str, ...]


class VerdictEvent(Struct, frozen=True, forbid_unknown_fields=True, tag="verdict"):
    """What a candidate's comparison says; not `final`: so far, replicates and other candidates may still come."""

    at: str
    candidate: str
    baseline: str
    tasks: tuple[TaskVerdict, ...]
    final: bool
    sentence: str = ""


class ReportEvent(Struct, frozen=True, forbid_unknown_fields=True, tag="report"):
    """Last: the report is written. `measured` of `planned` cells are there; `exit_code` is that of the command."""

    at: str
    plan: str
    report: str
    results: str
    measured: int
    planned: int
    not_needed: int
    exit_code: int
    sentences: tuple[str, ...]


Event = (
    PlanEvent
    | WeightsEvent
    | CellStarted
    | ProgressEvent
    | CellEnded
    | Looked
    | RoundsEnded
    | VerdictEvent
    | ReportEvent
)
