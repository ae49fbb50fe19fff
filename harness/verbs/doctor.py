"""`doctor`: is this computer ready to measure? One line per check, each with the next command where it is not."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from harness import bundle, environment, machine
from harness.core.config import Hardware, Runtime
from harness.core.errors import NotFound, UserError
from harness.core.record import Machine
from harness.core.units import GIB, in_bytes
from harness.plan.box import describe
from harness.verbs import Arguments

State = Literal["ok", "warn", "fail"]
_COLOURS: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "red"}
_MODULES = (
    *("hydra", "msgspec", "yaml", "numpy", "scipy", "pandas", "pyarrow", "duckdb", "statsmodels", "matplotlib"),
    *("jinja2", "rich", "psutil", "huggingface_hub", "lm_eval"),
)
_QUIET_LOAD = 0.5  # load average per core above which timings are not to be trusted
_DISK_BYTES = 5 * GIB


@dataclass(frozen=True)
class Check:
    """What was looked at, how it stands, and what to do where it is not ok."""

    what: str
    state: State
    found: str
    hint: str = ""


def main(args: Arguments) -> int:
    """Print all checks; 1 if one of them failed, else 0."""
    console = Console(highlight=False, markup=False)
    here = machine.inspect()
    checks = [*software(args), *box(here, args), *folders(Path.cwd())]
    for check in checks:
        hint = f"; {check.hint}" if check.hint else ""
        state = Text(f"{check.state:<4}", _COLOURS[check.state])
        console.print(Text.assemble(state, f" {check.what}: {check.found}{hint}"), soft_wrap=True)
    failed = sum(check.state == "fail" for check in checks)
    console.print(f"{failed} failed" if failed else "Ready: python -m harness run")
    return 1 if failed else 0


def software(args: Arguments) -> Iterator[Check]:
    """Python, our dependencies, the engines of the runtimes, and whether the hub may be asked."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "ok" if sys.version_info >= (3, 11) else "fail", version)
    missing = missing_packages()
    found = f"missing {', '.join(missing)}" if missing else "all installed"
    yield Check("dependencies", "fail" if missing else "ok", found, "pip install -e ." if missing else "")
    for runtime in bundle.catalogue("runtime", Runtime, args.conf_dirs).values():
        if runtime.package:
            yield engine(runtime, environment.home())
    offline = os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    yield Check("model hub", "ok", "offline (HF_HUB_OFFLINE): only what is cached" if offline else "may be asked")


def missing_packages() -> list[str]:
    """Modules the harness imports that are not installed; nothing is imported to find out."""
    return [name for name in _MODULES if importlib.util.find_spec(name) is None]


def engine(runtime: Runtime, home: Path) -> Check:
    """Whether a runtime is ready, not installed (a warning, as another may do), or broken."""
    what = f"runtime {runtime.key}"
    try:
        found = environment.interpreter(runtime, home)
    except NotFound as error:
        return Check(what, "warn", "not installed", error.hint)
    except UserError as error:
        return Check(what, "fail", f"broken: {error.args[0]}", error.hint)
    where = found.python if found.environment else "this Python"
    return Check(what, "ok", f"ready: {found.packages[0].name} {found.packages[0].value} in {where}")


def box(here: Machine, args: Arguments) -> Iterator[Check]:
    """The machine, which box it is, and whether it is quiet enough to time anything."""
    boxes = tuple(bundle.catalogue("hw", Hardware, args.conf_dirs).values())
    found = machine.detect(boxes, here)
    yield Check("machine", "ok", describe(here))
    unknown_gpu = found.key == "cpu" and bool(here.gpus)
    hint = "add conf/hw/<key>.yaml for its GPU, or use --conf DIR" if unknown_gpu else ""
    yield Check("box", "warn" if unknown_gpu else "ok", f"hw={found.key} ({found.name})", hint)
    slow = here.governor not in ("", "performance")
    hint = "for steady timings: sudo cpupower frequency-set -g performance" if slow else ""
    yield Check("governor", "warn" if slow else "ok", here.governor or "not exposed by this system", hint)
    busy = here.load_average[0] > _QUIET_LOAD * here.cores
    hint = "stop other work before measuring speed" if busy else ""
    yield Check("load", "warn" if busy else "ok", f"{here.load_average[0]:.2f} on {here.cores} cores", hint)


def folders(here: Path) -> Iterator[Check]:
    """The content that ships inside, and room and permission for results in the current folder."""
    missing = [str(path) for path in (bundle.conf(), bundle.suites(), bundle.assets()) if not path.is_dir()]
    found = f"missing {', '.join(missing)}" if missing else "conf, suites and assets found"
    yield Check("content", "fail" if missing else "ok", found, "install again" if missing else "")
    free = shutil.disk_usage(here).free
    tight = free < _DISK_BYTES
    yield Check("disk", "warn" if tight else "ok", f"{in_bytes(free)} free in {here}", "make room" if tight else "")
    writable = os.access(here, os.W_OK)
    hint = "" if writable else "cd to a folder of yours, or set results=DIR reports=DIR"
    yield Check("results", "ok" if writable else "fail", f"{here} is {'' if writable else 'not '}writable", hint)
