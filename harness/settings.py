"""Overrides to Settings: the only place that knows Hydra and OmegaConf.

Hydra's Compose API merges the files of conf/ (and of the user's folders, which win) once for each point. Sweeps are
expanded here with Hydra's own override grammar, because a plan has to see all points at once to pair and order them;
a group given as a list is expanded like a sweep, where Hydra would merge its entries into one.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString, ValueType
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness import bundle
from harness.core.config import Hardware, Load, Matrix, Model, Point, Protocol, Quantization, Runtime, Settings
from harness.core.errors import ConfigError
from harness.plan.gguf import overrides_for

_POINT_GROUPS = ("model", "quant", "runtime", "load")
_PLAIN = ("suite", "limit", "stop", "samples", "temperature", "seed", "timeout_seconds", "rerun")
_SINGLE = (*_PLAIN, "texts", "tasks", "baseline", "results", "reports", "protocol", "metering")
_LOCAL = "local"  # the entry that stands behind model=/path/to/weights.gguf
_PRIMARY = "quantharness"
_LOAD_FIELDS = {field for field in Load.__struct_fields__ if field not in ("key", "trace_sha256")}
_WORDS = {"hw": "box", "quant": "quantization"}
Merged = dict[str, Any]  # one point's configuration as plain data; becomes frozen types before it leaves this file


@dataclass(frozen=True)
class Request:
    """One override as typed: its key, Hydra's spelling of each of its values, and whether these make points."""

    text: str
    key: str
    choices: tuple[str, ...]
    spread: bool

    @property
    def head(self) -> str:
        """The first part of the key: a group or a top-level option."""
        return self.key.lstrip("+~").split(".")[0]


@dataclass(frozen=True)
class Place:
    """Where configuration comes from: the user's folders (later ones win), and the folder relative paths start at."""

    conf_dirs: tuple[Path, ...]
    cwd: Path


def load(
    overrides: Sequence[str], *, multirun: bool = False, conf_dirs: Sequence[Path] = (), cwd: Path | None = None
) -> Settings:
    """Everything a verb needs, resolved; raises ConfigError in one line for whatever does not parse."""
    place = Place(tuple(folder.resolve() for folder in conf_dirs), cwd or Path.cwd())
    for folder in place.conf_dirs:
        if not folder.is_dir():
            raise ConfigError(f"--conf {folder}: no such folder", "give a folder with hw/, model/, quant/ ... in it")
    # Hydra looks for its primary config before it knows the other folders; its store it always knows.
    ConfigStore.instance().store(_PRIMARY, OmegaConf.load(_config_file(place)))
    asked = [parse(text, multirun, place) for text in overrides]
    requests = [*_defaults(place), *asked]
    merged = [_merge(picks, requests, place) for picks in expand(requests)]
    return _settings(merged[0], [_point(one) for one in merged], tuple(overrides), place)


def parse(text: str, multirun: bool, place: Place) -> Request:
    """One override; raises ConfigError for bad grammar, a sweep without -m, or a name that no folder has."""
    key, _, spelled = text.partition("=")
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        raise ConfigError(f"cannot read override '{text}'", "write key=value, for example quant=q4_k_m") from error
    if key == "suite" and override.is_sweep_override():  # lm_eval:a,b names one suite of two tasks
        return parse(f"suite='{spelled}'", multirun, place)
    if override.is_sweep_override() and not multirun:
        raise ConfigError(f"'{text}' is a sweep", f"add -m, or write {key}=[{spelled}]")
    is_list = key in bundle.GROUPS and isinstance(override.value(), list)
    request = Request(text, key, tuple(_choices(override, text, place)), override.is_sweep_override() or is_list)
    if request.head not in (*bundle.GROUPS, *_SINGLE):
        hint = bundle.closest(request.head, (*bundle.GROUPS, *_SINGLE))
        raise ConfigError(f"unknown option '{request.head}' in {text}", hint)
    if request.spread and request.head not in _POINT_GROUPS:
        raise ConfigError(f"'{text}': {request.head} takes one value", f"sweeps go over {', '.join(_POINT_GROUPS)}")
    for choice in request.choices if key in bundle.GROUPS else ():
        _check_entry(key, choice, text, place)
    return request


