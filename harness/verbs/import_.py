"""`import PATH [PATH ...]`: results of lm-eval, Inspect, llama-perplexity or a plain table into the store.

Every path is one arm. A llama-perplexity output belongs to the arm imported with it, or to the cell named by of=.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import bundle, machine
from harness.bundle import closest
from harness.core.errors import ConfigError, UserError
from harness.exchange.source import Source, Wanted
from harness.store.layout import Layout
from harness.verbs import Arguments, stored

if TYPE_CHECKING:
    from harness.exchange.keep import Kept

_KEYS = ("name", "model", "quant", "runtime", "metric", "tasks", "of")
_EXAMPLE = "python -m harness import lm_eval_output/ name=q4 quant=q4_k_m"


@dataclass(frozen=True)
class _Asked:
    paths: tuple[Path, ...]
    wanted: Wanted
    layout: Layout


def main(args: Arguments) -> int:
    """0; raises UserError, with nothing stored, where any of the paths cannot be taken whole."""
    from harness.exchange.detect import read

    asked = parse(args.overrides)
    sources = [read(path, asked.wanted) for path in asked.paths]
    console = Console(highlight=False, markup=False)
    for kept, source in _keep(sources, asked):
        for line in (_line(kept), *source.remarks):
            console.print(line, soft_wrap=True)
    console.print("Next: python -m harness compare BASELINE CANDIDATE", style="bold")
    return 0


def parse(words: Sequence[str]) -> _Asked:
    """Paths and key=value words; raises ConfigError for an unknown key or no path."""
    parts = [(word, *word.partition("=")) for word in words]
    said = {key: value for _, key, equals, value in parts if equals and not _is_path(key)}
    paths = [Path(word).expanduser() for word, key, equals, _ in parts if not equals or _is_path(key)]
    for key in said:
        if key not in (*_KEYS, "texts", "results"):
            raise ConfigError(f"{key}= means nothing here", closest(key, (*_KEYS, "texts", "results")))
    if not paths:
        raise ConfigError("import needs a file or folder", f"for example {_EXAMPLE}")
    texts = said.pop("texts", "true").lower()
    if texts not in ("true", "false"):
        raise ConfigError(f"texts={texts}: neither true nor false", "texts=false leaves prompts and replies behind")
    tasks = tuple(task for task in said.pop("tasks", "").strip("[]").replace(" ", "").split(",") if task)
    layout = Layout(Path(said.pop("results", "results")).expanduser().resolve())
    return _Asked(tuple(paths), Wanted(**said, tasks=tasks, texts=texts == "true"), layout)


def _is_path(key: str) -> bool:
    """lm-eval makes folder names with "=" in them; what stands before it then has a slash or dot."""
    return "/" in key or "." in key


def _keep(sources: Sequence[Source], asked: _Asked) -> list[tuple["Kept", Source]]:
    """Store arms first, then the fidelity figures that may belong to the only one of them."""
    from harness.exchange.keep import Stamp, keep

    arms = [source for source in sources if source.items]
    figures = [source for source in sources if not source.items]
    named = arms or figures
    if asked.wanted.name and len(named) > 1:
        raise UserError(f"{len(named)} results cannot share the name {asked.wanted.name}", "import them one by one")
    of = stored.find_cell(asked.layout, asked.wanted.of)[0] if asked.wanted.of else None
    stamp = Stamp(machine.source(bundle.root()), datetime.now(UTC))
    done = [(keep(one, asked.wanted, None, asked.layout, stamp), one) for one in arms]
    if len(arms) == 1 and of is None:
        of = done[0][0].cell
    unnamed = replace(asked.wanted, name="") if arms else asked.wanted
    return done + [(keep(one, unnamed, of, asked.layout, stamp), one) for one in figures]


def _line(kept: "Kept") -> str:
    """What was stored, and how to name it in other verbs."""
    cell = kept.cell
    known = f"{cell.id}" + (f" ({cell.name})" if cell.name else "")
    if not kept.fresh:
        return f"already imported as {known}: {cell.arm}"
    tasks = getattr(cell.work, "tasks", ())
    what = f"tasks {', '.join(tasks)}" if tasks else "fidelity figures"
    return f"imported {known}: {cell.arm}, {what}"
