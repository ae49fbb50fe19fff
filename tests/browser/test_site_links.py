"""The published site in a browser: its links, the order of what it holds, and hostile names in it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import Opener
from tests.browser.looks import order_of_headings, reached_by_tab
from tests.browser.test_hostile import calm

SITE = pytest.mark.parametrize("report", ["site"], indirect=True)
HOSTILE = pytest.mark.parametrize("report", ["hostile_site"], indirect=True)

_ADDRESSES = "all => all.map(one => new URL(one.getAttribute('href'), location.href).href)"


def every_page(site: Path) -> list[Path]:
    """The site's own pages, without the reports that lie in it."""
    return [path for path in sorted(site.rglob("*.html")) if "reports" not in path.parts]


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
