"""Drawings on a page: what draws is kept, everything else is not, whatever the drawing holds."""

import re
from html import unescape

from markupsafe import Markup

from harness.report.vector import embedded

HOSTILE = "\"><script>alert(1)</script><a href='javascript:x'>"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt">'


def shown(inside: str, title: str = "title") -> Markup:
    """A drawing with `inside` in it, on a page."""
    return embedded(f"{HEAD}{inside}</svg>".encode(), "k", (title, "description"), {"#1f2429": "currentColor"})


def test_style_attributes_become_attributes_in_the_colours_of_the_page() -> None:
    found = shown('<path d="M 0 0 \nL 1 1" style="fill: none; stroke: #1f2429; stroke-width: 0.8"/>')
    assert '<path d="M 0 0 L 1 1" fill="none" stroke="currentColor" stroke-width="0.8" />' in found
    assert "style" not in found


def test_ids_and_the_references_to_them_stay_together() -> None:
    found = shown('<defs><path id="m" d="M 0 0"/></defs><use xlink:href="#m"/><g clip-path="url(#m)"/>')
    assert 'id="k-m"' in found
    assert 'href="#k-m"' in found
    assert "url(#k-m)" in found


def test_nothing_but_drawing_passes() -> None:
    found = shown(
        "<script>alert(1)</script><style>@import 'http://x'</style><foreignObject><b>x</b></foreignObject>"
        '<a xlink:href="javascript:alert(1)"><text>linked</text></a><image href="http://x/y.png"/>'
        '<use xlink:href="http://x#m"/><g onload="alert(1)" onclick="alert(1)"><text>kept</text></g>'
        "<animate attributeName='href' to='javascript:x'/><metadata>m</metadata><!-- note -->"
    )
    assert set(re.findall(r"<(\w+)", found)) == {"svg", "title", "desc", "use", "g", "text"}
    for word in ("alert", "http", "javascript", "import", "note", " on"):
        assert word not in found


def test_hostile_words_stay_words() -> None:
    label = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    found = shown(f"<text>{label}</text>", title=HOSTILE)
    assert "<script" not in found
    assert unescape(found).count(HOSTILE) == 2


def test_a_reader_who_does_not_see_it_gets_its_title_and_description() -> None:
    found = shown("")
    assert 'role="img" aria-labelledby="k-title k-desc"' in found
    assert '<title id="k-title">title</title><desc id="k-desc">description</desc>' in found
