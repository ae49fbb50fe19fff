"""The summary of every stored plan, each computed once and kept below results/ until what it was made of changes.

`results/.summaries/` can be deleted at any time: a summary is named by its plan, and stands only as long as the digests
of the plan's file, of its records and of the code that compares them are those it was made with.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

import harness
from harness.core.digest import short_id
from harness.core.errors import HarnessError
from harness.core.plan import Plan
from harness.core.summary import SUMMARY_SCHEMA, Summary
from harness.store import read
from harness.store.attempts import Attempts, Brief, chosen
from harness.store.layout import Layout

_FEW = 16  # summaries that one process makes sooner than others have started
_CODE = ("core", "stats", "compare", "store", "history")
_T = TypeVar("_T")


class _Kept(msgspec.Struct, frozen=True):
    key: str
    summary: Summary


@dataclass(frozen=True)
class _Task:
    """A plan's file, the attempts that count for it, the key of what they give, and when the plan was first begun."""

    plan_id: str
    path: Path
    folders: tuple[Path, ...]
    key: str
    stamp: str


def summaries(
    layout: Layout, say: Callable[[str], None] = lambda _: None, only: Collection[str] | None = None
) -> list[Summary]:
    """One summary per stored plan (so one per night), or per plan whose id is in `only`, newest last.

    What cannot be read costs its own plan only, or of a plan the cell whose record it was; `say` gets a line for each.
    """
    kept = _Store(layout.root / ".summaries", say)
    found_there = Attempts(layout, kept.briefs(), lambda error: say(f"left out: {error}"))
    tasks = list(_tasks(layout, found_there, say, only))
    found = {task.plan_id: one for task in tasks if (one := kept.get(task))}
    missing = [task for task in tasks if task.plan_id not in found]
    for task, made in _made(layout, missing):
        if isinstance(made, Summary):
            found[task.plan_id] = made
            kept.put(task, made)
        else:
            say(f"plan {task.plan_id} left out: {made}")
    if only is None:
        kept.index(found_there.found)
        kept.drop_others(found)
    else:
        kept.index(kept.briefs() | found_there.found)
    stamps = {task.plan_id: task.stamp for task in tasks}
    return sorted(found.values(), key=lambda one: (one.ended or stamps[one.plan], one.plan))


def attempts(layout: Layout) -> Attempts:
    """The attempts of a folder whose summaries were just made, which says nothing again of what cannot be read."""
    return Attempts(layout, _Store(layout.root / ".summaries", lambda _: None).briefs(), lambda _: None)


def _tasks(
    layout: Layout, attempts: Attempts, say: Callable[[str], None], only: Collection[str] | None
) -> Iterator[_Task]:
    """One per plan; of several files of one plan the newest."""
    code = code_digest()
    for path, begun in read.plans(layout).items():
        if only is not None and path.stem.split("-", 1)[-1] not in only:
            continue
        data = path.read_bytes()
        try:
            plan: Plan = read.decode(data, Plan, path)
        except HarnessError as error:
            say(f"left out: {error}")
            continue
        folders = tuple(chosen(plan, attempts))
        made_of = [(attempts.name(folder), attempts.brief(folder).sha256) for folder in folders]
        key = short_id((code, hashlib.sha256(data).hexdigest(), made_of, begun))
        yield _Task(plan.id, path, folders, key, read.stamp(begun))


def code_digest() -> str:
    """Names the code that makes summaries: its version, schema and source."""
    root = Path(harness.__file__).parent
    found = sorted(path for part in _CODE for path in (root / part).rglob("*.py"))
    digest = hashlib.sha256(f"{harness.__version__} {SUMMARY_SCHEMA}".encode())
    for path in found:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _made(layout: Layout, tasks: list[_Task]) -> Iterator[tuple[_Task, Summary | str]]:
    """Each task with its summary, or why there is none; many are made on all processors."""
    make = partial(_summary, layout)
    if len(tasks) < _FEW:
        yield from ((task, make(task)) for task in tasks)
        return
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        yield from zip(tasks, pool.map(make, tasks, chunksize=8), strict=True)


def _summary(layout: Layout, task: _Task) -> Summary | str:
    """Requests are not read: a summary has no latencies of single requests."""
    from harness.compare.analyse import analyse  # the statistics take longer to load than kept summaries to read
    from harness.compare.summarize import summarize

    try:
        plan = read.plan_file(task.path)
        loaded = [replace(read.loaded(layout, folder), requests=None) for folder in task.folders]
        made = summarize(analyse(plan, loaded))
        given = bool(loaded) and not made.started  # every record was made for another plan
        return msgspec.structs.replace(made, started=task.stamp, ended=task.stamp) if given else made
    except (HarnessError, OSError, ValueError, KeyError) as error:
        return str(error) or type(error).__name__


class _Store:
    """The files of .summaries/: one per plan, and one with what is known of all attempts."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._index = folder / "attempts"

    def briefs(self) -> dict[str, Brief]:
        """Path of an attempt -> what was known of it."""
        return _read(self._index, dict[str, Brief]) or {}

    def get(self, task: _Task) -> Summary | None:
        """The summary that was made of just this."""
        kept = _read(self._folder / f"{task.plan_id}.json", _Kept)
        return kept.summary if kept and kept.key == task.key else None

    def put(self, task: _Task, summary: Summary) -> None:
        """Keep it."""
        self._write(self._folder / f"{task.plan_id}.json", _Kept(task.key, summary))

    def index(self, briefs: Mapping[str, Brief]) -> None:
        """Keep what is known of the attempts."""
        if self.briefs() != briefs:
            self._write(self._index, briefs)

    def drop_others(self, plans: Iterable[str]) -> None:
        """Drop summaries of plans that are stored no more."""
        wanted = {f"{plan}.json" for plan in plans}
        for path in self._folder.glob("*.json"):
            if path.name not in wanted:
                with self._forgiven():
                    path.unlink(missing_ok=True)

    def _write(self, path: Path, value: object) -> None:
        with self._forgiven():
            self._folder.mkdir(parents=True, exist_ok=True)
            building = path.with_name(f".{path.name}.{os.getpid()}")
            building.write_bytes(msgspec.json.encode(value))
            building.replace(path)

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """A folder that cannot be written costs time, not the answer."""
        try:
            yield
        except OSError as error:
            self._say(f"cannot keep summaries in {self._folder}: {error.strerror}")
            self._say = lambda _: None


def _read(path: Path, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
