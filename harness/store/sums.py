"""Digests of an attempt's files, kept beside them in the format of sha256sum: `sha256sum -c SHA256SUMS` checks them."""

from pathlib import Path

from harness.core.digest import file_digest

NAME = "SHA256SUMS"


def write(folder: Path) -> None:
    """Write the digests of all files that lie in `folder` now."""
    lines = [f"{file_digest(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != NAME]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")


def damage(folder: Path) -> str:
    """What is wrong with the files of `folder`, "" if they are those whose digests were written.

    Raises FileNotFoundError where none were: attempts made before there were digests.
    """
    text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    wanted = {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}
    present = {path.name for path in folder.iterdir()} - {NAME}
    for name in sorted(present | set(wanted)):
        if name not in wanted:
            return f"{name} was not there when its digests were written"
        if name not in present:
            return f"{name} is missing"
        if file_digest(folder / name) != wanted[name]:
            return f"{name} is not what was written"
    return ""
