"""`export [CELL|PLAN] to=DIR format=...`: measured or imported arms in the forms that other tools read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness.bundle import closest
from harness.core.errors import ConfigError, NotFound
from harness.store.layout import Layout
from harness.verbs import Arguments, stored

if TYPE_CHECKING:
    from harness.exchange.outgoing import Outgoing

_FORMATS = ("lm_eval", "csv", "parquet", "every_eval_ever")
_EXAMPLE = "for example python -m harness export to=exported format=lm_eval"


@dataclass(frozen=True)
class _Asked:
    word: str
    folder: Path
    format: str
    layout: Layout


def main(args: Arguments) -> int:
    """0; raises NotFound where nothing was measured, UserError for a folder that is taken."""
    from harness.exchange.outgoing import settle

    asked = parse(args.overrides)
    arms = _arms(asked)
    fill, console = _writer(asked.format), Console(highlight=False, markup=False)
    for arm in arms:
        folder = settle(asked.folder / arm.slug, lambda draft, arm=arm: fill(arm, draft))  # type: ignore[misc]
        console.print(f"{arm.cell.label}: {folder}", soft_wrap=True)
        if left_out := [task.task for task in arm.suite.tasks if not _fits(asked.format, arm, task.task)]:
            console.print(f"  not in {asked.format}: {', '.join(left_out)} (parquet holds everything)", soft_wrap=True)
    return 0


def parse(words: Sequence[str]) -> _Asked:
    """One id at most, to= and format= (both needed), results=; raises ConfigError for anything else."""
    said = {key: value for key, equals, value in (word.partition("=") for word in words) if equals}
    ids = [word for word in words if "=" not in word]
    if unknown := [key for key in said if key not in ("to", "format", "results")]:
        raise ConfigError(f"{unknown[0]}= means nothing here", closest(unknown[0], ("to", "format", "results")))
    if len(ids) > 1 or not said.get("to") or not said.get("format"):
        raise ConfigError("export needs to=DIR, format= and at most one cell or plan", _EXAMPLE)
    if said["format"] not in _FORMATS:
        raise ConfigError(f"no format '{said['format']}'", closest(said["format"], _FORMATS))
    layout = Layout(Path(said.get("results", "results")).expanduser().resolve())
    return _Asked("".join(ids), Path(said["to"]).expanduser().resolve(), said["format"], layout)


def _arms(asked: _Asked) -> list["Outgoing"]:
    """The cell asked for, else the quality cells of the plan asked for, as far as they were measured."""
    from harness.core.record import Completed
    from harness.exchange.outgoing import Outgoing
    from harness.store import read
    from harness.store.attempts import Attempts, chosen
    from harness.store.items import split

    try:
        if not asked.word:
            raise NotFound("no cell named")
        cell, plan = stored.find_cell(asked.layout, asked.word)
        newest = Attempts(asked.layout).completed(cell)
        folders = [newest] if newest else []
    except NotFound:
        plan = read.plan(asked.layout, asked.word)
        folders = chosen(plan, Attempts(asked.layout))
    found = []
    for folder in folders:
        frame, record = read.items(folder), read.record(folder)
        if frame is not None and isinstance(record, Completed):
            found.append(Outgoing(plan.suite, record, split(frame), folder))
    if not found:
        raise NotFound(f"nothing measured of {asked.word or 'the last plan'}", "see python -m harness list results")
    return found


def _writer(name: str) -> Callable[["Outgoing", Path], None]:
    from harness.exchange import write_every_eval_ever, write_flat, write_lm_eval

    return {
        "lm_eval": write_lm_eval.write,
        "csv": write_flat.csv,
        "parquet": write_flat.parquet,
        "every_eval_ever": write_every_eval_ever.write,
    }[name]


def _fits(form: str, arm: "Outgoing", name: str) -> bool:
    """Whether a task is in what was written."""
    from harness.exchange.write_flat import in_csv

    task = next(one for one in arm.suite.tasks if one.task == name)
    return {"csv": in_csv(task), "every_eval_ever": task.output != "rolling"}.get(form, True)
