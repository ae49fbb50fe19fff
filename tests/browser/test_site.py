"""The published site in a browser: a folder of files that is read and searched without a network, whatever is in it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import Opener
from tests.browser.looks import contrasts, order_of_headings, reached_by_tab, violations
from tests.browser.test_hostile import calm
from tests.browser.watched import LAPTOP, PHONE

SITE = pytest.mark.parametrize("report", ["site"], indirect=True)
HOSTILE = pytest.mark.parametrize("report", ["hostile_site"], indirect=True)

_ADDRESSES = "all => all.map(one => new URL(one.getAttribute('href'), location.href).href)"


def every_page(site: Path) -> list[Path]:
    """The site's own pages, without the reports that lie in it."""
    return [path for path in sorted(site.rglob("*.html")) if "reports" not in path.parts]


@SITE
def test_the_first_screen_says_what_changed(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    sentence = page.locator(".headline").bounding_box()
    assert sentence is not None
    assert sentence["y"] + sentence["height"] < LAPTOP[1] / 2
    assert "worse" in page.locator(".headline").inner_text()


@SITE
def test_every_page_opens_and_every_link_leads_to_a_file(report: Path, opened: Opener) -> None:
    watched = opened()
    for path in every_page(report):
        page = watched.open(path)
        assert page.locator("h1").count() == 1
        for link in page.locator("a[href]").evaluate_all(_ADDRESSES):
            target = Path(unquote(urlsplit(link).path))
            assert target.is_file(), f"{path.name}: {link}"


@SITE
def test_the_search_box_leaves_what_holds_every_word(report: Path, opened: Opener) -> None:
    page = opened().open(report / "index.html")
    page.keyboard.press("/")
    page.keyboard.type("q4_k_m")
    rows = page.locator("[data-find] tbody tr:visible, [data-find] li:visible").all_inner_texts()
    assert rows
    assert all("q4_k_m" in row.lower() for row in rows)
    page.keyboard.press("Escape")
    assert page.locator("[data-find] tbody tr:visible, [data-find] li:visible").count() > len(rows)


@SITE
@pytest.mark.parametrize(("scheme", "size"), [("light", LAPTOP), ("dark", PHONE)], ids=["light laptop", "dark phone"])
def test_axe_finds_nothing_to_object_to(report: Path, opened: Opener, scheme: str, size: tuple[int, int]) -> None:
    watched = opened(size, color_scheme=scheme)
    for path in (report / "index.html", max(every_page(report), key=lambda one: one.stat().st_size)):
        page = watched.open(path)
        assert violations(page) == []
        assert [one for one in contrasts(page) if one.ratio < 4.5] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@SITE
def test_headings_and_controls_are_in_order(report: Path, opened: Opener) -> None:
    page = opened(reduced_motion="reduce").open(report / "index.html")
    levels = order_of_headings(page)
    assert [(a, b) for a, b in zip(levels, levels[1:], strict=False) if b > a + 1] == []
    reached, controls = reached_by_tab(page)
    assert controls - set(reached) == set()
    assert [one for one, visible in reached.items() if not visible] == []


@HOSTILE
def test_hostile_models_stay_text_on_every_page(report: Path, opened: Opener) -> None:
    watched = opened()
    for path in every_page(report):
        watched.open(path)
        calm(watched)
