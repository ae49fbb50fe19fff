"""What meters are given: made by hand, with series that say what a test wants them to say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.core.record import Reading, Step, Window
from harness.core.runtime import Facts
from runners.seen import Before, Load, Seen
from runners.sensor import SensorFacts
from runners.series import Series
from tests.cells import job, load_cell

SECOND = 1_000_000_000
NOTHING = Facts("engine", "1", "CPU: EPYC", None, None, 4096, 1000)


def seen(folder: Path, series: Mapping[str, Sequence[float]] | None = None, facts: Facts = NOTHING,
         before: Before | None = None, readings: tuple[Reading, ...] = ()) -> Seen:
    """A load of one window of 10 s at concurrency 3; a sensor's values are a second apart."""
    made = {name: of(name, *values) for name, values in (series or {}).items()}
    window = Window(Step(concurrency=3), 0, 10 * SECOND, 100, 100)
    return Seen(job(load_cell(), folder), made, Load(facts, (window,), (), readings), None, before or Before())


def of(name: str, *values: float, reason: str = "") -> Series:
    """A series, empty with a reason."""
    facts = SensorFacts(name, "B", "made", reason=reason)
    return Series.of(facts, [(SECOND * at, value) for at, value in enumerate(values)])