def _choices(override: Override, text: str, place: Place) -> Iterator[str]:
    """Each value of an override in Hydra's own spelling; for a group, the names of entries."""
    key, _, spelled = text.partition("=")
    value: object = override.value()
    if override.value_type == ValueType.GLOB_CHOICE_SWEEP and isinstance(value, Glob):
        yield from value.filter(list(bundle.entries(key, place.conf_dirs)))
    elif override.is_sweep_override():
        yield from override.sweep_string_iterator()
    elif key not in bundle.GROUPS:
        yield spelled
    else:
        for part in value if isinstance(value, list) else [value]:
            yield part.text if isinstance(part, QuotedString) else str(part)


def _check_entry(group: str, choice: str, text: str, place: Place) -> None:
    known = bundle.entries(group, place.conf_dirs)
    if (group, choice) == ("model", _LOCAL):
        raise ConfigError(f"{text} names no file", "write model=/path/to/weights.gguf")
    if choice not in known and not _is_file(group, choice):
        raise ConfigError(f"unknown {_WORDS.get(group, group)} '{choice}' in {text}", bundle.closest(choice, known))


def _is_file(group: str, choice: str) -> bool:
    return group == "model" and choice.endswith(".gguf")


def _defaults(place: Place) -> Iterator[Request]:
    """The group choices of config.yaml, read like overrides, so that a default may be a list too."""
    file = _config_file(place)
    listed: Any = bundle.read_yaml(file).get("defaults", [])
    chosen = {group: value for entry in listed if isinstance(entry, dict) for group, value in entry.items()}
    for group in bundle.GROUPS:
        if group not in chosen:
            raise ConfigError(f"{file}: its defaults choose no {group}", f"add '- {group}: ...' as in conf/config.yaml")
        value = chosen[group]
        spelled = f"[{','.join(value)}]" if isinstance(value, list) else value
        yield parse(f"{group}={spelled}", False, place)


def _config_file(place: Place) -> Path:
    found = (folder / "config.yaml" for folder in (*reversed(place.conf_dirs), bundle.conf()))
    return next(file for file in found if file.is_file())


def expand(requests: Sequence[Request]) -> Iterator[dict[str, str]]:
    """Every combination of choices, key -> value; the last override of a key counts, the first key varies slowest."""
    last = {request.key: request for request in requests}
    for request in last.values():
        if not request.choices:
            raise ConfigError(f"'{request.text}' names nothing", f"see python -m harness list {request.head}")
    for values in itertools.product(*(request.choices for request in last.values())):
        yield dict(zip(last, values, strict=True))


def _merge(picks: dict[str, str], requests: Sequence[Request], place: Place) -> Merged:
    """The merged configuration of one point, every group with its `key`."""
    groups = {key: value for key, value in picks.items() if key in bundle.GROUPS}
    values = [_spelled(key, value) for key, value in picks.items() if key not in groups]
    named = dict(groups)
    if _is_file("model", groups["model"]):
        file = place.cwd / Path(groups["model"]).expanduser()
        values = [*overrides_for(file), *values]
        groups["model"], named["model"] = _LOCAL, file.stem
    data = _compose([f"{key}={value}" for key, value in groups.items()], values, place)
    for several in ("concurrency", "rates"):
        given = data["load"].get(several)
        data["load"] |= {several: [given]} if isinstance(given, int | float) else {}
    for group in bundle.GROUPS:
        swept = [r.key for r in requests if r.spread and r.head == group and r.key not in bundle.GROUPS]
        data[group]["key"] = named[group] + "".join(f"({key.split('.')[-1]}={picks[key]})" for key in swept)
    return data


def _spelled(key: str, value: str) -> str:
    """An override in Hydra's grammar; a field of a load is set whether or not its file mentions it."""
    group, _, field = key.partition(".")
    if group == "load" and field.partition(".")[0] in _LOAD_FIELDS:
        key = f"++{key}"
    return key if key.startswith("~") else f"{key}={value}"


