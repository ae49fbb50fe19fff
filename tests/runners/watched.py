"""What a sampler would have seen, built by hand: series at whole seconds, windows, a job and its facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from harness.core.config import Fact, Hardware, Match
from harness.core.record import Reading, Step, Window
from harness.core.runtime import Facts
from runners.seen import Load, Seen
from runners.sensor import SensorFacts
from runners.series import Series
from tests.cells import job, load_cell

SECOND = 1_000_000_000
FACTS = Facts("fake", "1", "CPU: some", None, None, 4096, 256)
BOX = Hardware("box", "a box", "cpu", Fact(None, "measured"), Fact(None, "measured"), Match())


def series(facts: SensorFacts, value: Callable[[float], float], seconds: Sequence[float] = range(31)) -> Series:
    """A sensor read at these seconds."""
    return Series.of(facts, [(int(at * SECOND), value(at)) for at in seconds])


def window(start: float = 5, end: float = 25, tokens: int = 100, concurrency: int = 1) -> Window:
    """From one second to another."""
    return Window(Step(concurrency=concurrency), int(start * SECOND), int(end * SECOND), 2 * tokens, tokens)


def seen(*of: Series, windows: Sequence[Window] = (), device: str = "CPU: some", box: Hardware = BOX) -> Seen:
    """All of it; the box rested for the first four seconds."""
    load = Load(structs.replace(FACTS, device=device), tuple(windows) or (window(),))
    made = structs.replace(job(load_cell(), Path("/nowhere")), hardware=box)
    return Seen(made, {one.facts.name: one for one in of}, load, (0, 4 * SECOND))


def known(given: Seen, *readings: Reading) -> Seen:
    """With readings that earlier meters took."""
    return replace(given, load=replace(given.load, readings=readings))


def by_name(readings: Sequence[Reading]) -> Mapping[str, Reading]:
    """Readings of one window."""
    return {one.name: one for one in readings}


def tree(root: Path, files: Mapping[str, str]) -> Path:
    """A folder of small files, as sysfs and procfs are."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    return root
