"""The page's own script: tables that sort, by mouse and keyboard; light and dark by choice; links into folded parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Opener
from tests.browser.looks import brightness

if TYPE_CHECKING:
    from playwright.sync_api import Locator

EXAMPLE = pytest.mark.parametrize("report", ["example"], indirect=True)
TABLE, SIZE = ".opening table[data-sort]", "size, mib"


def first_column(table: Locator) -> list[str]:
    return [text.split("\n")[0] for text in table.locator("tbody th").all_inner_texts()]


def titles(table: Locator) -> list[str]:
    """The columns' heads, without the sign that says how they are sorted."""
    return [text.strip(" ↕↑↓▲▼\n").lower() for text in table.locator("thead th").all_inner_texts()]


def column(table: Locator, title: str) -> list[float]:
    """The numbers that a column's cells begin with."""
    at = titles(table).index(title) + 1
    cells = table.locator(f"tbody tr > :nth-child({at}) .main").all_inner_texts()
    return [float(cell.split()[0].replace(",", "").replace("−", "-")) for cell in cells]


@EXAMPLE
@pytest.mark.parametrize("key", ["", "Enter", "Space"], ids=["mouse", "enter", "space"])
def test_a_head_sorts_up_then_down_then_as_it_was(report: Path, opened: Opener, key: str) -> None:
    table = opened().open(report / "index.html").locator(TABLE).first
    head = table.locator("thead th").nth(titles(table).index(SIZE))
    button = head.locator("button")
    before = first_column(table)

    def press() -> None:
        button.press(key) if key else button.click()

    press()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(table, SIZE) == sorted(column(table, SIZE))
    press()
    assert head.get_attribute("aria-sort") == "descending"
    assert column(table, SIZE) == sorted(column(table, SIZE), reverse=True)
    assert sorted(first_column(table)) == sorted(before)
    press()
    assert head.get_attribute("aria-sort") is None
    assert first_column(table) == before


@EXAMPLE
def test_every_column_of_every_table_can_be_sorted(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for table in page.locator("table[data-sort]").all():
        rows = sorted(table.locator("tbody tr").all_inner_texts())
        for button in table.locator("thead button").all():
            button.click()
            assert sorted(table.locator("tbody tr").all_inner_texts()) == rows


@EXAMPLE
def test_the_colours_follow_the_reader_and_are_remembered(report: Path, opened: Opener) -> None:
    page = opened(color_scheme="light").open(report / "index.html")
    button = page.locator("button.scheme")
    seen = {}
    for _ in range(3):
        button.click()
        seen[button.inner_text()] = brightness(page)
    dark = next(name for name in seen if "dark" in name)
    assert seen.pop(dark) < 0.2
    assert all(one > 0.9 for one in seen.values())
    while button.inner_text() != dark:
        button.click()
    page.reload()
    assert brightness(page) < 0.2
    page.emulate_media(color_scheme="dark")
    while "light" not in button.inner_text():
        button.click()
    assert brightness(page) > 0.9


@EXAMPLE
def test_a_link_into_a_folded_part_opens_it(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    page.evaluate("document.querySelector('details:not([open]) tbody tr').id = 'inside'")
    assert not page.locator("#inside").is_visible()
    page.evaluate("location.hash = '#inside'")
    page.locator("#inside").wait_for(state="visible")


@EXAMPLE
@pytest.mark.parametrize("anchor", ["#nowhere", "#%", "#%E0%A4%A", "#<script>window.__pwned=1</script>", "#"])
def test_any_anchor_is_taken(report: Path, opened: Opener, anchor: str) -> None:
    page = opened().open(report / "index.html", anchor)
    assert page.evaluate("window.__pwned") is None


@EXAMPLE
def test_the_page_says_the_same_without_its_script(report: Path, opened: Opener) -> None:
    pages = [opened(java_script_enabled=on).open(report / "index.html") for on in (True, False)]
    with_script, without = (set(page.locator("section").all_inner_texts()) for page in pages)
    assert without == {text.replace("↕", "") for text in with_script}
