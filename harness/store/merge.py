"""Join results folders of several boxes: nothing is overwritten or deleted, and nothing written where one refuses.

All that is new is checked first (it can be read, lies where it belongs, has the bytes whose digests were written), then
copied into the scratch folder, then renamed into place, attempts before the plans that name them. A merge that is
killed leaves whole attempts or none of them; the same command again brings the rest.
"""

import filecmp
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError, NotFound, SchemaError
from harness.store import calibrations, read, references, sums
from harness.store.layout import Layout
from harness.store.lock import alone

_ATTEMPTS = "*/*/[0-9]*"
_FILES = ("*/calibrations/*.json", "*/references/*.json", "*/plans/*.json")  # plans last
_STAMPED = ("calibrations", "plans")


@dataclass(frozen=True)
class Piece:
    """What is merged as a whole: the folder of an attempt or a single file, at `place` below the results folder."""

    root: Path
    place: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.root / self.place


@dataclass(frozen=True)
class Merged:
    """What a merge brought: how many attempts and other files are new, how many were there already, and remarks."""

    attempts: int
    files: int
    present: int
    remarks: tuple[str, ...]


def merge(sources: Sequence[Path], target: Path, since: str = "") -> Merged:
    """Bring all that lies in `sources` into `target`; with `since` (YYYYMMDD) what was begun on that day or later.

    Raises NotFound for a source that is no folder, SchemaError for what this version cannot read, HarnessError for what
    is damaged, for two that differ under one name, and where the disk refuses. `target` is then as it was before.
    """
    for source in sources:
        if not source.is_dir():
            raise NotFound(f"no results folder {source}", "name folders that hold <box>/<cell>/ and <box>/plans/")
    layout = Layout(target)
    with alone(layout):
        found = [piece for source in sources if source.resolve() != target.resolve() for piece in pieces(source, since)]
        fresh: dict[Path, Piece] = {}
        for piece in found:
            known = fresh.get(piece.place) or Piece(target, piece.place)
            if known.path.exists():
                _agree(known, piece)
            else:
                fresh[piece.place] = piece
        unsummed = [piece for piece in fresh.values() if not _checked(piece)]
        if fresh:
            _bring(list(fresh.values()), layout)
    attempts = sum(piece.path.is_dir() for piece in fresh.values())
    remarks = [_remark(len(unsummed)), *(_left(source) for source in sources)]
    return Merged(attempts, len(fresh) - attempts, len(found) - len(fresh), tuple(filter(None, remarks)))


def pieces(root: Path, since: str = "") -> Iterator[Piece]:
    """What can be merged of a results folder, attempts first and plans last; half-written ones are left out."""
    for path in _seen(root, _ATTEMPTS):
        if (path / "record.json").is_file() and path.name >= since:
            yield Piece(root, path.relative_to(root))
    for pattern in _FILES:
        for path in _seen(root, pattern):
            if path.parent.name not in _STAMPED or path.name >= since:
                yield Piece(root, path.relative_to(root))


def _seen(root: Path, pattern: str) -> list[Path]:
    """In order, without what is hidden: scratch folders and caches."""
    found = (path for path in root.glob(pattern) if not path.relative_to(root).parts[0].startswith("."))
    return sorted(found)


def _agree(known: Piece, other: Piece) -> None:
    """Raise HarnessError where two that have one name differ."""
    if known.path.is_dir():
        names = {path.name for piece in (known, other) for path in piece.path.iterdir()}
        pairs = [(known.path / name, other.path / name) for name in sorted(names - {sums.NAME})]
    else:
        pairs = [(known.path, other.path)]
    for one, two in pairs:
        if not (one.is_file() and two.is_file() and filecmp.cmp(one, two, shallow=False)):
            raise HarnessError(f"{one} and {two} differ under one name",
                               "one was changed after it was measured: move that one away")


def _checked(piece: Piece) -> bool:
    """Whether its digests were checked, False where it has none; raises HarnessError for an unsound one."""
    kind = piece.path.parent.name
    if piece.path.is_file():
        if kind == "plans":
            read.plan_file(piece.path)
        elif kind == "calibrations":
            calibrations.read(piece.path)
        else:
            references.read_one(piece.path)
        return True
    run = read.record(piece.path).run
    if piece.place.parts[0] != run.cell.hw or not piece.place.name.endswith(f"-{run.run_id}"):
        raise SchemaError(f"{piece.path} holds the record of run {run.run_id} on {run.cell.hw}", "move it where it was")
    if any(path.is_symlink() or not path.is_file() for path in piece.path.iterdir()):
        raise HarnessError(f"{piece.path} holds something that is no file", "move it away")
    try:
        damage = sums.damage(piece.path)
    except FileNotFoundError:
        return False
    if damage:
        raise HarnessError(f"{piece.path}: {damage}", "take it from another copy, or move it away")
    return True


def _bring(fresh: Sequence[Piece], layout: Layout) -> None:
    """Copy all into the scratch folder, then rename each into place; raises HarnessError where the disk refuses."""
    try:
        for piece in fresh:
            copy = layout.scratch / piece.place
            copy.parent.mkdir(parents=True, exist_ok=True)
            if piece.path.is_dir():
                shutil.copytree(piece.path, copy)
            else:
                shutil.copyfile(piece.path, copy)
        os.sync()  # once for all of them, before the first one can be seen
        for piece in fresh:
            place = layout.root / piece.place
            place.parent.mkdir(parents=True, exist_ok=True)
            (layout.scratch / piece.place).rename(place)
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or _first(error)
        hint = "free some space and run the same command again"
        raise HarnessError(f"cannot merge into {layout.root}: {why}", hint) from error
    finally:
        shutil.rmtree(layout.scratch, ignore_errors=True)


def _first(error: Exception) -> str:
    """The first complaint of shutil, which gathers those of a whole folder."""
    found = error.args[0] if error.args else "unknown"
    return str(found[0][2] if isinstance(found, list) and found else found)


def _remark(unsummed: int) -> str:
    return f"{unsummed} attempts of an earlier version have no {sums.NAME}: taken as they are" if unsummed else ""


def _left(source: Path) -> str:
    """What stays where it is."""
    whole = {piece.place for piece in pieces(source)}
    half = [path for path in _seen(source, _ATTEMPTS) if path.is_dir() and path.relative_to(source) not in whole]
    half += source.glob("*/*/.building-*")
    journals = list(source.glob("*/*/journal*.jsonl"))
    if not (half or journals or whole):
        return f"{source}: no results in it"
    parts = [f"{len(half)} half-written attempts" * bool(half), f"{len(journals)} journals" * bool(journals)]
    words = " and ".join(filter(None, parts))
    return f"{source}: {words} left where they are" if words else ""
