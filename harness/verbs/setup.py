"""`setup NAME`: an isolated environment for a runtime, with the build that fits this box, checked before it is used."""

import os
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from harness import bundle, environment, machine
from harness.core.config import Runtime
from harness.core.errors import ConfigError
from harness.setup.build import Wish, make
from harness.setup.install import Refused
from harness.setup.recipe import build_for, cmake_of, recipe
from harness.verbs import Arguments

_TAIL_LINES = 15


def main(args: Arguments) -> int:
    """0 if the environment is in use, 1 if it could not be made."""
    name, options = _words(args.overrides)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    runtimes = bundle.catalogue("runtime", Runtime, args.conf_dirs)
    runtime = runtime_for(name, runtimes)
    home = Path(options["envs"]).expanduser().absolute() if "envs" in options else environment.home()
    flags = os.environ.get("CMAKE_ARGS", "")
    how = recipe(runtime.extra, build_for(machine.inspect()), flags, cmake_of(bundle.root()))
    dev = options.get("dev") == "true"
    wish = Wish(runtime.extra, runtime, how, home, dev, lambda line: console.print(f"  {line}"))
    console.print(f"Environment {wish.name}, for {how.build}")
    try:
        made = make(wish)
    except Refused as error:
        return _refused(wish, error, console)
    found = environment.interpreter(runtime, home)
    versions = ", ".join(f"{one.name} {one.value}" for one in found.packages)
    console.print(f"Ready: {made.folder}\n  Python {found.version}, {versions}")
    if home != environment.home():
        console.print(f"  to use it: export HARNESS_ENVS={home}")
    console.print(f"Next: python -m harness run runtime={runtime.key}")
    return 0


def _words(words: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The name and the options; raises ConfigError for anything else."""
    names = [word for word in words if "=" not in word]
    options = dict(word.split("=", 1) for word in words if "=" in word)
    if len(names) != 1 or set(options) - {"envs", "dev"}:
        raise ConfigError("setup takes one runtime, and envs=DIR", "for example python -m harness setup vllm")
    return names[0], options


def runtime_for(name: str, runtimes: dict[str, Runtime]) -> Runtime:
    """The runtime that an environment is for, by the environment's name or the runtime's own."""
    if name in runtimes and runtimes[name].extra:
        return runtimes[name]
    users = [one for one in runtimes.values() if one.extra]
    # Of several, the engine itself (vllm) rather than what starts a server of it (vllm_served).
    users.sort(key=lambda one: one.key != one.extra.replace("-", "_"))
    if name not in {one.extra for one in users}:
        raise ConfigError(f"no environment called '{name}'", bundle.closest(name, {one.extra for one in users}))
    return next(one for one in users if one.extra == name)


def _refused(wish: Wish, error: Refused, console: Console) -> int:
    log = wish.home / f"{wish.name}.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    for line in lines[-_TAIL_LINES:]:
        console.print(f"  | {line}")
    old = environment.registered(wish.name, wish.home)
    kept = f"the environment of {old.made} stays in use" if old else "nothing was changed"
    console.print(f"Environment {wish.name} was not made: {error}; {kept}. The whole log: {log}", style="red")
    return 1
