"""Pictures to be looked at: every kind of page, in every size and scheme; the end of the run says where they lie."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.browser.watched import LAPTOP, PHONE
from tools.screenshots import Shot, photograph

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOTS = [("index.html", LAPTOP, "light"), ("index.html", PHONE, "light"), ("index.html", LAPTOP, "dark")]


@pytest.mark.parametrize("report", ["example", "under_load"], indirect=True)
@pytest.mark.parametrize(("name", "size", "scheme"), SHOTS)
def test_a_page_is_photographed(
    report: Path, name: str, size: tuple[int, int], scheme: str, browser: Browser, pictures: Path
) -> None:
    picture = photograph(browser, Shot("", report / name, size, scheme))
    image = Image.open(io.BytesIO(picture)).convert("L")
    assert image.size == size
    counts = image.histogram()
    assert sum(count > 0 for count in counts) > 50
    assert (counts.index(max(counts)) < 64) == (scheme == "dark")
    (pictures / f"{report.parent.name}-{Path(name).stem}-{size[0]}-{scheme}.png").write_bytes(picture)
