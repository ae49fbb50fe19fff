"""The report folders that go with a site: found by their page and their inputs, copied file by file."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.core.digest import short_id
from harness.publish.shelf import Item
from harness.publish.stock import Report


class _Inputs(msgspec.Struct):
    plan: str = ""


def found(folder: Path) -> list[Report]:
    """Every report below `folder`, by name; hidden folders (reports that are being written) are none."""
    pages = sorted(folder.glob("*/index.html")) if folder.is_dir() else []
    return [
        Report(page.parent.name, _plan(page.parent / "inputs.json"))
        for page in pages
        if not page.parent.name.startswith(".") and (page.parent / "inputs.json").is_file()
    ]


def _plan(inputs: Path) -> str:
    try:
        return msgspec.json.decode(inputs.read_bytes(), type=_Inputs).plan
    except (OSError, msgspec.DecodeError):
        return ""


def items(folder: Path, report: Report) -> Iterator[Item]:
    """Its files, pages after what they show; links to elsewhere are left out."""
    root = folder / report.folder
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    inside = [path for path in files if path.resolve().is_relative_to(root.resolve())]
    for path in sorted(inside, key=lambda path: (path.suffix == ".html", path.relative_to(root).as_posix())):
        stat = path.stat()
        name = path.relative_to(root).as_posix()
        yield Item(f"reports/{report.folder}/{name}", short_id((stat.st_size, stat.st_mtime_ns)), path)
