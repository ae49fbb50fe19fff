"""`list`: what there is to choose from; `list results`, `plans`, `nights`: what was measured; `references`: accepted.

    python -m harness list results model=pocket quant=q8_0 --sort result
    python -m harness list plans verdict=degraded
    python -m harness list references --json

Words COLUMN=VALUE pick rows (with * for anything); newest first, 50 of them unless --all is given.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from harness import bundle
from harness.core.errors import ConfigError
from harness.verbs import Arguments, Flag

if TYPE_CHECKING:
    from harness.store.layout import Layout
    from harness.verbs.listed import Planned, Row

FLAGS = (
    Flag("sort", "what is stored by this column: numbers and times largest first", "COLUMN"),
    Flag("reverse", "the other way round"),
    Flag("all", "not only the newest 50"),
    Flag("json", "one JSON object a line"),
)
_SHOWN = 50
_STORED = ("results", "plans", "nights", "references")
_SHORT = {"hw": "box"}
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
    """Write the groups asked for (all, if none), or the stored results or plans of the folder in results=DIR."""
    words = [word for word in args.overrides if "=" not in word]
    for word in words:
        if word not in (*_TITLES, *_STORED):
            raise ConfigError(f"nothing to list called '{word}'", bundle.closest(word, (*_TITLES, *_STORED)))
    filters = [word for word in args.overrides if "=" in word and not word.startswith("results=")]
    if filters and not set(words) & set(_STORED):
        raise ConfigError(f"{filters[0]!r} picks nothing here", "python -m harness list results model=...")
    for word in words or _TITLES:
        if word in _STORED:
            _stored(word, filters, _folder(args.overrides), args.flags)
        else:
            sys.stdout.writelines(f"{line}\n" for line in _entries(word, args.conf_dirs))
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


def _stored(what: str, filters: Sequence[str], folder: Path, flags: dict[str, str]) -> None:
    """The table of what is stored, or its rows as JSON."""
    import msgspec

    from harness.verbs import fitted, listed

    columns = listed.COLUMNS[what]
    picks = dict(_pick(word, [column.title for column in columns]) for word in filters)
    if what == "nights":
        picks.setdefault("night", "?*")
    rows, found = _rows(what, folder, picks, flags)
    if "json" in flags:
        sys.stdout.writelines(f"{msgspec.json.encode(row).decode()}\n" for row in rows)
        return
    if not rows:
        picked = f" fit {' '.join(filters)}" if filters else ""
        verb = 'accept last --reason "..."' if what == "references" else "run"
        sys.stdout.write(f"no {what} in {folder}{picked}\nnext: python -m harness {verb}\n")
        return
    from rich.console import Console

    console = Console(highlight=False)
    texts = [[listed.text(row, column.title) for column in columns] for row in rows]
    hidden = fitted.show(columns, texts, console)
    more = f"{len(rows)} of {found:,}; --all for all. " if len(rows) < found else ""
    left_out = f"Too narrow for: {', '.join(hidden)} (--json has all)." if hidden else ""
    console.print(f"{more}{left_out}".strip(), style="dim", soft_wrap=True)
    console.print(f"next: python -m harness show {'ID' if what == 'results' else 'PLAN'}")


def _rows(what: str, folder: Path, picks: dict[str, str], flags: dict[str, str]) -> "tuple[Sequence[Row], int]":
    """The rows to be shown in order, and how many there are; files are opened for what is asked, and no more."""
    from harness.store import read
    from harness.store.layout import Layout
    from harness.verbs import listed

    layout, column, reverse = Layout(folder), _column(flags.get("sort", "when"), what), "reverse" in flags
    most = None if "all" in flags else _SHOWN
    if what == "references":
        accepted = [row for row in listed.referenced(layout) if _fits(row, picks)]
        return listed.ordered(accepted, column, reverse)[:most], len(accepted)
    begun = {} if what == "results" else read.plans(layout)
    paths = (read.attempts(layout) if what == "results" else list(begun))[::-1]
    count = len(paths)
    if column == "when" and not picks:  # a folder's name says when: the others need not be opened
        paths = (paths[::-1] if reverse else paths)[:most]
    if what != "results":
        first = column == "verdict" or "verdict" in picks
        plans = _plans([(path, begun[path]) for path in paths], layout, picks, first)
        shown = listed.ordered(plans, column, reverse)[:most]
        return shown if first else listed.with_verdicts(shown, layout), len(plans) if picks else count
    found = [one for path in paths if _fits(one := listed.result(path), picks)]
    count = len(found) if picks else count
    if column != "result":
        found = listed.ordered(found, column, reverse)[:most]
    found = [listed.with_result(one, layout) for one in found]
    return listed.ordered(found, column, reverse)[:most], count


def _plans(
    paths: Sequence[tuple[Path, str]], layout: "Layout", picks: dict[str, str], verdicts: bool
) -> "list[Planned]":
    """Of plans, with the stamps of their first starts, those that fit; with verdicts, if wanted, of what fits else."""
    from harness.verbs import listed

    others = {name: pattern for name, pattern in picks.items() if name != "verdict"}
    plans = [row for path, begun in paths if _fits(row := listed.planned(path, begun, layout), others)]
    return [row for row in listed.with_verdicts(plans, layout) if _fits(row, picks)] if verdicts else plans


def _column(name: str, what: str) -> str:
    from harness.verbs import listed

    known = [column.title for column in listed.COLUMNS[what]]
    if _SHORT.get(name, name) not in known:
        raise ConfigError(f"there is no column '{name}'", f"the columns are {', '.join(known)}")
    return _SHORT.get(name, name)


def _pick(word: str, known: Sequence[str]) -> tuple[str, str]:
    """Column and pattern of a word; raises ConfigError for an unknown column."""
    name, _, value = word.partition("=")
    if _SHORT.get(name, name) not in known:
        raise ConfigError(f"there is no column '{name}' to pick by", f"the columns are {', '.join(known)}")
    return _SHORT.get(name, name), value


def _fits(row: "Row", picks: dict[str, str]) -> bool:
    """Whether every pattern fits its column, in a plan's several names or verdicts any of them; ids may be cut."""
    for column, pattern in picks.items():
        text = str(getattr(row, column)).lower()
        ids = column in ("cell", "run", "plan", "when")
        wanted = f"{pattern.lower()}*" if ids else pattern.lower()
        if not any(fnmatchcase(one, wanted) for one in (text, *text.split(), *text.split(", "))):
            return False
    return True


def _folder(words: Iterable[str]) -> Path:
    """The results folder: results=DIR among the words, else ./results."""
    named = [word.partition("=")[2] for word in words if word.startswith("results=")]
    return Path(named[-1] if named else "results").expanduser().resolve()
