"""The method section in plain words (templates/method.txt): estimand, decisions, what is not claimed."""

from pathlib import Path

from harness.report.view import View
from harness.report.wording import percent

_TEXT = Path(__file__).parent / "templates" / "method.txt"


def paragraphs(view: View) -> tuple[tuple[str, str], ...]:
    """(heading, text) pairs with the confidence levels filled in; each block of the file starts with its heading."""
    alpha = view.analysis.plan.protocol.alpha
    text = _TEXT.read_text(encoding="utf-8").format(
        level=percent(1 - alpha, 0), inner=percent(1 - 2 * alpha, 0), alpha=percent(alpha, 0)
    )
    blocks = (block.split("\n", 1) for block in text.strip().split("\n\n"))
    return tuple((heading, body.replace("\n", " ")) for heading, body in blocks)
