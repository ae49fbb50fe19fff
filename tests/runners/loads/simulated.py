"""A load on the simulated engine by a clock that nobody waits for: minutes of measuring in milliseconds."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from harness.core.cell import LoadWork
from harness.core.config import Load, Scalar
from harness.core.record import Reading, Step
from runners.clock import Clock
from runners.loads import Measured, measure
from runners.runtimes.fake import FakeSession, FakeSettings

ASSETS = Path(__file__).parents[3] / "assets"
ONE = Load("one", (1,), prompt_tokens=100, output_tokens=11, requests=8, warmup_requests=3)
KNOWN: dict[str, Scalar] = {"first_token_seconds": 0.2, "tokens_per_second": 50.0}
"""0.2 s to the first token and 0.02 s to each of the next ten: 0.4 s a request."""


@dataclass
class LogicalClock:
    """Time that passes only where somebody sleeps."""

    ns: int = 10**12

    def sleep(self, seconds: float) -> None:
        """Move on, by a nanosecond at least."""
        self.ns += max(1, round(seconds * 1e9))

    @property
    def clock(self) -> Clock:
        """As the driver takes it."""
        return Clock(lambda: self.ns, self.sleep)


def load(**changes: object) -> Load:
    """`ONE` with changes, by the types' own rules."""
    return msgspec.convert({**msgspec.to_builtins(ONE), **changes}, Load)


def run(of: Load, seed: int = 1, round_: int = 0, **options: Scalar) -> Measured:
    """The load on an engine of these options."""
    clock = LogicalClock().clock
    session = FakeSession(msgspec.convert({**KNOWN, **options}, FakeSettings), 1.0, clock)
    return measure(session, LoadWork(of, seed, round_), ASSETS, clock)


def reading(measured: Measured, name: str, **at: float) -> Reading:
    """The only reading of that name whose step has these values."""
    found = [one for one in measured.readings if one.name == name
             and all(getattr(one.at, key) == value for key, value in at.items())]
    assert len(found) == 1, [one.at for one in found]
    return found[0]


def value(measured: Measured, name: str, **at: float) -> float:
    """Its median."""
    return median(reading(measured, name, **at).samples)


def steps(measured: Measured) -> list[Step]:
    """The steps measured, in order."""
    return [window.step for window in measured.windows]
