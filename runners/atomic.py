"""Files that are there whole or not at all, whatever kills the process that writes them."""

import os
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
    """Bring a finished file to the disk, then give it its name."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sweep(folder: Path) -> None:
    """Delete the unfinished files of processes that are gone."""
    for part in folder.glob(".*.part"):
        process = part.name.split(".")[-2]
        if not (process.isdigit() and psutil.pid_exists(int(process))):
            part.unlink(missing_ok=True)