def _compose(groups: list[str], values: list[str], place: Place) -> Merged:
    """One composition by Hydra; raises ConfigError in one line, with a suggestion for an unknown key."""
    folders = [*reversed(place.conf_dirs), bundle.conf()]
    search = ",".join(f"'file://{folder}'" for folder in folders[1:])
    where = [f"hydra.searchpath=[{search}]"] if search else []
    with initialize_config_dir(config_dir=str(folders[0]), version_base="1.3"):
        try:
            return _plain(compose(_PRIMARY, [*where, *groups, *values]))
        except (HydraException, OmegaConfBaseException) as error:
            first = str(error.__cause__ or error).strip().splitlines()[0]
            try:
                base = _plain(compose(_PRIMARY, [*where, *groups]))
            except (HydraException, OmegaConfBaseException):
                raise ConfigError(f"configuration does not compose: {first}", "mend the file it names") from error
            for text in values:
                _check_key(text, base)
            raise ConfigError(f"cannot apply {' '.join(values)}: {first}", "see the files in conf/") from error


def _plain(config: object) -> Merged:
    data: Merged = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    return data


def _check_key(text: str, base: Merged) -> None:
    """Raise ConfigError with the nearest key where the key of an override leads nowhere."""
    key = text.partition("=")[0].lstrip("+~")
    here: object = base
    for part in key.split("."):
        if not isinstance(here, dict) or (part not in here and not text.startswith("+")):
            hint = bundle.closest(part, here) if isinstance(here, dict) else f"see the values above {part}"
            raise ConfigError(f"unknown option '{key}'", hint)
        here = here.get(part)


def _point(merged: Merged) -> Point:
    return Point(
        model=bundle.convert(merged["model"], Model, f"model={merged['model']['key']}"),
        quant=bundle.convert(merged["quant"], Quantization, f"quant={merged['quant']['key']}"),
        runtime=bundle.convert(merged["runtime"], Runtime, f"runtime={merged['runtime']['key']}"),
        load=bundle.convert(merged["load"], Load, f"load={merged['load']['key']}"),
    )


def _night(matrix: Matrix) -> Matrix:
    """With the day's name (UTC) where the night is "auto"."""
    return msgspec.structs.replace(matrix, night=f"{datetime.now(UTC):%Y-%m-%d}") if matrix.night == "auto" else matrix


def _settings(merged: Merged, points: list[Point], overrides: tuple[str, ...], place: Place) -> Settings:
    """Points without repeats, the whole catalogue of quantizations, and what there is one of."""
    quants = bundle.catalogue("quant", Quantization, place.conf_dirs)
    quants |= {point.quant.key: point.quant for point in points}
    tasks = merged["tasks"]
    listed = [tasks] if isinstance(tasks, str) else tasks or []
    runtimes = bundle.catalogue("runtime", Runtime, place.conf_dirs)
    runtimes |= {point.runtime.key: point.runtime for point in points}
    baseline = str(merged["baseline"]).lower()
    quant, _, runtime = baseline.partition("@")
    if quant not in ("auto", "none", *quants):
        raise ConfigError(f"unknown baseline '{quant}'", bundle.closest(quant, ("auto", "none", *quants)))
    if runtime and runtime not in runtimes:
        raise ConfigError(f"unknown runtime '{runtime}' in baseline={baseline}", bundle.closest(runtime, runtimes))
    single = {key: merged[key] for key in _PLAIN}
    folders = {key: str(place.cwd / Path(merged[key] or key).expanduser()) for key in ("results", "reports")}
    built = {
        "hw": bundle.convert(merged["hw"], Hardware, f"hw={merged['hw']['key']}"),
        "points": tuple(point for n, point in enumerate(points) if point not in points[:n]),
        "quants": quants,
        "runtimes": runtimes,
        "matrix": _night(bundle.convert(merged["matrix"], Matrix, f"matrix={merged['matrix']['key']}")),
        "protocol": bundle.convert(merged["protocol"], Protocol, "protocol"),
        "metering": merged.get("metering", {}),
        "texts": merged.get("texts", True),
        "tasks": () if listed == ["all"] else tuple(listed),
        "baseline": baseline,
        "overrides": overrides,
    }
    return bundle.convert({**single, **folders, **built}, Settings, "config.yaml")
