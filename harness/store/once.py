"""Files that are written once: built beside their place, synced, then renamed, so that a reader sees all or nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from harness.core.errors import HarnessError, SchemaError


class _Versioned(Protocol):
    @property
    def schema(self) -> int: ...


_T = TypeVar("_T", bound=_Versioned)


def write(path: Path, value: object) -> Path:
    """Store `value` as JSON that a power cut leaves whole or not there; raises HarnessError where the disk refuses."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(value), indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(path)
        sync_folder(path.parent)
    return path


def read(path: Path, kind: type[_T], schema: int, what: str) -> _T:
    """What was written; raises SchemaError where it is none, or of another version."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is no {what}: {error}", "move it away or restore it") from error
    if found.schema != schema:
        raise SchemaError(f"{path} has schema {found.schema}; this version reads {schema}",
                          "upgrade the harness, or move it away")
    return found


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """A disk that refuses, in one line."""
    try:
        yield
    except OSError as error:
        hint = "free some space and run the same command again; what is measured is kept"
        raise HarnessError(f"cannot write {path}: {error.strerror}", hint) from error


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
