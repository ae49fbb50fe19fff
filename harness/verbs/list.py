"""`list`: what there is to choose from; `list results`: what was measured. Imports neither Hydra nor numpy."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from harness import bundle
from harness.core.errors import ConfigError
from harness.verbs import Arguments

_TITLES = {
    "model": "models",
    "quant": "quantizations",
    "hw": "boxes",
    "runtime": "runtimes",
    "load": "loads",
    "matrix": "matrices: what is measured, and how often",
    "suite": "suites",
}


def main(args: Arguments) -> int:
    """Write the groups asked for (all, if none), or the stored results of the folder in results=DIR."""
    words = [word for word in args.overrides if not word.startswith("results=")]
    for word in words:
        if word not in (*_TITLES, "results"):
            raise ConfigError(f"nothing to list called '{word}'", bundle.closest(word, (*_TITLES, "results")))
    for word in words or _TITLES:
        lines = _results(args.overrides) if word == "results" else _entries(word, args.conf_dirs)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def _entries(group: str, conf_dirs: Sequence[Path]) -> Iterator[str]:
    """A heading and one line per entry."""
    found = _suites() if group == "suite" else bundle.entries(group, conf_dirs)
    yield f"{_TITLES[group]} ({group}=...)"
    width = max(map(len, found), default=0)
    yield from (f"  {key:<{width}}  {bundle.name_of(path)}".rstrip() for key, path in found.items())
    yield ""


def _suites() -> dict[str, Path]:
    return {path.stem: path for path in sorted(bundle.suites().glob("*.yaml"))}


def _results(words: Iterable[str]) -> Iterator[str]:
    """One line per attempt, oldest first within a cell."""
    folder = attempts_folder(words)
    found = sorted(folder.glob("*/*/*/record.json"))
    yield from (_brief(path) for path in found) if found else [f"no results in {folder}"]
    yield f"\nnext: python -m harness {'show ID' if found else 'run'}"


def _brief(path: Path) -> str:
    """Cell, run, start, outcome and label of one record; says so where it cannot be read."""
    from harness.core.record import RunRecord  # only here: the rest of `list` needs no record types

    try:
        read: RunRecord = msgspec.json.decode(path.read_bytes(), type=RunRecord)
    except msgspec.DecodeError:
        return f"{path.parent.parent.name}  unreadable by this version: {path}"
    run, outcome = read.run, type(read).__name__.lower()
    return f"{run.cell.id}  {run.run_id}  {run.started[:16]}  {outcome:<9}  {run.cell.hw}  {run.cell.label}"


def attempts_folder(words: Iterable[str]) -> Path:
    """The results folder: results=DIR among the words, else ./results."""
    named = [word.partition("=")[2] for word in words if word.startswith("results=")]
    return Path(named[-1] if named else "results").expanduser().resolve()
