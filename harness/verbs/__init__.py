"""One file per verb, each with `main(args: Arguments) -> int`; imports nothing, so that start-up stays quick."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Arguments:
    """What stood after the verb: positional words (Hydra overrides, ids, folders) in order, and the flags."""

    overrides: tuple[str, ...] = ()
    multirun: bool = False
    conf_dirs: tuple[Path, ...] = ()
    other_box: bool = False
