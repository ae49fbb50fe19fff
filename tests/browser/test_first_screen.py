"""What a reader in a hurry sees without scrolling: the sentence, the table, the plot; and nothing that misleads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Opener
from tests.browser.watched import LAPTOP, PHONE
from tests.report.pieces import QUANTS

if TYPE_CHECKING:
    from playwright.sync_api import Page

EVERY = pytest.mark.parametrize("report", ["example", "under_load"], indirect=True)
EXAMPLE = pytest.mark.parametrize("report", ["example"], indirect=True)
SENTENCE, TABLE, PLOT = ".headline", ".opening table", ".opening figure svg"
_BACK = "one => getComputedStyle(one).backgroundColor"


def box(page: Page, what: str) -> dict[str, float]:
    """Where the first of these lies, in pixels from the window's corner."""
    found = page.locator(what).first.bounding_box()
    assert found is not None, what
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


@EVERY
@pytest.mark.parametrize("what", [SENTENCE, TABLE, PLOT])
def test_a_laptop_shows_all_of_it_without_scrolling(report: Path, opened: Opener, what: str) -> None:
    found = box(opened().open(report / "index.html"), what)
    width, height = LAPTOP
    assert found["x"] >= 0
    assert found["y"] >= 0
    assert found["right"] <= width
    assert found["bottom"] <= height
    assert found["width"] > 200
    assert found["height"] > 20


@EVERY
def test_the_table_shows_every_column_on_a_laptop(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    assert page.locator(".opening .scroll").first.evaluate("one => one.scrollWidth <= one.clientWidth")


@EVERY
def test_a_phone_begins_with_the_sentence_and_the_table(report: Path, opened: Opener) -> None:
    page = opened(PHONE).open(report / "index.html")
    assert box(page, SENTENCE)["y"] < PHONE[1] / 2
    assert box(page, TABLE)["y"] < PHONE[1] * 0.75


@EVERY
def test_on_a_phone_every_field_of_the_table_is_in_sight_under_its_columns_name(report: Path, opened: Opener) -> None:
    page = opened(PHONE).open(report / "index.html")
    assert page.locator(".opening .scroll").first.evaluate("one => one.scrollWidth <= one.clientWidth")
    fields = page.locator(f"{TABLE} tbody tr:last-child td").all()
    heads = page.locator(f"{TABLE} thead th").evaluate_all("all => all.map(one => one.textContent.trim())")
    named = [one.evaluate("one => getComputedStyle(one, '::before').content").strip('"') for one in fields]
    assert named == heads[1:]
    for one in fields:
        found = one.bounding_box()
        assert found is not None
        assert 0 <= found["x"] < found["x"] + found["width"] <= PHONE[0]
    assert page.get_by_role("table").first.get_by_role("row").count() > 1


@EXAMPLE
def test_the_sentence_and_the_table_name_every_candidate(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    sentence, rows = page.locator(SENTENCE).inner_text(), page.locator(f"{TABLE} tbody th").all_inner_texts()
    for quant in QUANTS[1:]:
        assert quant.key.upper() in sentence
        assert any(row.split("\n")[0] == quant.key.upper() for row in rows)


@EXAMPLE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_inconclusive_looks_and_reads_unlike_a_pass(report: Path, opened: Opener, scheme: str) -> None:
    page = opened(color_scheme=scheme).open(report / "index.html")
    grounds: dict[str, set[str]] = {}
    for cell in page.locator(f"{TABLE} tbody td.word").all():
        words = cell.locator(".main").inner_text().split()
        if len(words) > 1 and not words[0][0].isdigit():
            grounds.setdefault(" ".join(words[1:]), set()).add(str(cell.evaluate(_BACK)))
    passed = grounds.pop("equivalent")
    assert len(passed) == 1
    assert {"inconclusive", "degraded", "improved", "broken", "no information"} <= set(grounds)
    assert [word for word, seen in grounds.items() if seen & passed] == []
