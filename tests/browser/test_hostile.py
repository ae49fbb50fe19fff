"""Nothing that a model, a task, an item or an error line says gets out of the place where it is shown."""

import csv
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from tests.browser.conftest import Opener
from tests.browser.hostile import EVIL, PAYLOADS, names, replies
from tests.browser.watched import Watched

HOSTILE = pytest.mark.parametrize("report", ["hostile"], indirect=True)
REPLIES = pytest.mark.parametrize("report", ["hostile_replies"], indirect=True)
EITHER = pytest.mark.parametrize("report", ["hostile", "hostile_replies"], indirect=True)
# What our own templates and figures are made of: an element of another kind came out of a text.
_OWN = """
html head meta link title style script body main header footer nav section article aside div span p a ul ol li dl dt
dd h1 h2 h3 h4 strong em b small abbr code pre kbd table caption colgroup col thead tbody tfoot tr th td details
summary figure figcaption dialog noscript form button input select option optgroup label fieldset legend output time
mark ins del br hr template svg g path rect circle line polyline polygon text tspan title desc defs use clippath
"""
_BREAKS = "<>\"'|`*$={\n\0\u202e"
_READ_ALL = """
async () => {
  const article = document.querySelector('article'), tags = new Set(), seen = new Set();
  document.querySelector('select[name=kind]').value = '';
  document.querySelector('.filters').dispatchEvent(new Event('input'));
  let said = '';
  for (let at = 0; at < 1100; at++) {
    for (let wait = 0; wait < 400 && !article.dataset.ready; wait++) await new Promise(done => setTimeout(done, 5));
    if (seen.has(article.dataset.ready)) break;
    seen.add(article.dataset.ready);
    article.querySelectorAll('*').forEach(one => tags.add(one.tagName.toLowerCase()));
    if (at < 50) said += article.textContent;
    document.querySelector('.list').dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));
  }
  return {items: seen.size, tags: [...tags], said};
}
"""
_PUT_IN = """
() => [
  () => { document.querySelector('article').innerHTML = '<img src=x onerror=window.__pwned=1>'; },
  () => document.querySelector('article').setHTMLUnsafe('<img src=x onerror=window.__pwned=1>'),
  () => document.write('<script>window.__pwned=1</' + 'script>'),
  () => document.body.append(document.createRange().createContextualFragment('<script>window.__pwned=1</' + 'script>')),
  () => document.body.append(Object.assign(document.createElement('script'), {text: 'window.__pwned=1'})),
  () => document.body.append(Object.assign(document.createElement('script'), {src: 'https://evil.invalid/x.js'})),
  () => document.body.append(Object.assign(document.createElement('img'), {src: 'https://evil.invalid/x.png'})),
].filter(put => { try { put(); return false; } catch { return true; } }).length
"""
_ESCAPED = """
<script>window.__pwned = 1</script><img src=x onerror=window.__pwned=1><img src=https://evil.invalid/x.png>
<link rel=stylesheet href=https://evil.invalid/x.css><iframe src='javascript:parent.__pwned=1'></iframe>
<a href='javascript:window.__pwned=1' id=bait>x</a><object data=https://evil.invalid/x></object>
<style>body { background: url(https://evil.invalid/x.png) }</style><p style='background: url(https://evil.invalid/x)'>
"""
_LINKS = {"href", "xlink:href", "src", "srcset", "srcdoc", "action", "formaction", "data", "poster", "background"}
_PROBE = """
() => ({
  pwned: window.__pwned,
  proto: ({}).__pwned,
  tags: [...new Set([...document.querySelectorAll('*')].map(one => one.tagName.toLowerCase()))],
  attributes: [...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames().map(
    name => [name, one.getAttribute(name), one.tagName])),
})
"""


def calm(watched: Watched) -> None:
    """No text of this page became a part of it."""
    folder = Path(unquote(urlsplit(watched.page.url).path)).parent
    watched.page.wait_for_timeout(50)
    found = watched.page.evaluate(_PROBE)
    assert found["pwned"] is None
    assert found["proto"] is None
    assert set(found["tags"]) <= set(_OWN.split())
    assert [one for one in found["attributes"] if one[0].startswith("on")] == []
    assert [one for one in found["attributes"] if one[0] in _LINKS and not _ours(one[1], folder)] == []


@REPLIES
def test_a_thousand_hostile_replies_stay_text_when_each_is_read(report: Path, opened: Opener) -> None:
    watched = opened()
    page = watched.open(report / "items.html")
    page.locator(".row").first.wait_for()
    read = page.evaluate(_READ_ALL)
    assert read["items"] == 1000
    assert set(read["tags"]) <= set(_OWN.split())
    assert "window.__pwned=1" in read["said"]
    calm(watched)


