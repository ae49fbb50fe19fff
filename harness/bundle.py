"""Where the content that ships with the code lies: beside it in a checkout, under harness/_data in a wheel.

Also reads configuration entries without Hydra: what exists, its one-line name, and plain entries as types.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from harness.core.errors import ConfigError

GROUPS = ("hw", "model", "quant", "runtime", "load", "matrix")
T = TypeVar("T", bound=msgspec.Struct)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HERE = Path(__file__).resolve().parent
_NAME = re.compile(r"^name:\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
_COMMENT = re.compile(r"# (.*)")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")


def root() -> Path:
    """The folder that holds conf/, suites/ and assets/."""
    packed = _HERE / "_data"
    return packed if packed.is_dir() else _HERE.parent


def conf() -> Path:
    """Folder of the built-in configuration."""
    return root() / "conf"


def suites() -> Path:
    """Folder of the built-in suites."""
    return root() / "suites"


def assets() -> Path:
    """Folder of the weights that ship inside."""
    return root() / "assets"


def entries(group: str, conf_dirs: Sequence[Path] = ()) -> dict[str, Path]:
    """Key -> YAML file of every entry of a group, sorted by key; later folders of `conf_dirs` win."""
    found: dict[str, Path] = {}
    for folder in (conf(), *conf_dirs):
        found |= {path.stem: path for path in (folder / group).glob("*.yaml")}
    return dict(sorted(found.items()))


def name_of(path: Path) -> str:
    """The `name:` line of an entry, else its opening comment; quick, as no YAML is parsed."""
    text = path.read_text(encoding="utf-8")
    match = _NAME.search(text) or _COMMENT.match(text)
    return match.group(1) if match else ""


def closest(word: str, known: Iterable[str]) -> str:
    """ "did you mean x?" for the nearest known word, else the words to choose from."""
    words = sorted(known)
    folded = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in words}
    plain = re.sub(r"[^a-z0-9]", "", word.lower())
    close = difflib.get_close_matches(plain, folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]}?" if close else f"choose from {', '.join(words)}"


def convert(data: object, kind: type[T], where: str) -> T:
    """`data` as a `kind`; raises ConfigError naming `where`, the key and, for an unknown one, the nearest."""
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as error:
        unknown = _UNKNOWN.search(str(error))
        hint = closest(unknown.group(1), _all_fields(kind)) if unknown else "see the entries of conf/ for examples"
        raise ConfigError(f"{where}: {str(error).replace('$.', '')}", hint) from error


def _all_fields(kind: type[msgspec.Struct]) -> set[str]:
    """Field names of a type and of the types within it."""
    names: set[str] = set()
    for field in msgspec.structs.fields(kind):
        names.add(field.name)
        inner = [field.type, *getattr(field.type, "__args__", ())]
        for part in inner:
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                names |= _all_fields(part)
    return names - {"key"}


def read_yaml(path: Path) -> dict[str, object]:
    """A YAML mapping; raises ConfigError with the line where it does not parse."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}", "mend this YAML file") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a mapping of keys to values was expected", "mend this YAML file")
    return data


def catalogue(group: str, kind: type[T], conf_dirs: Sequence[Path] = ()) -> dict[str, T]:
    """All entries of a group whose files stand alone (no Hydra defaults in them), by key."""
    found = entries(group, conf_dirs)
    return {key: convert({**read_yaml(path), "key": key}, kind, str(path)) for key, path in found.items()}
