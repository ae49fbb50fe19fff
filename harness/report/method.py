"""The method section in plain words (templates/method.txt): estimand, decisions, what is not claimed."""

from pathlib import Path

from harness.report.view import View
from harness.report.wording import percent
from harness.stats.sequential import Sides, boundary

_TEXT = Path(__file__).parent / "templates" / "method.txt"
_STOPPING = "Stopping early"  # said only of plans that do


def paragraphs(view: View) -> tuple[tuple[str, str], ...]:
    """(heading, text) pairs with the confidence levels filled in; each block of the file starts with its heading."""
    plan = view.analysis.plan
    alpha = plan.protocol.alpha
    text = _TEXT.read_text(encoding="utf-8").format(
        level=percent(1 - alpha, 0),
        inner=percent(1 - 2 * alpha, 0),
        alpha=percent(alpha, 0),
        change=_boundary(2),
        equivalence=_boundary(1),
    )
    blocks = (block.split("\n", 1) for block in text.strip().split("\n\n"))
    kept = ((heading, body) for heading, body in blocks if plan.staged or heading != _STOPPING)
    return tuple((heading, body.replace("\n", " ")) for heading, body in kept)


def _boundary(sides: Sides) -> str:
    """z at each look, at 5 % over all looks."""
    return ", ".join(f"{z:.2f}" for z in boundary(0.05, sides))
