"""One file per verb, each with `main(args: Arguments) -> int`; imports nothing, so that start-up stays quick."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Arguments:
    """What stood after the verb: positional words (Hydra overrides, ids, folders) in order, and the flags."""

    overrides: tuple[str, ...] = ()
    multirun: bool = False
    conf_dirs: tuple[Path, ...] = ()
    other_box: bool = False
    flags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flag:
    """A flag of one verb: a module's `FLAGS` are what it takes beside those of all verbs.

    `name` without the dashes. A flag that `takes` nothing is "yes" in `Arguments.flags` where it is given, one that
    takes a value (named so in the help) has that value; a flag that was not given is not there.
    """

    name: str
    help: str
    takes: str = ""
