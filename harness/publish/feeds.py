"""Feeds of runs and steps: Atom (RFC 4287) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

An entry is named by a UUID made from what it is about (RFC 9562, version 5), so its name is the same wherever the site
lies and however often it is published. Addresses are absolute where the site's own is known; else Atom has relative
ones and JSON Feed, which wants absolute ones, none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from harness.history.steps import Change
from harness.publish import places
from harness.publish.said import cause, day, direction, name_of, size, title, trouble
from harness.publish.stock import Standing, Stock
from harness.report.wording import public

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
TITLE = "What quantization costs, and what the boxes deliver"
AUTHOR = "quantharness"
_MOST = 50
_NEVER = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Entry:
    """One thing that happened: its name as urn:uuid, its page, title, time (ISO 8601, UTC) and text."""

    id: str
    to: str
    title: str
    when: str
    text: str


def entries(stock: Stock) -> tuple[Entry, ...]:
    """The newest runs and the newest steps, newest first; a step is older than the runs that made it known."""
    steps = _newest([step for one in stock.standings.values() for step in _steps(one)])
    return tuple(_newest([*_runs(stock), *steps[:_MOST]]))


def _newest(found: list[Entry]) -> list[Entry]:
    return sorted(found, key=lambda one: (one.when, one.id), reverse=True)


def _runs(stock: Stock) -> Iterator[Entry]:
    for run in stock.runs[-_MOST:]:
        if run.ended:
            said = [arm.sentence for arm in run.arms if arm.sentence] or ["No claim about quality."]
            against = [f"Against it: {trouble(run)}."] if trouble(run) else []
            head = f"{title(run)}: {f'night {run.night}' if run.night else f'plan {run.plan}'}"
            yield Entry(_name("run", run.plan), places.run(run.plan), head, run.ended, " ".join([*said, *against]))


def _steps(one: Standing) -> Iterator[Entry]:
    for change in one.changes:
        head = f"{one.key.label} on {one.key.hw}: {name_of(change.series.place)} {direction(change)}"
        text = f"Since {day(change.since.when)}: {size(change)} {direction(change)}; {cause(change)}."
        yield Entry(_step_name(change), f"{one.key.path}#steps", head, change.since.when, text)


def _step_name(change: Change) -> str:
    return _name("step", *map(str, change.series.place[:-1]), repr(change.series.place.step), change.since.plan)


def _name(*parts: str) -> str:
    return uuid5(NAMESPACE_URL, "\x1f".join(("quantharness", *parts))).urn


def atom(found: tuple[Entry, ...], url: str) -> bytes:
    """The Atom feed; `url` is the site's address with a slash behind it, "" unknown."""
    ElementTree.register_namespace("", ATOM_NAMESPACE)
    feed = Element(_tag("feed"))
    _text(feed, "id", _name("feed", url))
    _text(feed, "title", TITLE)
    _text(feed, "updated", found[0].when if found else _NEVER)
    _text(SubElement(feed, _tag("author")), "name", AUTHOR)
    SubElement(feed, _tag("link"), {"rel": "self", "href": f"{url}{places.ATOM}"})
    SubElement(feed, _tag("link"), {"rel": "alternate", "type": "text/html", "href": f"{url}{places.FRONT}"})
    for one in found:
        entry = SubElement(feed, _tag("entry"))
        _text(entry, "id", one.id)
        _text(entry, "title", one.title)
        _text(entry, "updated", one.when)
        SubElement(entry, _tag("link"), {"rel": "alternate", "type": "text/html", "href": f"{url}{one.to}"})
        _text(entry, "summary", one.text)
    ElementTree.indent(feed)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _tag(name: str) -> str:
    return f"{{{ATOM_NAMESPACE}}}{name}"


def _text(parent: Element, name: str, text: str) -> None:
    """Without paths and control characters, which XML does not have."""
    SubElement(parent, _tag(name)).text = public(text)


def json_feed(found: tuple[Entry, ...], url: str) -> bytes:
    """The JSON feed; `url` as in `atom`."""
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "authors": [{"name": AUTHOR}],
        "language": "en",
    }
    if url:
        feed |= {"home_page_url": f"{url}{places.FRONT}", "feed_url": f"{url}{places.JSON_FEED}"}
    feed["items"] = [
        {"id": one.id, **({"url": f"{url}{one.to}"} if url else {}), "title": public(one.title),
         "content_text": public(one.text), "date_published": one.when}
        for one in found
    ]
    return json.dumps(feed, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
