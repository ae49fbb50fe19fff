"""The site as a browser shows it: the search by keyboard, the charts, no width that scrolls, nothing to object to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.history.summaries import summaries
from harness.publish.site import publish
from harness.store.layout import Layout
from tests.browser.conftest import Opener
from tests.browser.looks import contrasts, violations
from tests.browser.watched import LAPTOP, PHONE
from tools.simulated_nights import Nights, Planted, write_nights

if TYPE_CHECKING:
    from playwright.sync_api import Page

HISTORY = "history/dgx_spark/qwen3/q4_k_m/llama_cpp.html"
EVERY = pytest.mark.parametrize(
    "path", ["index.html", "box/dgx_spark.html", "model/qwen3.html", "quant/q4_k_m.html", HISTORY, "404.html"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten nights of a model on one box, slower from the seventh on, and one night of two models on another."""
    folder = tmp_path_factory.mktemp("site")
    slower = Planted(6, "decode", 0.92, quant="q4_k_m")
    write_nights(Layout(folder / "results"), Nights(10, planted=(slower,), items=40, rounds=2))
    write_nights(Layout(folder / "results"), Nights(1, ("rtx_4090",), ("qwen3", "gemma3"), items=40, rounds=2))
    publish(summaries(Layout(folder / "results")), folder / "reports", folder / "site")
    return folder / "site"


def _left(page: Page) -> list[str]:
    """The texts of the table's rows and the links that a search left."""
    rows = page.locator("[data-find] tbody tr:visible, [data-find] li:visible")
    return [" ".join(text.split()) for text in rows.all_inner_texts()]


def test_the_search_finds_models_boxes_and_quantizations_by_every_word(site: Path, opened: Opener) -> None:
    page = opened().open(site / "index.html")
    assert len(_left(page)) > 12
    page.keyboard.press("/")
    page.keyboard.type("gemma q8")
    assert len(_left(page)) == 1
    assert "gemma3 q8_0" in _left(page)[0]
    assert page.locator("#search-count").inner_text() == "1 found"
    page.keyboard.press("Escape")
    assert len(_left(page)) > 12
    page.keyboard.type("RTX")
    assert all("rtx_4090" in one for one in _left(page))
    page.keyboard.type(" nothing like it")
    assert _left(page) == []
    assert "nothing found" in page.locator("#search-count").inner_text()


def test_what_was_found_is_walked_and_opened_without_a_mouse(site: Path, opened: Opener) -> None:
    page = opened().open(site / "index.html")
    page.keyboard.press("/")
    page.keyboard.type("q4_k_m dgx")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "qwen3 q4_k_m"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Enter")
    page.wait_for_url("**/llama_cpp.html")
    assert "qwen3 q4_k_m on dgx_spark" in page.title()


def test_the_first_screen_says_what_got_worse(site: Path, opened: Opener) -> None:
    page = opened().open(site / "index.html")
    assert page.get_by_text("since 7 Sep 2026", exact=True).first.bounding_box()["y"] < LAPTOP[1]
    assert page.locator("h2", has_text="Newest figures").bounding_box()["y"] < LAPTOP[1]


def test_the_search_box_is_not_there_where_it_would_not_work(site: Path, opened: Opener) -> None:
    page = opened(java_script_enabled=False).open(site / "index.html")
    assert not page.locator("#search").is_visible()
    assert page.locator("[data-find] tbody tr").count() > 6


@EVERY
@pytest.mark.parametrize("width", [320, 390, 1366])
def test_no_width_scrolls_the_page_sideways(site: Path, opened: Opener, path: str, width: int) -> None:
    page = opened((width, 844)).open(site / path)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@EVERY
@pytest.mark.parametrize(("scheme", "size"), [("light", LAPTOP), ("dark", PHONE)], ids=["light laptop", "dark phone"])
def test_nothing_to_object_to(site: Path, opened: Opener, path: str, scheme: str, size: tuple[int, int]) -> None:
    page = opened(size, color_scheme=scheme).open(site / path)
    assert violations(page) == []
    assert [one for one in contrasts(page) if one.ratio < 4.5] == []


def test_a_step_is_drawn_where_it_is_and_its_run_opened_from_the_chart(site: Path, opened: Opener) -> None:
    page = opened().open(site / HISTORY)
    chart = page.locator("figure", has_text="Decode, single stream").first
    assert chart.locator("path.step").count() == 1
    assert "worse" in chart.locator("svg text.degraded").text_content()
    chart.locator("a.mark").last.click()
    page.wait_for_url("**/run/*.html")
    assert "night 2026-09-10" in page.locator("header").inner_text()
