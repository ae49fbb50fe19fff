"""What a calibration of the load generator is asked to do, and what is kept of one."""

from typing import Annotated

from msgspec import Meta, Struct

from harness.core.record import Calibration, Machine, Source
from harness.core.runtime import Detail

CALIBRATION_SCHEMA = 1

Count = Annotated[int, Meta(ge=1)]


class Schedule(Struct, frozen=True, forbid_unknown_fields=True):
    """When the calibration server sends: `tokens_per_chunk` tokens every `tokens_per_chunk` / `rate` seconds of each
    stream (`rate` in tokens/s), the first after `first_seconds`.

    `tokens` is how many, where a request names no limit. `jitter` moves each chunk by up to this share of the time
    between two, either way (below a half, so that their order stays); `seed` and the request's number decide where to.
    `together` puts the chunks of all streams on one grid, as an engine that batches does: each of its steps gives every
    sequence a token at once.
    """

    rate: Annotated[float, Meta(gt=0)] = 50.0
    tokens: Count = 100
    tokens_per_chunk: Count = 1
    first_seconds: Annotated[float, Meta(ge=0)] = 0.1
    jitter: Annotated[float, Meta(ge=0, lt=0.5)] = 0.0
    seed: int = 0
    together: bool = False

    @property
    def step_ns(self) -> int:
        """Time between two chunks of a stream."""
        return round(self.tokens_per_chunk / self.rate * 1e9)

    @property
    def chunks(self) -> int:
        """How many chunks bring `tokens`."""
        return -(-self.tokens // self.tokens_per_chunk)

    @property
    def request_seconds(self) -> float:
        """From a request to its last token, where it follows at once upon the last token of the one before."""
        first = round(self.first_seconds * 1e9)
        if self.together:  # sent just after a tick of the grid
            first = (first // self.step_ns + 1) * self.step_ns
        return (first + (self.chunks - 1) * self.step_ns) / 1e9


class Trial(Struct, frozen=True, forbid_unknown_fields=True):
    """`streams` requests under way at all times, each of them replaced `requests` - 1 times."""

    streams: Count
    requests: Count
    schedule: Schedule

    @property
    def seconds(self) -> float:
        """How long it takes if nobody is late."""
        return self.requests * self.schedule.request_seconds

    @property
    def tokens(self) -> int:
        """Of all its requests."""
        return self.streams * self.requests * self.schedule.tokens


class CalibrationJob(Struct, frozen=True, forbid_unknown_fields=True):
    """What the parent hands the calibrating child."""

    trials: tuple[Trial, ...]


class Calibrated(Struct, frozen=True, forbid_unknown_fields=True):
    """A calibration that was made, one entry per trial; times in UTC, ISO 8601. `packages` are those of its Python."""

    machine: Machine
    source: Source
    packages: tuple[Detail, ...]
    environment: str
    started: str
    seconds: float
    trials: tuple[Trial, ...]
    found: tuple[Calibration, ...]
    schema: int = CALIBRATION_SCHEMA
