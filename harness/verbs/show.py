"""`show ID`: one stored record, plan or night, readably: the headline first.

ID begins a cell's, run's or plan's id, or is an import's name, a night, or an attempt's folder. Long tables are folded
to what matters; --all unfolds them.
"""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from harness.core.errors import NotFound, UserError
from harness.report.wording import visible
from harness.store.layout import Layout
from harness.store.read import attempts, plans, record
from harness.verbs import Arguments, Flag, stored

FLAGS = (Flag("all", "every reading, window and package, not only what matters"),)


def main(args: Arguments) -> int:
    """Print what is found, a cell's newest attempt; raises NotFound for nothing, UserError for several cells."""
    words = stored.parse(args.overrides, most=1)
    if not words.ids:
        raise UserError("show takes one id", "see python -m harness list results")
    word, layout, console = words.ids[0], Layout(words.results), _Harmless(highlight=False, markup=False)
    found = find(word, layout.root)
    if not found:
        _plans(word, layout, console, "all" in args.flags)
        return 0
    from harness.verbs.show_record import show

    cells = {path.parent.name for path in found}
    if len(cells) > 1:
        raise UserError(f"'{word}' fits {len(cells)} cells: {', '.join(sorted(cells))}", "give more letters")
    show(record(found[-1]), found[-1], layout, console, "all" in args.flags)
    for path in found[:-1]:
        console.print(f"earlier attempt {path}", style="dim", soft_wrap=True)
    return 0


class _Harmless(Console):
    """A console that no text steers: records may come from elsewhere."""

    def render_str(self, text: str, **how: Any) -> Text:
        """As rich does, of visible characters."""
        return super().render_str(visible(text), **how)


def find(prefix: str, results: Path) -> list[Path]:
    """Attempts whose cell id or run id starts with `prefix`, or whose name it is, oldest first; [] for none."""
    direct = Path(prefix)
    if (direct / "record.json").is_file():
        return [direct.resolve()]
    folders = attempts(Layout(results))
    found = [f for f in folders if f.parent.name.startswith(prefix) or f.name.split("-", 1)[-1].startswith(prefix)]
    if not found and any(results.glob("imported/*")):
        named = {cell.id for cell, _ in stored.cells(Layout(results)) if cell.name == prefix}
        found = [folder for folder in folders if folder.parent.name in named]
    return found


def _plans(word: str, layout: Layout, console: Console, everything: bool) -> None:
    """The newest plan whose id begins so, else every plan of the night of that name, newest last."""
    from harness.verbs.show_plan import of_night, show

    paths = [path for path in reversed(plans(layout)) if path.stem.split("-", 1)[1].startswith(word)]
    paths = paths[:1] or of_night(word, layout)
    if not paths:
        raise NotFound(f"no record, plan or night '{word}' in {layout.root}", "see python -m harness list results")
    for path in reversed(paths):
        show(path, layout, console, everything)
