"""The plain table that verbs print: a rule under its heads and nothing else."""

from rich import box as borders
from rich.table import Table


def ruled_table(title: str, left: int, *columns: str) -> Table:
    """Text in the first `left` columns, numbers to the right in the others."""
    table = Table(title=title, title_justify="left", title_style="bold", box=borders.SIMPLE_HEAD)
    table.pad_edge = table.show_edge = False
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < left else "right", overflow="fold")
    return table
