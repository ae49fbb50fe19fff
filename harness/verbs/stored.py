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


def records_of(plan: Plan, layout: Layout) -> list[LoadedRun]:
    """Of each cell the newest completed attempt, else the newest; speeds only from this plan's own rounds."""
    from harness.core.digest import file_digest
    from harness.store import read

    found = []
    for cell in plan.cells:
        folder = read.completed(layout, cell, plan.id if cell.kind == "load" else None) or read.latest(layout, cell)
        if folder is not None:
            path = str(folder.relative_to(layout.root))
            digest = file_digest(folder / "record.json")
            found.append(LoadedRun.of(read.record(folder), path, digest, read.items(folder)))
    return found
