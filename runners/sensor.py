"""What a sensor is: one number of the box that can be asked for again and again, and what it means.

Sensors are made and read in the sampler's process (runners.sampler). One that is not there, or that may not be read,
is still named, with the reason and, where there is one, the command that mends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

from harness.core.errors import HarnessError

Scope = Literal["", "gpu", "package", "soc", "module", "wall"]


class Unreadable(HarnessError):
    """A sensor gave no number this time; the message says why."""


class SensorFacts(Struct, frozen=True, forbid_unknown_fields=True):
    """`unit` is s, J, W, Hz, C, B, 1 (a count, a share or bits); `scope` says whose energy it is, "" for all else.

    A `counter` only rises, but for its return to 0 at `wraps_at` (0: never). `reason` says why there is no value (any
    more). `source` names the instrument, as it is shown.
    """

    name: str
    unit: str
    source: str
    scope: Scope = ""
    counter: bool = False
    wraps_at: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Sensor:
    """`read` gives the value now or raises Unreadable; None where the sensor is missing, and `facts` say why.

    `every` is how many rounds of the sampler lie between two readings: 1 for what is cheap and changes fast.
    """

    facts: SensorFacts
    read: Callable[[], float] | None
    every: int = 1


@dataclass(frozen=True)
class Place:
    """Where sensors are looked for: the roots of sysfs and procfs, and the process that is measured."""

    pid: int
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")


def missing(name: str, unit: str, source: str, reason: str) -> Sensor:
    """A sensor that this box has not, or not for us."""
    return Sensor(SensorFacts(name, unit, source, reason=reason), None)


def number(path: Path, scale: float = 1.0) -> float:
    """The number in a file of sysfs or procfs times `scale`; raises Unreadable."""
    try:
        return float(path.read_text()) * scale
    except PermissionError as error:
        raise Unreadable(f"{path} is for root only") from error
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from error


def text(path: Path) -> str:
    """A file of sysfs or procfs without its line end, "" where it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
