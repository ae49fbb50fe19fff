"""Replies kept as they arrive, so that a killed run goes on where it stopped.

One JSON line per reply, appended with a single write. The first line names what the replies belong to (cell and
weights): a journal of another model is never read as this one's. A torn last line, left by a kill, is cut off.
"""

import os
from pathlib import Path
from typing import Self, TypeVar

import msgspec

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True):
    """One reply; `reply` is the JSON of a Score or a Generation."""

    key: str
    reply: msgspec.Raw


class Header(msgspec.Struct, frozen=True):
    """What the replies that follow belong to."""

    owner: str


class Journal:
    """An append-only file of replies; use as a context manager."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path, self._owner = path, owner
        self._replies: dict[str, msgspec.Raw] = {}
        self._file = -1

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = self._load()
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.truncate(self._file, kept)
        if kept == 0:
            self._append(Header(self._owner))
        return self

    def __exit__(self, *_: object) -> None:
        os.fsync(self._file)
        os.close(self._file)

    def _load(self) -> int:
        """Read whole lines into memory and return how many bytes are worth keeping (0: start afresh)."""
        data = self._path.read_bytes() if self._path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        header, _, rest = whole.partition(b"\n")
        if not header or msgspec.json.decode(header, type=Header).owner != self._owner:
            return 0
        for line in rest.splitlines():
            entry = msgspec.json.decode(line, type=Entry)
            # msgspec.Raw points into `data`; a copy lets the file's bytes go.
            self._replies[entry.key] = msgspec.Raw(bytes(entry.reply))
        return len(whole)

    def _append(self, value: msgspec.Struct) -> None:
        os.write(self._file, msgspec.json.encode(value) + b"\n")

    def __len__(self) -> int:
        return len(self._replies)

    def get(self, key: str, kind: type[T]) -> T | None:
        """The reply kept under `key`, or None."""
        raw = self._replies.get(key)
        return None if raw is None else msgspec.json.decode(raw, type=kind)

    def put(self, key: str, reply: msgspec.Struct) -> None:
        """Keep a reply; it survives the death of this process as soon as this returns."""
        self._append(Entry(key, msgspec.Raw(msgspec.json.encode(reply))))
