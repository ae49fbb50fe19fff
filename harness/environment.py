"""Which Python runs the cells of a runtime: the one that `setup` made for it, else the harness's own.

NAME.json under `home()` says where the environment in use lies. It is replaced whole, and only once the new one has
proved itself, so that a setup that fails or is killed leaves the old one in use.
"""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from harness import machine
from harness.core.config import Runtime
from harness.core.errors import NotFound, UserError
from harness.core.runtime import Detail

# Beside the engine's own distribution: what decides which numbers come out.
_RECORDED = ("lm-eval", "numpy", "torch", "mlx", "transformers", "tokenizers", "safetensors", "compressed-tensors")
_PATIENCE_SECONDS = 60
_ASK = "import json, platform, sysconfig; print(json.dumps([platform.python_version(), sysconfig.get_path('purelib')]))"


class Environment(Struct, frozen=True, forbid_unknown_fields=True):
    """An environment in use: `build` says for what it was made (CUDA, Metal, CPU), `made` when (UTC)."""

    name: str
    folder: str
    build: str
    made: str
    schema: int = 1

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(Path(self.folder) / "bin" / "python")


@dataclass(frozen=True)
class Interpreter:
    """A Python that has a runtime's engine, `packages` its versions; `environment` is "" for the harness's own."""

    python: str
    version: str
    environment: str
    packages: tuple[Detail, ...]


def home() -> Path:
    """The folder of all environments: HARNESS_ENVS, else in the user's data folder."""
    if given := os.environ.get("HARNESS_ENVS"):
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "quantharness" / "envs"


def registered(name: str, folder: Path) -> Environment | None:
    """The environment in use under that name, None if none was made; raises UserError for an unreadable note."""
    note = folder / f"{name}.json"
    try:
        return msgspec.json.decode(note.read_bytes(), type=Environment)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{note} cannot be read: {error}", command(name)) from error


def register(environment: Environment, folder: Path) -> None:
    """Make it the one in use."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{environment.name}.json"
    part = note.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(environment), indent=1))
    part.replace(note)


def command(name: str) -> str:
    """What makes an environment, as a hint."""
    return f"python -m harness setup {name}"


def interpreter(runtime: Runtime, folder: Path) -> Interpreter:
    """The Python for a runtime's cells.

    Raises NotFound where its engine is installed nowhere, UserError where its environment no longer works.
    """
    made = registered(runtime.extra, folder) if runtime.extra else None
    if made:
        version, site = ask(made)
        found = engine(runtime, site)
        if not found:
            raise UserError(f"the environment in {made.folder} has no {runtime.package}", command(runtime.extra))
        return Interpreter(made.python, version, made.name, _with_recorded(found, site))
    own = engine(runtime)
    if runtime.package and not own:
        hint = command(runtime.extra) if runtime.extra else f"pip install {runtime.package}"
        raise NotFound(f"runtime {runtime.key} is not installed", hint)
    return Interpreter(sys.executable, platform.python_version(), "", _with_recorded(own))


def engine(runtime: Runtime, site: str | None = None) -> tuple[Detail, ...]:
    """Name and version of the distribution that holds the runtime's engine, in `site` or here; () if there is none."""
    return machine.packages([name for name in (runtime.package, *runtime.other_builds) if name], site)[:1]


def _with_recorded(found: tuple[Detail, ...], site: str | None = None) -> tuple[Detail, ...]:
    named = {one.name for one in found}
    return (*found, *machine.packages([name for name in _RECORDED if name not in named], site))


def ask(made: Environment) -> tuple[str, str]:
    """Python version and package folder of an environment; raises UserError where its Python does not start."""
    words = [made.python, "-I", "-c", _ASK]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"the Python of {made.folder} does not start: {error}", command(made.name)) from error
    version, site = msgspec.json.decode(done.stdout, type=tuple[str, str])
    return version, site
