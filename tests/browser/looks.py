"""What a page is to those who cannot see it, or not well, or who print it: asked of the rendered page itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Contrast:
    """A piece of text, its ratio of luminances to what is behind it (WCAG 2.2, 1.4.3), and the element it stands in."""

    text: str
    ratio: float
    place: str


def contrasts(page: Page) -> list[Contrast]:
    """Every visible piece of text of the page, that in figures too."""
    return [Contrast(one["text"], one["ratio"], one["place"]) for one in _ask(page, "contrasts")]


def brightness(page: Page) -> float:
    """Of the page's ground: 0 black, 1 white."""
    shade: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", shade)[:3]) / 765


def order_of_headings(page: Page) -> list[int]:
    """The levels of all headings as they follow one another."""
    tags = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "all => all.map(one => one.tagName)")
    return [int(tag[1]) for tag in tags]


def violations(page: Page) -> list[str]:
    """What axe-core objects to, of any weight, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found for node in one["nodes"][:4]]


def reached_by_tab(page: Page) -> tuple[dict[str, bool], set[str]]:
    """Controls in the order the tab key reaches them and whether each shows its focus; and all there are."""
    controls = set(_ask(page, "controls"))
    reached: dict[str, bool] = {}
    for _ in range(len(controls) + 2):
        page.keyboard.press("Tab")
        focus = _ask(page, "focused")
        if focus["at"] is not None:
            reached[focus["at"]] = focus["visible"]
    return reached, controls


def printed(page: Page) -> str:
    """All text of the page as printed to PDF, squeezed."""
    from pypdf import PdfReader

    return squeezed("".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages))


def squeezed(text: str) -> str:
    """The text without the spaces, line breaks and ligatures of a printed page, in small letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def _ask(page: Page, question: str) -> Any:
    return page.evaluate(f"{_SCRIPT}.{question}()")
