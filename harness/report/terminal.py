"""The same tables for the terminal: verdicts, costs, noise floor, remarks, and last the sentences.

Of the speeds only what a decision hangs on: the lightest step, which stands with the costs, and each load at its
busiest. All other steps and readings are in the report.
"""

from collections import Counter
from dataclasses import replace

from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from harness.core.verdict import Analysis
from harness.report import checks, costs, evidence, noise, runtimes, standing
from harness.report.figures import figure
from harness.report.readings import heading
from harness.report.steps import At, words
from harness.report.tables import TAGS, Cell, Table, matrix, row
from harness.report.view import View
from harness.report.wording import SYMBOLS, marked, public

_BUSY = ("throughput", "decode", "ttft")
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
        *(noise.bridges(view), evidence.diagnostics(view), _remarks(view), checks.failures(view)),
    )
    for table in tables:
        if table.key == "noise" and (said := noise.silence(view)):
            console.print(Text(public(said)), end="\n\n")
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
    """Each load at its busiest, then why figures are marked and rounds ended."""
    return [_busy(view), standing.objections(view), standing.rounds(view)]


def _busy(view: View) -> Table:
    """Throughput and latency of every arm where each load brings the most tokens; the costs tell of the lightest."""
    busiest = _busiest(view)
    names = [name for name in _BUSY if any(view.speeds.get(arm.arm, name, at) for arm in view.arms for at in busiest)]
    rows = tuple(
        row(view.label(arm.arm), words(at, view.speeds.steps),
            *(figure(view.speeds.get(arm.arm, name, at), view.speed_margin, brief=True) for name in names))
        for at in busiest
        for arm in view.arms
        if any(view.speeds.get(arm.arm, name, at) for name in names)
    )
    more = len(view.speeds.steps) - len({view.speeds.lightest, *busiest})
    title = "Under load" + (f", {more} more steps in the report" if more > 0 else "")
    return Table("busy", title, "", ("Quantization", "Load", *map(heading, names)), rows, (0, 1))


def _busiest(view: View) -> list[At]:
    """Of each load the step at which some arm writes the most tokens per second, but for the lightest of all."""
    found: dict[str, tuple[float, At]] = {}
    for at in view.speeds.steps:
        rates = (view.speeds.get(arm.arm, "throughput", at) for arm in view.arms)
        most = max((one.scored.score for one in rates if one and one.scored), default=-1.0)
        if at != view.speeds.lightest and most > found.get(at.load, (-1.0, at))[0]:
            found[at.load] = most, at
    return [at for _, at in found.values()]


def _remarks(view: View) -> Table:
    """The guards; why speeds are limited is told once for each arm, as the report tells it of every reading."""
    table = checks.guards(view)
    limited = [line for line in table.rows if _is_limited(line)]
    counts = Counter(line[0].text for line in limited)
    folded = [row(name, "speed", "limited", f"{count} reading{'' if count == 1 else 's'}: see the report")
              for name, count in counts.items()]
    return replace(table, rows=(*(line for line in table.rows if line not in limited), *folded))


def _is_limited(line: tuple[Cell, ...]) -> bool:
    return [cell.text for cell in line[1:3]] == ["speed", "limited"]


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
        for line in texts:
            shown.add_row(*(line[index] for index in columns))
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
