"""A drawing as part of a page: only what draws is kept, styles become attributes, colours the page's own.

What matplotlib writes is read as XML and written anew from lists of allowed elements and attributes. Nothing else can
pass, whatever the drawing's labels say: no script, no style, no event handler, no reference out of the drawing. Without
style attributes the drawing also stands under a policy that allows none.
"""

import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markupsafe import Markup

from harness.report.wording import public

_ELEMENTS = frozenset({"svg", "g", "defs", "path", "use", "text", "tspan", "clipPath", "rect", "circle", "pattern"})
_PRESENTATION = frozenset(
    {
        *("fill", "fill-opacity", "fill-rule", "opacity", "stroke", "stroke-dasharray", "stroke-dashoffset"),
        *("stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width"),
        *("font-family", "font-size", "font-weight", "font-style", "text-anchor"),
    }
)
_GEOMETRY = frozenset(
    {
        *("id", "class", "x", "y", "width", "height", "viewBox", "d", "r", "cx", "cy", "transform", "clip-path"),
        *("patternUnits", "clip-rule"),
    }
)
_REFERENCE = re.compile(r"(#|url\(#)(?=[\w.-])")
_JOINTS = {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # matplotlib's own, which it writes as a style element
_INNER = re.compile(r"#[\w.-]+")


def embedded(svg: bytes, key: str, texts: tuple[str, str], colours: Mapping[str, str]) -> Markup:
    """The drawing as an element of a page, its ids prefixed with `key`, colours replaced (lower case) by `colours`.

    `texts` are its title and its description, which a reader who does not see it gets instead.
    """
    root = _kept(ElementTree.fromstring(svg), key, colours)
    root.attrib |= {"role": "img", "aria-labelledby": f"{key}-title {key}-desc", **_JOINTS}
    for at, (name, text) in enumerate(zip(("title", "desc"), texts, strict=True)):
        said = Element(name, {"id": f"{key}-{name}"})
        said.text = public(text)
        root.insert(at, said)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _kept(element: Element, key: str, colours: Mapping[str, str]) -> Element:
    """A copy of what is allowed of an element."""
    copy = Element(_local(element.tag), dict(_attributes(element, key, colours)))
    if _local(element.tag) in ("text", "tspan"):
        copy.text = element.text
    for child in element:
        if isinstance(child.tag, str) and _local(child.tag) in _ELEMENTS:
            copy.append(_kept(child, key, colours))
    return copy


def _attributes(element: Element, key: str, colours: Mapping[str, str]) -> list[tuple[str, str]]:
    found = {_local(name): value for name, value in element.attrib.items()}
    found |= _declarations(found.pop("style", ""))
    kept = []
    for name, text in found.items():
        value = " ".join(text.split())
        if name == "id":
            kept.append((name, f"{key}-{value}"))
        elif name == "href" and _INNER.fullmatch(value):
            kept.append((name, f"#{key}-{value[1:]}"))
        elif name in _PRESENTATION or name in _GEOMETRY:
            kept.append((name, _REFERENCE.sub(rf"\1{key}-", value) if "url(" in value else colours.get(value, value)))
    return kept


def _declarations(style: str) -> dict[str, str]:
    """The declarations of a style attribute."""
    pairs = (one.partition(":") for one in style.split(";") if ":" in one)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _local(name: str) -> str:
    return name.rpartition("}")[2]
