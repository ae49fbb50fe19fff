"""A real Chromium for these tests, cut off from every network; without one they are skipped, or fail if that is asked.

`make test-browser` sets up what they need and asks for all of them (HARNESS_BROWSER=required).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import pages
from tests.browser.watched import LAPTOP, Trap, Watched, watch
from tools import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Opener = Callable[..., Watched]


def _missing() -> str:
    """What these tests lack here, "" if nothing."""
    lacking = [name for name in ("playwright", "axe_playwright_python") if importlib.util.find_spec(name) is None]
    if lacking:
        return f"no {' and no '.join(lacking)}: make test-browser"
    return "" if chromium.find() else f"no Chromium: {chromium.HOW}, or make test-browser"


@pytest.fixture(scope="package")
def trap() -> Iterator[Trap]:
    """The only way out that the browser knows of."""
    one = Trap()
    yield one
    one.close()


@pytest.fixture(scope="package")
def browser(trap: Trap) -> Iterator[Browser]:
    """One Chromium for all tests of this package, and no longer: Playwright keeps an event loop running till then."""
    if why := _missing():
        (pytest.fail if os.environ.get("HARNESS_BROWSER") == "required" else pytest.skip)(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=chromium.find(), proxy={"server": trap.address, "bypass": "<-loopback>"}
        )
        yield one
        one.close()


_PICTURES = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of screenshots, which is told when the tests are over."""
    folder = tmp_path_factory.mktemp("pictures")
    request.config.stash[_PICTURES] = folder
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Where the screenshots lie."""
    if folder := config.stash.get(_PICTURES, None):
        terminalreporter.write_line(f"screenshots: {folder}")


@pytest.fixture
def opened(browser: Browser, trap: Trap) -> Iterator[Opener]:
    """Makes watched pages: `opened()` on a laptop, `opened(PHONE, color_scheme="dark")`; asserts that all stayed calm.

    A test that probes the page's own guards takes what it provoked out of `complaints`.
    """
    made: list[Watched] = []

    def new(size: tuple[int, int] = LAPTOP, **options: Any) -> Watched:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(10_000)
        made.append(watch(context))
        return made[-1]

    yield new
    for one in made:
        one.page.context.close()
        one.settled()
    assert trap.came == []


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a report of `pages` or `stored`, by the name of its function; each is rendered once."""

    def render(name: str) -> Path:
        kind = pages if hasattr(pages, name) else importlib.import_module("tests.browser.stored")
        made: Path = getattr(kind, name)(tmp_path_factory.mktemp(name))
        return made

    return cache(render)


@pytest.fixture
def report(request: pytest.FixtureRequest, rendered: Callable[[str], Path], browser: Browser) -> Path:
    """The report that the test names by its parameter; only where there is a browser to look at it."""
    return rendered(request.param)
