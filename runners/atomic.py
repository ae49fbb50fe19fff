"""Files and folders that are there whole or not at all, whatever kills the process that writes them."""

import os
import shutil
from pathlib import Path

import psutil


def write_whole(target: Path, content: bytes) -> None:
    """Write a small file so that a reader sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    part.write_bytes(content)
    settle(part, target)


def part_of(target: Path) -> Path:
    """Where this process builds `target`: beside it, so that a rename brings it into place."""
    return target.with_name(f".{target.name}.{os.getpid()}.part")


def settle(part: Path, target: Path) -> None:
    """Bring a finished file or folder to the disk, then give it its name."""
    for path in [*part.rglob("*"), part]:
        _flush(path)
    try:
        part.replace(target)
    except OSError:
        # Of two processes that made the same folder at once, the first one's stays.
        if not (part.is_dir() and target.is_dir()):
            raise
        discard(part)
    _flush(target.parent)


def discard(part: Path) -> None:
    """Delete a file or folder if it is there."""
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Delete what processes that are gone left unfinished."""
    for part in folder.glob(".*.part"):
        process = part.name.split(".")[-2]
        if not (process.isdigit() and psutil.pid_exists(int(process))):
            discard(part)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
