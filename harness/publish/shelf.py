"""The folder a site lies in: what is new or changed is written, what is gone is removed, nothing else is touched.

`.publish.json` says of each file what it was made of. Every file is written beside its place and renamed, pages after
what they link to, removals last: a publishing that is killed leaves a site that can be read, and the next goes on.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from harness.core.errors import HarnessError, SchemaError, UserError

MANIFEST = ".publish.json"
_SCHEMA = 1


@dataclass(frozen=True)
class Item:
    """A file at `path`: a digest of all it is made of, and its bytes, or the file that it is a copy of."""

    path: str
    made_of: str
    content: Callable[[], bytes] | Path


@dataclass(frozen=True)
class Done:
    """Numbers of files."""

    written: int
    kept: int
    removed: int


class _Manifest(msgspec.Struct):
    schema: int
    files: dict[str, str]


def put(target: Path, items: Iterable[Item]) -> Done:
    """Bring the items into `target`, in their order; raises UserError for a folder that is not empty and no site."""
    known = _known(target)
    files: dict[str, str] = {}
    written = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        if not known:  # from the first file on the folder is ours, so that one that is killed can go on
            _write(target / MANIFEST, msgspec.json.encode(_Manifest(_SCHEMA, {})))
        for item in items:
            files[item.path] = item.made_of
            place = target / item.path
            if known.get(item.path) != item.made_of or not place.is_file():
                written += _bring(item, place)
        gone = [path for path in known if path not in files]
        for path in gone:
            _remove(target, path)
        if files != known:
            _write(target / MANIFEST, msgspec.json.format(msgspec.json.encode(_Manifest(_SCHEMA, files)), indent=0))
    except OSError as error:
        hint = "make room or mend the folder and publish again; what is written is kept"
        raise HarnessError(f"cannot write {error.filename or target}: {error.strerror}", hint) from error
    return Done(written, len(files) - written, len(gone))


def has(target: Path, folder: str) -> bool:
    """Whether the site at `target` has any file below `folder`; raises as `put`."""
    return any(path.startswith(folder) for path in _known(target))


def _known(target: Path) -> dict[str, str]:
    """Path -> what it was made of, of the site that lies there."""
    manifest = target / MANIFEST
    if not manifest.is_file():
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UserError(f"{target} is not empty and no site that publish made", "name a new folder with --to")
        return {}
    try:
        found = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{manifest} is damaged: {error}", "delete the folder and publish again") from error
    if found.schema != _SCHEMA:
        raise SchemaError(f"{manifest} has schema {found.schema}; this version writes {_SCHEMA}", "name a new folder")
    return {path: made_of for path, made_of in found.files.items() if _inside(path)}


def _inside(path: str) -> bool:
    """Whether a path of a manifest, which anybody may have written, stays below its folder."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path


def _bring(item: Item, place: Path) -> bool:
    """Whether the file had to be written: pages whose bytes are the same stay as they are."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(item.content, Path):
        _copy(item.content, place)
        return True
    content = item.content()
    if place.is_file() and place.read_bytes() == content:
        return False
    _write(place, content)
    return True


def _write(place: Path, content: bytes) -> None:
    building = _beside(place)
    building.write_bytes(content)
    building.replace(place)


def _copy(source: Path, place: Path) -> None:
    """The same file under a second name where the disk allows it, else a copy."""
    building = _beside(place)
    building.unlink(missing_ok=True)
    try:
        os.link(source, building)
    except OSError:
        shutil.copy2(source, building)
    building.replace(place)
    building.unlink(missing_ok=True)  # renaming a file over itself under another name leaves both


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.new")


def _remove(target: Path, path: str) -> None:
    """The file, and the folders that it leaves empty."""
    (target / path).unlink(missing_ok=True)
    for folder in PurePosixPath(path).parents:
        if folder.parts and (target / folder).is_dir() and not any((target / folder).iterdir()):
            (target / folder).rmdir()
