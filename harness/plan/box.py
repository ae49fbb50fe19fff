"""The box asked for against the box found."""

from collections.abc import Sequence

from msgspec import structs

from harness.core.config import Hardware
from harness.core.errors import WrongBox
from harness.core.record import Machine
from harness.core.units import GIGA
from harness.machine import detect

_ANY_COMPUTER = "cpu"


def resolve(asked: Hardware, boxes: Sequence[Hardware], machine: Machine) -> Hardware:
    """The box to plan for: the one asked for by name, else (hw=auto) the one found.

    A box asked for by name keeps its facts, those of the CPU entry excepted: they are this machine's. What it costs its
    owner is always what was asked.
    """
    if asked.key == "auto":
        return structs.replace(detect(boxes, machine), cost=asked.cost)
    if asked.key == _ANY_COMPUTER and asked.memory_gb.value is None:
        return structs.replace(detect((), machine), cost=asked.cost)
    return asked


def is_same(asked: Hardware, found: Hardware) -> bool:
    """Whether the box asked for is the one found; every computer is a `cpu`."""
    return asked.key in ("auto", _ANY_COMPUTER, found.key)


def check(asked: Hardware, found: Hardware, machine: Machine, other_box: bool) -> bool:
    """True if the box is the one asked for, False if it is another and `other_box` allows it; else raises WrongBox."""
    if is_same(asked, found):
        return True
    if other_box:
        return False
    raise WrongBox(
        f"hw={asked.key} is {asked.name}, but this is {describe(machine)} (hw={found.key})",
        "use hw=auto, or --other-box to run here and record it as such",
    )


def describe(machine: Machine) -> str:
    """One line on what was found."""
    gpus = " and ".join(machine.gpus) or "no GPU"
    return f"{machine.cpu}, {machine.cores} cores, {machine.memory_bytes / GIGA:.1f} GB, {gpus}"
