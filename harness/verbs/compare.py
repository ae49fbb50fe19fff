"""`compare [PLAN]` or `compare BASELINE CANDIDATE` (cells, by id or name): verdicts from stored results."""

from rich.console import Console

from harness.store.layout import Layout
from harness.verbs import Arguments, stored


def main(args: Arguments) -> int:
    """0; raises NotFound for a plan or cell that is not stored."""
    from harness.compare.analyse import analyse
    from harness.report import terminal

    words = stored.parse(args.overrides, most=2)
    layout = Layout(words.results)
    plan = stored.plan_of(layout, words.ids)
    terminal.show(analyse(plan, stored.records_of(plan, layout)), Console(highlight=False))
    return 0
