"""A report over 50,000 items opens in under two seconds.

What is held against the limit is the processor time of the page's process, all threads of it, which a busy machine does
not change as it does wall time; both are told: make test-browser WORDS="-s -k under_two_seconds".
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Opener

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

    from tests.browser.watched import Watched

LIMIT_SECONDS = 2.0
TIMES = 3
_PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


@dataclass(frozen=True)
class Opening:
    """Seconds from the navigation until what was waited for stood there: on the clock, and of the page's process."""

    wall: float
    cpu: float


def measured(watched: Watched, path: Path, wanted: str) -> Opening:
    """Open a page and wait for an element."""
    watched.open(path.with_name("inputs.json"))  # so that the page's process runs before it is timed
    session = watched.page.context.new_cdp_session(watched.page)
    session.send("Performance.enable")
    before = _process_seconds(session)
    watched.page.goto(path.resolve().as_uri(), wait_until="commit")
    watched.page.wait_for_selector(wanted, state="visible")
    wall = watched.page.evaluate(_PAINTED)
    return Opening(wall / 1000, _process_seconds(session) - before)


def _process_seconds(session: CDPSession) -> float:
    """Processor time so far: https://chromedevtools.github.io/devtools-protocol/tot/Performance"""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ProcessTime"))


@pytest.mark.parametrize("report", ["many"], indirect=True)
@pytest.mark.parametrize(("name", "wanted"), [("index.html", "h1"), ("items.html", ".row")])
def test_a_report_over_fifty_thousand_items_opens_in_under_two_seconds(
    report: Path, opened: Opener, name: str, wanted: str
) -> None:
    found = [measured(opened(), report / name, wanted) for _ in range(TIMES)]
    middle: Callable[[list[float]], float] = statistics.median
    wall, cpu = middle([one.wall for one in found]), middle([one.cpu for one in found])
    sys.stdout.write(f"\n{name}, 50,000 items: {wall:.2f} s on the clock, {cpu:.2f} s of processor\n")
    assert cpu < LIMIT_SECONDS
