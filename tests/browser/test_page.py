"""The report page as a browser shows it: on a laptop and a phone, in light and dark, printed, to a screen reader."""

from pathlib import Path

import pytest

from tests.browser.conftest import Opener
from tests.browser.looks import brightness, contrasts, order_of_headings, printed, reached_by_tab, squeezed, violations
from tests.browser.watched import LAPTOP, PHONE

EVERY = pytest.mark.parametrize("report", ["example", "under_load"], indirect=True)


@EVERY
def test_the_page_opens_without_an_error_and_asks_for_nothing(report: Path, opened: Opener) -> None:
    watched = opened()
    page = watched.open(report / "index.html")
    assert page.title()
    assert {Path(url).name for url in watched.asked} == {"index.html"}


@EVERY
@pytest.mark.parametrize("width", [320, 390, 768])
def test_no_width_scrolls_the_page_sideways(report: Path, opened: Opener, width: int) -> None:
    page = opened((width, 844)).open(report / "index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@EVERY
@pytest.mark.parametrize(("scheme", "size"), [("light", LAPTOP), ("dark", PHONE)], ids=["light laptop", "dark phone"])
def test_axe_finds_nothing_to_object_to(report: Path, opened: Opener, scheme: str, size: tuple[int, int]) -> None:
    assert violations(opened(size, color_scheme=scheme).open(report / "index.html")) == []


def test_axe_would_object(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "bad.html").write_text("<title>x</title><p style='color:#999;background:#fff'>faint</p><svg role=img>")
    found = " ".join(violations(opened().open(tmp_path / "bad.html")))
    assert all(rule in found for rule in ("html-has-lang", "color-contrast", "svg-img-alt"))


@EVERY
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(report: Path, opened: Opener, scheme: str) -> None:
    page = opened(color_scheme=scheme).open(report / "index.html")
    found = contrasts(page)
    assert len(found) > 100
    assert [one for one in found if one.ratio < 4.5] == []


@EVERY
def test_dark_is_dark_and_light_is_light(report: Path, opened: Opener) -> None:
    assert brightness(opened(color_scheme="light").open(report / "index.html")) > 0.9
    assert brightness(opened(color_scheme="dark").open(report / "index.html")) < 0.2


@EVERY
def test_headings_go_down_one_step_at_a_time(report: Path, opened: Opener) -> None:
    levels = order_of_headings(opened().open(report / "index.html"))
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(a, b) for a, b in zip(levels, levels[1:], strict=False) if b > a + 1] == []


@EVERY
def test_every_table_says_what_its_columns_and_rows_are(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    assert page.locator("table").count() > 3
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("table:not(:has(thead th[scope=col]))").count() == 0
    assert page.locator("tbody tr:not(:has(th[scope=row]))").count() == 0


@EVERY
def test_every_picture_has_a_name(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    assert page.locator("svg, img").count() > 1
    named = page.locator("svg[role=img]:is([aria-label], [aria-labelledby]), svg[aria-hidden=true], img[alt]")
    assert named.count() == page.locator("svg, img").count()


@EVERY
def test_the_tab_key_reaches_every_control_and_shows_where_it_is(report: Path, opened: Opener) -> None:
    reached, controls = reached_by_tab(opened(reduced_motion="reduce").open(report / "index.html"))
    assert controls - set(reached) == set()
    assert [one for one, visible in reached.items() if not visible] == []


@EVERY
def test_a_print_holds_every_section_and_every_folded_table(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    titles = page.locator("h2:not(.said-only)").all_inner_texts()
    rows = page.locator("details tbody th").all_inner_texts()
    text = printed(page)
    assert [title for title in titles if squeezed(title) not in text] == []
    assert [row for row in rows if squeezed(row) not in text] == []
