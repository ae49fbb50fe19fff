"""The first screen of a report: the sentence, what has to be known beside it, one table and one plot."""

from dataclasses import dataclass

from harness.report.forest import forest
from harness.report.gaps import warnings
from harness.report.glance import glance
from harness.report.plots import Picture, picture
from harness.report.sentence import headline
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


def shared(view: View) -> tuple[str, ...]:
    """What qualifies every claim, the most important first; () where claims have nothing in common."""
    every = [set(one.qualifiers) for one in view.claims]
    common = [one for one in _qualifiers(view) if all(one in found for found in every)]
    return tuple(common[:_SHARED])


def _qualifiers(view: View) -> list[str]:
    return list(dict.fromkeys(text for one in view.claims for text in one.qualifiers))
