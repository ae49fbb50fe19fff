"""The first screen of a report: the sentence, what has to be known beside it, one table and one plot."""

from dataclasses import dataclass

from harness.core.cell import IMPORTED
from harness.report.forest import forest
from harness.report.glance import glance
from harness.report.plots import Picture, picture
from harness.report.sentence import failed, headline, missing
from harness.report.tables import Table
from harness.report.view import View

_SHARED = 3  # qualifiers on the first screen; all of them stand with the claims


@dataclass(frozen=True)
class Opening:
    """`warnings` must not be missed, `qualifiers` are what all claims share; `picture` is None without data."""

    sentence: str
    warnings: tuple[str, ...]
    qualifiers: tuple[str, ...]
    table: Table
    picture: Picture | None


def opening(view: View) -> Opening:
    """The first screen of an analysis."""
    found = forest(view)
    drawn = picture("opening", "The changes against the margin", [found.panel], found.caption) if found else None
    return Opening(headline(view), warnings(view), shared(view), glance(view), drawn)


def warnings(view: View) -> tuple[str, ...]:
    """What went wrong or is missing, each in a sentence."""
    cells, lost, left = len(view.analysis.plan.cells), len(failed(view)), missing(view)
    found = [f"{left} of {cells} planned cells are not measured: the same command goes on with them."] if left else []
    if lost:
        first = failed(view)[0]
        found.append(f"{lost} of {cells} planned cells failed, first {first.run.cell.label} ({first.kind}).")
    elsewhere = [view.label(one.arm) for one in view.analysis.plan.cells if one.hw == IMPORTED]
    if elsewhere:
        names = ", ".join(dict.fromkeys(elsewhere))
        found.append(f"Imported, so neither box nor engine could be checked: {names}.")
    found += [one for one in _qualifiers(view) if "set-up itself is not stable" in one]
    return tuple(found)


def shared(view: View) -> tuple[str, ...]:
    """What qualifies every claim, the most important first; () where claims have nothing in common."""
    every = [set(one.qualifiers) for one in view.claims]
    common = [one for one in _qualifiers(view) if all(one in found for found in every)]
    return tuple(common[:_SHARED])


def _qualifiers(view: View) -> list[str]:
    return list(dict.fromkeys(text for one in view.claims for text in one.qualifiers))
