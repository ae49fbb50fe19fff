"""The same tables for the terminal: verdicts, costs, noise floor, remarks, and last the sentences."""

from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from harness.core.verdict import Analysis
from harness.report import checks, costs, evidence, noise, runtimes, speed, standing
from harness.report.tables import TAGS, Cell, Table, matrix
from harness.report.view import View
from harness.report.wording import SYMBOLS, marked, public

_STYLES = {
    "equivalent": "blue",
    "degraded": "red",
    "improved": "green",
    "inconclusive": "yellow",
    "broken": "magenta",
    "no information": "bright_black",
    "invalid": "magenta",
}


def show(analysis: Analysis, console: Console) -> None:
    """Print the comparison at the console's width; tables too wide are cut into groups of columns."""
    view = View(analysis)
    tables = (
        *(runtimes.side_by_side(view), matrix(view), costs.summary(view), *_speed(view), noise.replicates(view)),
        *(noise.bridges(view), evidence.diagnostics(view), checks.guards(view), checks.failures(view)),
    )
    for table in tables:
        if table.key == "noise" and (words := noise.silence(view)):
            console.print(Text(public(words)), end="\n\n")
        elif table.rows and _wanted(table, view):
            _show(table, console)
    if view.quality:
        console.print(Text("  ".join(map(marked, SYMBOLS)), style="dim"))
        console.print()
    for claim in view.claims:
        console.print(Text(public(claim.sentence), style="bold"))
    if not view.claims:
        console.print(Text("No quality comparison could be made, so there is no claim.", style="bold"))


def _speed(view: View) -> list[Table]:
    """What the page has open on speed, then why figures are marked and rounds ended."""
    shown = [table for table in speed.by_step(view) if not table.folded]
    return [*shown, standing.objections(view), standing.rounds(view)]


def _wanted(table: Table, view: View) -> bool:
    """Whether a table is worth its lines here: of imported arms fidelity is known, and neither size nor speed."""
    known = {
        "matrix": bool(view.quality),
        "costs": bool(view.analysis.speed) or any(arm.weights_bytes for arm in view.arms),
        "diagnostics": any(cell.imported for cell in view.analysis.plan.cells),
    }
    return known.get(table.key, True)


def _show(table: Table, console: Console) -> None:
    """Each cell on one line where that fits the width, else its second line below."""
    texts = [[_field(cell, " ") for cell in row] for row in table.rows]
    if sum(_widths(table, texts, console)) > console.width:
        texts = [[_field(cell, "\n") for cell in row] for row in table.rows]
    console.print(Text(table.title, style="bold"))
    for columns in _groups(table, _widths(table, texts, console), console.width):
        shown = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for index in columns:
            side: JustifyMethod = "left" if index in table.words else "right"
            shown.add_column(Text(public(table.columns[index])), justify=side, overflow="fold")
        for row in texts:
            shown.add_row(*(row[index] for index in columns))
        console.print(shown)
        console.print()


def _field(cell: Cell, between: str) -> Text:
    """Text and second line; a verdict's words are left to the legend, its symbol stands in the text."""
    detail = "\n".join(line for line in cell.detail.split("\n") if line not in (*SYMBOLS, *TAGS))
    text = Text(public(cell.text), style=_STYLES.get(cell.tone, ""))
    return text.append(between + public(detail), style="dim") if detail else text


def _widths(table: Table, texts: list[list[Text]], console: Console) -> list[int]:
    """Cells each column needs, with its padding."""
    columns = zip(map(Text, map(public, table.columns)), *texts, strict=True)
    return [2 + max(Measurement.get(console, console.options, text).maximum for text in column) for column in columns]


def _groups(table: Table, widths: list[int], width: int) -> list[list[int]]:
    """Columns in groups that fit the width, each led by the first column; a table of words is wrapped instead."""
    if len(table.words) == len(widths) or sum(widths) <= width:
        return [list(range(len(widths)))]
    groups: list[list[int]] = [[0]]
    for index in range(1, len(widths)):
        if len(groups[-1]) > 1 and sum(widths[one] for one in groups[-1]) + widths[index] > width:
            groups.append([0])
        groups[-1].append(index)
    return groups
