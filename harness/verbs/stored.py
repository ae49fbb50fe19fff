"""What the verbs over stored results share: which folder, which plan, its records. Needs no Hydra and no engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import ConfigError
from harness.core.plan import Plan
from harness.store.items import LoadedRun
from harness.store.layout import Layout


@dataclass(frozen=True)
class Words:
    """Ids as given, and the folders; relative folders start where the command was given."""

    ids: tuple[str, ...]
    results: Path
    reports: Path


def parse(words: Sequence[str], most: int) -> Words:
    """Split ids from `results=DIR` and `reports=DIR`; raises ConfigError for anything else or more than `most` ids."""
    ids, folders = [], {"results": Path("results"), "reports": Path("reports")}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            ids.append(word)
        elif key in folders:
            folders[key] = Path(value)
        else:
            raise ConfigError(f"{word!r} means nothing here", "give ids, results=DIR or reports=DIR")
    if len(ids) > most:
        raise ConfigError(f"{len(ids)} ids given, {most} at most", "see python -m harness list results")
    return Words(tuple(ids), folders["results"].resolve(), folders["reports"].resolve())


def records_of(plan: Plan, layout: Layout, cells: frozenset[str] | None = None) -> list[LoadedRun]:
    """Of each cell the newest completed attempt, else the newest; speeds only from this plan's own rounds.

    Of staged work the newest attempt of the plan, completed or not: it is the one that went furthest. `cells` picks
    some of the plan's by their ids.
    """
    from harness.store import read

    found = []
    for cell in plan.cells:
        if cells is not None and cell.id not in cells:
            continue
        own = plan.id if cell.within_plan else None
        newest = read.latest if cell.staged else read.completed
        folder = newest(layout, cell, own) or read.latest(layout, cell)
        if folder is not None:
            found.append(read.loaded(layout, folder))
    return found
