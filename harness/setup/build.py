"""One setup from beginning to end: a new environment is made, checked with the pocket model, and taken into use.

Nothing of the one in use is touched before the new one has passed; it is deleted after.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from harness import bundle, environment
from harness.core.cell import Cell, Job, QualityWork
from harness.core.config import Artifact, Model, Quantization, Runtime
from harness.core.errors import UserError
from harness.environment import Environment
from harness.execute import child, collect
from harness.plan.artifact import Unusable, choose
from harness.setup.install import Installer, Refused, installer
from harness.setup.own import own
from harness.setup.recipe import TORCH_CPU, Recipe, constraints, dependencies

_CHECK_SECONDS = 900.0  # vLLM's first import compiles its modules, minutes on a slow disk
_DEV = "dev"


@dataclass(frozen=True)
class Wish:
    """What to make: the environment's name, a runtime that needs it, how, where, and whether with our tools for tests.

    `say` is told of each step.
    """

    name: str
    runtime: Runtime
    recipe: Recipe
    home: Path
    dev: bool
    say: Callable[[str], None]


def make(wish: Wish) -> Environment:
    """Make the environment and take it into use.

    Raises Refused where a step failed: the old environment is then as it was, and NAME.log in the folder says why.
    """
    with _alone(wish):
        before = _old(wish)
        _sweep(wish, before)
        folder = wish.home / f"{wish.name}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        log = wish.home / f"{wish.name}.log"
        log.unlink(missing_ok=True)
        made = Environment(wish.name, str(folder), wish.recipe.build, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            _install(wish, installer(folder, log))
            wish.say(f"checking that runtime {wish.runtime.key} works in it")
            _check(wish, made, log)
            environment.register(made, wish.home)
            undo.pop_all()
        if before and before.folder != made.folder:
            shutil.rmtree(before.folder, ignore_errors=True)
    return made


def _install(wish: Wish, into: Installer) -> None:
    recipe = wish.recipe
    wish.say(f"making {into.folder} with {'uv' if into.uv else 'venv and pip'}")
    into.create()
    wish.say(f"installing for {recipe.build}; what is said goes to {into.log}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        requires: list[str] = []
        if recipe.engine:
            into.install(["--no-deps", recipe.engine], recipe.variables)
            requires = into.requires(recipe.engine.partition("==")[0])
        wanted = folder / "requirements.txt"
        wanted.write_text("\n".join([*recipe.requirements, *dependencies(requires, recipe.without)]))
        pins = folder / "constraints.txt"
        pins.write_text("\n".join(constraints(_pins(), requires)))
        extras = ",".join(filter(None, [recipe.extra, _DEV if wish.dev else ""]))
        words = [*own(extras, folder), "--requirement", str(wanted), "--constraint", str(pins)]
        into.install([*words, *_indexes(recipe, into)], {**recipe.variables, **_cache(wish)})


def _indexes(recipe: Recipe, into: Installer) -> list[str]:
    """Where PyTorch's build for the CPU is wanted and the user's indexes do not have it: uv knows PyTorch's own."""
    if TORCH_CPU not in recipe.requirements or into.offers(TORCH_CPU):
        return []
    if into.uv:
        return ["--torch-backend", "cpu"]
    raise Refused(f"no package index has {TORCH_CPU}: add PyTorch's index for the CPU to pip's, or install uv")


def _pins() -> Sequence[str]:
    file = bundle.root() / "constraints.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else ()


def _cache(wish: Wish) -> dict[str, str]:
    """A cache of its own for a build made with flags: pip and uv know a cached build by its version alone."""
    if not wish.recipe.own_cache:
        return {}
    place = str(wish.home / "cache" / wish.recipe.build)
    return {"PIP_CACHE_DIR": place, "UV_CACHE_DIR": place}


def _check(wish: Wish, made: Environment, log: Path) -> None:
    """Raises Refused with the reason where the pocket model cannot be loaded."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "job.json").write_bytes(msgspec.json.encode(_job(wish.runtime, scratch)))
        ended = child.run("runners.check", scratch, _CHECK_SECONDS, python=made.python)
        with log.open("a", encoding="utf-8") as out:
            out.write(ended.log_tail)
        if ended.exit_code:
            raise Refused(f"it does not work: {collect.reason(scratch, ended).message}")


def _job(runtime: Runtime, scratch: Path) -> Job:
    artifact, scheme = pocket(runtime)
    work = QualityWork("check", "", (), None, 0)
    cell = Cell("here", "pocket", "", runtime.key, runtime.module, artifact, scheme, runtime.options, work)
    return Job(cell, str(scratch), str(bundle.assets()), str(scratch / "cache"), str(scratch / "journal"))


def pocket(runtime: Runtime) -> tuple[Artifact, str]:
    """The pocket model in full precision as the runtime reads it; no location where it reads no weights at all."""
    if runtime.options.get("base_url") == "":  # the user's own server answers
        return Artifact("path", ""), ""
    model = bundle.catalogue("model", Model)["pocket"]
    full = [one for one in bundle.catalogue("quant", Quantization).values() if one.full_precision]
    for quant in sorted(full, key=lambda one: (one.key != model.native, one.key not in model.artifacts)):
        try:
            return choose(model, quant, runtime)
        except Unusable:
            continue
    return Artifact("path", ""), ""


def _old(wish: Wish) -> Environment | None:
    """The one in use; a note that cannot be read names none."""
    try:
        return environment.registered(wish.name, wish.home)
    except UserError:
        return None


def _sweep(wish: Wish, used: Environment | None) -> None:
    """Delete what killed setups left."""
    for folder in wish.home.glob(f"{wish.name}-2*"):
        if used is None or str(folder) != used.folder:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(wish: Wish) -> Iterator[None]:
    try:
        wish.home.mkdir(parents=True, exist_ok=True)
        lock = (wish.home / f"{wish.name}.lock").open("w")
    except OSError as error:
        raise UserError(f"cannot write to {wish.home}: {error.strerror}", "name another with envs=DIR") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another setup of {wish.name} is at work in {wish.home}", "wait for it") from error
        lock.write(str(os.getpid()))
        yield
