"""The item browser, over 2,000 items and over 50,000: found by filters, text and keyboard, a few rows at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Opener
from tests.browser.looks import contrasts, order_of_headings, reached_by_tab, violations
from tests.browser.watched import LAPTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY = "article[data-ready]"

_TO_AND_FRO = """
() => ['End', 'Home', 'End', 'Home', 'j', 'k', 'j', 'k'].forEach(
  key => document.querySelector('.list').dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})))
"""


@pytest.fixture
def report(browser: Browser, rendered: Callable[[str], Path]) -> Path:
    """Of 2,000 items."""
    return rendered("some")


@pytest.fixture
def large(browser: Browser, rendered: Callable[[str], Path]) -> Path:
    """Of 50,000."""
    return rendered("many")


def at_items(opened: Opener, report: Path, size: tuple[int, int] = LAPTOP, anchor: str = "", **options: str) -> Page:
    """The page with its list filled and its first item read."""
    page = opened(size, **options).open(report / "items.html", anchor)
    page.wait_for_selector(READY, state="attached")
    return page


def shown(page: Page) -> int:
    """How many rows the page says it shows, when it has done searching."""
    told(page, r"shown(?!.*searching)")
    found = re.search(r"([\d,]+) shown", page.locator(".count").inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def told(page: Page, pattern: str) -> None:
    """Wait until the line above the list matches; a search reads all texts."""
    from playwright.sync_api import expect

    expect(page.locator(".count")).to_have_text(re.compile(pattern), timeout=60_000)


def moved(page: Page, name: str, there: bool) -> None:
    """Wait until the item that is read is, or is no longer, the one of this name."""
    from playwright.sync_api import expect

    item = expect(page.locator("article h2"))
    (item.to_have_text if there else item.not_to_have_text)(name)


def chosen(page: Page) -> str:
    """The id of the item that is read."""
    page.wait_for_selector(READY)
    name: str = page.locator("article h2").inner_text()
    return name


def test_fifty_thousand_changed_items_are_listed_and_few_rows_exist(large: Path, opened: Opener) -> None:
    watched = opened()
    page = watched.open(large / "items.html")
    page.wait_for_selector(READY)
    assert shown(page) > 50_000
    assert 5 < page.locator(".row").count() < 60
    names = [Path(url).name for url in watched.asked]
    assert names[:2] == ["items.html", "index.js"]
    assert len(names) < 6


def test_the_end_of_the_list_is_as_near_as_its_beginning(large: Path, opened: Opener) -> None:
    page = at_items(opened, large)
    first = chosen(page)
    page.locator(".list").press("End")
    moved(page, first, there=False)
    assert page.locator(".row[aria-selected=true]").is_visible()
    assert page.locator(".row").count() < 60
    page.locator(".list").press("Home")
    moved(page, first, there=True)


def test_filters_are_parts_of_the_whole(report: Path, opened: Opener) -> None:
    page = at_items(opened, report)
    page.locator("select[name=kind]").select_option("")
    whole = shown(page)
    for name in ("kind", "task", "arm"):
        field = page.locator(f"select[name={name}]")
        parts = []
        for value in field.locator("option").evaluate_all("all => all.map(one => one.value)"):
            if value not in ("", "flips"):
                field.select_option(value)
                parts.append(shown(page))
        assert len(parts) > 1
        assert sum(parts) == whole
        field.select_option("")
    page.locator("select[name=kind]").select_option("gained")
    assert {text.split()[-1] for text in page.locator(".row .mark").all_inner_texts()} == {"gained"}


def test_a_text_is_found_in_ids_and_in_replies(large: Path, opened: Opener) -> None:
    page = at_items(opened, large)
    search = page.locator("input[name=text]")
    search.fill("item-00042")
    told(page, r"(^|of )\d{1,2} shown(?!.*searching)")
    rows = page.locator(".row b").all_inner_texts()
    assert set(rows) == {"item-00042"}
    assert 5 <= shown(page) == len(rows)
    search.fill("no reply says this")
    told(page, r"^0 shown(?!.*searching)")
    search.fill("")
    told(page, r"of [\d,]{5,} shown")
    assert shown(page) > 50_000


def test_the_keyboard_does_everything(report: Path, opened: Opener) -> None:
    page = at_items(opened, report)
    focus = "document.activeElement"
    names = [chosen(page)]
    for key in ("j", "ArrowDown", "k", "ArrowUp"):
        page.locator(".list").press(key)
        names.append(chosen(page))
    assert names[4] == names[0]
    assert names[3] == names[1]
    page.locator(".list").press("Enter")
    assert page.evaluate(f"{focus}.tagName") == "ARTICLE"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focus}.className") == "list"
    page.keyboard.press("/")
    assert page.evaluate(f"{focus}.name") == "text"
    page.keyboard.type("j?k")
    assert page.locator("input[name=text]").input_value() == "j?k"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog.help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.help").is_visible()


def test_going_to_and_fro_shows_an_item_once(report: Path, opened: Opener) -> None:
    page = at_items(opened, report)
    page.evaluate(_TO_AND_FRO)
    page.wait_for_timeout(300)
    assert page.locator("article h3", has_text="Prompt").count() == 1


def test_an_item_shows_prompt_target_and_both_replies_with_what_differs(report: Path, opened: Opener) -> None:
    page = at_items(opened, report)
    said = page.locator("article").inner_text()
    assert "Complete: " in said
    assert "Target" in said
    assert page.locator("article .pair > div").count() == 2
    assert page.locator("article .pair mark").count() > 0
    mark = page.locator("article .pair mark").first
    assert mark.evaluate("one => getComputedStyle(one).textDecorationLine") != "none"


def test_an_address_leads_to_its_item(report: Path, opened: Opener) -> None:
    page = at_items(opened, report)
    page.locator(".list").press("j")
    name, anchor = chosen(page), page.evaluate("location.hash")
    assert name in anchor
    assert chosen(at_items(opened, report, anchor=anchor)) == name


@pytest.mark.parametrize("anchor", ["#", "#%", "#nothing/here", "#__proto__/constructor/x", "#<script>/<svg onload=x>"])
def test_any_anchor_is_taken(report: Path, opened: Opener, anchor: str) -> None:
    assert at_items(opened, report, anchor=anchor).evaluate("window.__pwned") is None


@pytest.mark.parametrize("width", [320, 390, 768])
def test_no_width_scrolls_the_page_sideways(report: Path, opened: Opener, width: int) -> None:
    page = at_items(opened, report, (width, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".row").nth(2).click()
    page.wait_for_selector("article h2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_phone_shows_the_list_then_the_item_and_goes_back(report: Path, opened: Opener) -> None:
    page = at_items(opened, report, PHONE)
    page.locator(".row").nth(1).click()
    page.locator("article h2").wait_for(state="visible")
    assert not page.locator(".list").is_visible()
    page.locator("[data-back]").click()
    assert page.locator(".list").is_visible()


@pytest.mark.parametrize(("scheme", "size"), [("light", LAPTOP), ("dark", PHONE)], ids=["light laptop", "dark phone"])
def test_axe_finds_nothing_to_object_to(report: Path, opened: Opener, scheme: str, size: tuple[int, int]) -> None:
    assert violations(at_items(opened, report, size, color_scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(report: Path, opened: Opener, scheme: str) -> None:
    found = contrasts(at_items(opened, report, color_scheme=scheme))
    assert len(found) > 30
    assert [one for one in found if one.ratio < 4.5] == []


def test_headings_and_controls_are_in_order(report: Path, opened: Opener) -> None:
    page = at_items(opened, report, reduced_motion="reduce")
    levels = order_of_headings(page)
    assert levels[0] == 1
    assert [(a, b) for a, b in zip(levels, levels[1:], strict=False) if b > a + 1] == []
    reached, controls = reached_by_tab(page)
    assert controls - set(reached) == set()
    assert [one for one, visible in reached.items() if not visible] == []
