"""index.html: the document as one self-contained page; every string is escaped by jinja2."""

from harness.report.blocks import Block
from harness.report.document import Document
from harness.report.page import asset, environment, policy


def render(document: Document) -> str:
    """The page; only our own style and script, and drawings that `vector` has sifted, go in as they are."""
    style, script = asset("style.css"), asset("page.js")
    made = environment()
    made.filters["kind"] = _kind
    page = made.get_template("index.html.j2")
    return page.render(document=document, style=style, script=script, policy=policy([style], [script])) + "\n"


def _kind(block: Block) -> str:
    return type(block).__name__.lower()