@REPLIES
@pytest.mark.parametrize("text", ["<img src=x onerror=window.__pwned=1>", "{{7*7}}", "</script>", "\u202e", "(", "\\"])
def test_a_hostile_text_can_be_searched_for(report: Path, opened: Opener, text: str) -> None:
    watched = opened()
    page = watched.open(report / "items.html")
    page.locator("input[name=text]").fill(text)
    page.locator(".count", has_text=re.compile(r"shown(?!.*searching)")).wait_for()
    calm(watched)


@REPLIES
def test_the_items_page_cannot_run_what_is_put_into_it(report: Path, opened: Opener) -> None:
    """Its policy knows our script and what that loads, and no text can become markup there at all."""
    watched = opened()
    page = watched.open(report / "items.html")
    page.locator(".row").first.wait_for()
    assert page.evaluate(_PUT_IN) >= 4
    page.wait_for_timeout(200)
    assert page.evaluate("window.__pwned") is None
    watched.forgiven()


def _ours(link: str, folder: Path) -> bool:
    """An anchor of the page, or a file that lies beside it."""
    return link.startswith("#") or (not link.startswith("/") and (folder / link.partition("#")[0]).is_file())


def test_the_corpus_is_hostile_in_every_way_that_is_asked() -> None:
    found = replies()
    assert len(found) == 1000
    assert len(set(found)) > 990
    assert sum(len(one) >= 1_000_000 for one in found) == 3
    ways = ("<script", "onerror=", "javascript:", "{{", "=HYPERLINK", "](", "</script>", "-->", EVIL)
    assert [part for part in (*ways, "\u202e", "\ud800", "\u2028", "\0") if not any(part in one for one in found)] == []


def test_a_page_that_takes_them_as_they_are_would_be_found_out(tmp_path: Path, opened: Opener) -> None:
    naive = tmp_path / "naive.html"
    naive.write_text("<meta charset=utf-8><body>" + PAYLOADS[0] + "<img src=x onerror=1><a href='javascript:1'>x</a>")
    watched = opened()
    watched.open(naive)
    with pytest.raises(AssertionError):
        calm(watched)
    assert watched.complaints
    watched.forgiven()


@HOSTILE
def test_hostile_names_and_error_lines_stay_text_on_the_page(report: Path, opened: Opener) -> None:
    watched = opened()
    page = watched.open(report / "index.html")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    calm(watched)
    said = page.locator("body").inner_text()
    assert "<script>window.__pwned=1</script>" in said
    assert "{{7*7}}" in said


@EITHER
def test_the_page_cannot_run_or_load_anything_that_is_put_into_it(report: Path, opened: Opener) -> None:
    """The second wall: were a text to get out, the page's own policy would stop it."""
    watched = opened()
    page = watched.open(report / "index.html")
    page.evaluate("text => document.body.append(document.createRange().createContextualFragment(text))", _ESCAPED)
    page.evaluate("document.getElementById('bait').click()")
    page.wait_for_timeout(200)
    assert page.evaluate("window.__pwned") is None
    assert len([one for one in watched.complaints if "Content Security Policy" in one]) >= 7
    watched.forgiven()


@EITHER
def test_hostile_texts_break_no_file_that_is_read_by_a_program(report: Path, rendered: object) -> None:
    with (report / "data.csv").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert {len(row) for row in rows} == {len(head)}
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell[:1] in "=+@\t\r" and cell] == []
    json.loads((report / "inputs.json").read_text(encoding="utf-8"))
    for picture in (report / "plots").glob("*.svg"):
        assert {one.tag.rpartition("}")[2] for one in ElementTree.parse(picture).iter()}.isdisjoint({"script", "image"})


_OUR_HTML = re.compile(
    r"<br>|</details>|<details><summary>[^<>]*</summary>"
    r'|<img src="plots/[a-z0-9-]+\.png" width="\d+" alt="[^"<>]*">'
)


@EITHER
@pytest.mark.parametrize("name", ["report.md", "summary.md"])
def test_hostile_texts_stay_text_in_markdown(report: Path, name: str) -> None:
    from markdown_it import MarkdownIt

    text = (report / name).read_text(encoding="utf-8")
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    parts = [part for token in tokens for part in (token, *(token.children or ()))]
    raw = [part.content.strip() for part in parts if part.type in ("html_block", "html_inline")]
    assert [one for one in raw if not _OUR_HTML.fullmatch(one)] == []
    links = [part.attrs.get("href") or part.attrs.get("src") for part in parts if part.type in ("link_open", "image")]
    assert [link for link in links if not _ours(str(link), report)] == []
    assert "\n::" not in text


def test_names_hold_every_kind_of_break(tmp_path: Path) -> None:
    assert {char for name in names() for char in _BREAKS if char in name} == set(_BREAKS)
