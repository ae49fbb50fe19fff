"""index.html: the document as one self-contained page without scripts; every string is escaped by jinja2."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.blocks import Prose
from harness.report.document import Document
from harness.report.plots import Picture
from harness.report.tables import Table
from harness.report.wording import SYMBOLS, public

_TEMPLATES = Path(__file__).parent / "templates"


def render(document: Document) -> str:
    """The page; only figures made by `plots` and the style sheet go in as they are."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = _kind
    environment.filters["svg"] = Markup
    style = Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment.get_template("index.html.j2").render(document=document, style=style, symbols=SYMBOLS) + "\n"


def _shown(value: object) -> object:
    """What any expression of the template prints: foreign strings without paths and control characters."""
    return public(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _kind(block: Table | Picture | Prose) -> str:
    return type(block).__name__.lower()
