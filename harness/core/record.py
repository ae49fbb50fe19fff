"""What is kept of a run: one record per attempt at a cell, with items and requests beside it."""

from typing import Literal

from msgspec import Struct

from harness.core.cell import Cell, Prepared
from harness.core.look import Asked
from harness.core.runtime import Detail, Facts

RECORD_SCHEMA = 1

FailureKind = Literal["prepare", "exception", "signal", "memory", "timeout", "interrupted", "protocol"]


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, order=True):
    """What stays the same while a part of a load is measured: closed loop at `concurrency`, or open at `rate` per s.

    Lengths in tokens; `depth` tokens stand in the context before the prompt. Zero is said where it has no meaning.
    """

    concurrency: int = 0
    rate: float = 0.0
    prompt_tokens: int = 0
    output_tokens: int = 0
    depth: int = 0


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """A measured quantity. `samples` are the raw values; empty only with a `reason` why it cannot be known.

    Where an instrument took it, `source` names that, and `scope` what it covers: of energy the gpu, the (CPU) package
    with its memory where that is counted, the soc, a module, or the wall. Samples that are not `valid` are shown with
    their `reason`, and never compared.

    `concurrency` is the number of concurrent sequences it was taken at, 0 where that has no meaning; `step` says more
    where the load has more than that.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    samples: tuple[float, ...]
    concurrency: int = 0
    reason: str = ""
    step: Step | None = None
    source: str = ""
    scope: str = ""
    valid: bool = True

    @property
    def at(self) -> Step:
        """The step it was taken at."""
        return self.step or Step(concurrency=self.concurrency)


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """What a sensor said at one moment of a load (perf_counter_ns); counters are kept as read, wrapping round."""

    at_ns: int
    sensor: str
    value: float
    unit: str


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """The steady part of a step: after its warm-up, before its drain (perf_counter_ns); and the tokens of it."""

    step: Step
    start_ns: int
    end_ns: int
    prompt_tokens: int
    output_tokens: int


SLOWER_DEGRADED, SLOWER_INVALID = 0.15, 0.30
"""A probe of the machine that is slower by more than this speaks against what was measured beside it. Chosen from the
spread of the probe: benchmarks/canary.py."""


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a measurement of speed must be taken with care, or not at all; of the whole cell where `step` is None."""

    verdict: Literal["degraded", "invalid"]
    reason: str
    step: Step | None = None


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """What our load generator measures wrong: at so many streams, against a server whose times are known.

    Errors are measured minus true, in seconds, as (p50, p99) of their absolute values over so many `requests`, and as
    their signed mean, the bias; a p99 of fewer than a hundred is the worst. `rate_share` is achieved over scheduled
    tokens/s, `lag_seconds` the (p50, p99) delay of the client's own loop. Each stream brought `tokens_per_chunk` tokens
    at a time, one every `interval_seconds` on average. `server_late_seconds` (p50, p99) is how late the server itself
    was: known, and in no error. Processor time is that of the client.
    """

    streams: int
    ttft_error_seconds: tuple[float, float]
    tpot_error_seconds: tuple[float, float]
    rate_share: float
    lag_seconds: tuple[float, float]
    tokens_per_second: float
    interval_seconds: float = 0.0
    tokens_per_chunk: int = 1
    requests: int = 0
    ttft_bias_seconds: float = 0.0
    tpot_bias_seconds: float = 0.0
    server_late_seconds: tuple[float, float] = (0.0, 0.0)
    cpu_seconds_per_1000_tokens: float = 0.0


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


class ItemText(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an item's prompt, target and reply say, whose hashes its `ItemResult` has; rolling tasks keep none.

    Of a choice, `prompt` is what all its requests begin with, `choices` how each goes on, `logprobs` how likely that
    was found (nats, None for what is no number), `reply` the likeliest and `target` the right one of them. `answer` is
    what the task's filter took from a reply to be scored, "" where it took all of it.
    """

    task: str
    item_id: str
    prompt: str
    target: str
    reply: str
    sample: int = 0
    answer: str = ""
    choices: tuple[str, ...] = ()
    logprobs: tuple[float | None, ...] = ()


class RequestTrace(Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a load; times are perf_counter_ns of the child. `token_ns` holds one time per generated token.

    `rate` and `depth` are those of its step; `prompt_tokens` are all that were sent, those of `depth` included.
    `scheduled_ns` is when it was due, in a closed loop when it was sent. Where the runtime tells no more, `headers_ns`,
    `first_answer_ns` (first token that is no reasoning) are 0, `counted_by` (where the number of tokens comes from)
    "", `stamped_by` "", and `engine_prefill_seconds` and `lag_seconds` (how late our own client was) 0: as in
    harness.core.runtime.Delivery. `cached_told`: whether `cached_tokens` is what the engine says.
    """

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
    rate: float = 0.0
    depth: int = 0
    headers_ns: int = 0
    first_answer_ns: int = 0
    done_ns: int = 0
    counted_by: str = ""
    engine_prefill_seconds: float = 0.0
    lag_seconds: float = 0.0
    stamped_by: str = ""
    cached_told: bool = False


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What a child writes last, when all its work is done; `resumed` replies came from an earlier child.

    `asked` says of staged work how far each task went, `texts` whether prompts and replies were kept beside the scores
    ("": by a version that never did). Of a load: its steady `windows`, what speaks against its figures (`flags`), and
    how exact the client is that measured a server (`calibration`).
    """

    facts: Facts
    readings: tuple[Reading, ...]
    warnings: tuple[str, ...] = ()
    answered: int = 0
    resumed: int = 0
    asked: tuple[Asked, ...] = ()
    windows: tuple[Window, ...] = ()
    flags: tuple[Flag, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    texts: Literal["", "kept", "declined"] = ""


class ChildError(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a child gave up on purpose, in one line."""

    kind: FailureKind
    message: str


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """The box as found. `fingerprint` names the hardware (not its load): only equal ones are compared for speed.

    `software` are the versions beneath the engine that the box tells: driver, CUDA or ROCm, firmware.
    """

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
    software: tuple[Detail, ...] = ()


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that measured: harness version, git commit ("" outside a checkout), uncommitted changes."""

    version: str
    commit: str
    dirty: bool


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """What every record has. Times in UTC, ISO 8601.

    `environment` names the one made by `setup` that the cell ran in, "" the harness's own; `packages` and the Python
    version of `machine` are those found there. `night` is the plan's.
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
    night: str = ""


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
    """A cell that was not tried, and why; `later` where it is to be on another night, since this one was over."""

    run: Run
    reason: str
    later: bool = False


RunRecord = Completed | Failed | Skipped
