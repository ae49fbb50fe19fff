"""What every reader gives back, what the user may say about it, and the one form of "this file is wrong"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import UserError
from harness.core.record import ItemResult, ItemText, Reading
from harness.core.runtime import Detail
from harness.core.suite import Task

_NAME_LETTERS = 120


@dataclass(frozen=True)
class Wanted:
    """What the user said; "" where nothing. `metric` is the one to judge by, `tasks` those to take (none: all).

    `texts`: prompts, targets and replies are kept with the scores.
    """

    name: str = ""
    model: str = ""
    quant: str = ""
    runtime: str = ""
    metric: str = ""
    tasks: tuple[str, ...] = ()
    of: str = ""  # the cell that fidelity figures belong to
    texts: bool = True


@dataclass(frozen=True)
class Row:
    """An item with the place it was read from; `line` 0 where the format has no lines. `text` where it has any."""

    item: ItemResult
    line: int
    text: ItemText | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """One arm as another tool measured it. `backend` is the engine as far as the source says, "" if it does not.

    `files` are those that were read, `measured` when (ISO 8601, UTC), "" if not said. `remarks` are choices made and
    things that cannot be known, in words for the user. `figures` are fidelity figures, which belong to no item. `texts`
    are those of items that have any.
    """

    format: str
    files: tuple[Path, ...]
    model: str
    backend: str
    tasks: tuple[Task, ...] = ()
    items: tuple[ItemResult, ...] = ()
    figures: tuple[Reading, ...] = ()
    limit: int | None = None
    measured: str = ""
    packages: tuple[Detail, ...] = ()
    remarks: tuple[str, ...] = ()
    texts: tuple[ItemText, ...] = ()


def texts_of(rows: Iterable[Row]) -> tuple[ItemText, ...]:
    """Those of the rows that have any."""
    return tuple(row.text for row in rows if row.text)


def malformed(path: Path, reason: str, hint: str, line: int = 0) -> UserError:
    """The error for a file that cannot be taken: file, line, reason, what to do; nothing of it is imported."""
    where = f"{path}, line {line}" if line else str(path)
    return UserError(_one_line(f"{where}: {reason}"), _one_line(hint))


def _one_line(text: str) -> str:
    """Foreign text as it may stand in an error: line breaks and control characters made visible."""
    return "".join(char if char.isprintable() else "�" for char in text)


def plain_name(model: str) -> str:
    """A model's name without the folders of the machine it was measured on; hub names ("org/model") stay."""
    model = _one_line(model).strip()[:_NAME_LETTERS]
    if model.startswith(("/", ".", "~")) or "\\" in model or model[1:2] == ":":
        return model.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return model


def selected(tasks: Sequence[Task], wanted: Wanted, path: Path) -> tuple[Task, ...]:
    """The tasks to take; raises UserError for one that is not in the source."""
    known = [task.task for task in tasks]
    if missing := [name for name in wanted.tasks if name not in known]:
        raise malformed(path, f"no task {', '.join(missing)}", f"it has {', '.join(known)}")
    return tuple(task for task in tasks if not wanted.tasks or task.task in wanted.tasks)
