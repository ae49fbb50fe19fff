"""The pictures of docs/: the newest run's report, its items, and a site of reports, as Chromium shows them.

    python -m tools.screenshots [TO [RESULTS]]

The report is that of the newest plan in results/ (`make demo` makes one). The site is of those results and of thirty
simulated nights with a planted regression: a history that is long enough to show one.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tools import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
LAPTOP, PHONE = (1366, 768), (390, 844)
LARGEST = 200_000
"""Bytes of a picture at most: they are kept with the source."""


@dataclass(frozen=True)
class Shot:
    """One picture: a page, the size of the window, light or dark, and what is done before it is taken."""

    name: str
    page: Path
    size: tuple[int, int] = LAPTOP
    scheme: str = "light"
    before: Callable[[Page], None] = lambda page: None


def main(words: Sequence[str]) -> int:
    """0 when all pictures are there; each is named with its size."""
    to, results = map(Path, (*words, *("docs", "results")[len(words) :]))
    with tempfile.TemporaryDirectory(prefix="screenshots-") as scratch:
        shots = [*of_report(report(results, Path(scratch))), *of_site(site(results, Path(scratch)))]
        for name, picture in taken(shots).items():
            (to / name).write_bytes(picture)
            sys.stdout.write(f"{to / name}  {len(picture) / 1000:.0f} kB\n")
    return 0


def report(results: Path, scratch: Path) -> Path:
    """The report of the newest plan, made anew."""
    _harness("report", f"results={results}", f"reports={scratch / 'reports'}")
    return next((scratch / "reports").iterdir())


def site(results: Path, scratch: Path) -> Path:
    """A site over the results and thirty nights that never were, of which the twenty-first brought a slower decode."""
    from harness.store.layout import Layout
    from tools.simulated_nights import Nights, Planted, write_nights

    both = scratch / "results"
    shutil.copytree(results, both, ignore=shutil.ignore_patterns(".*"))
    slower = Planted(20, "decode", 0.92, hw="dgx_spark", quant="q4_k_m")
    write_nights(Layout(both), Nights(30, ("dgx_spark", "mac_studio"), ("simulated-4b",), (slower,)))
    _harness("publish", "--to", str(scratch / "site"), f"results={both}", f"reports={scratch / 'reports'}")
    return scratch / "site"


def of_report(folder: Path) -> list[Shot]:
    """The first screen on a laptop, on a phone and in the dark; the items that flipped, where their texts were kept."""
    page, items = folder / "index.html", folder / "items.html"
    shots = [
        Shot("report.png", page),
        Shot("report-phone.png", page, PHONE),
        Shot("report-dark.png", page, scheme="dark"),
    ]
    return [*shots, *([Shot("items.png", items, before=_open_an_item)] if items.exists() else [])]


def of_site(folder: Path) -> list[Shot]:
    """The front page."""
    return [Shot("site.png", folder / "index.html")]


def taken(shots: Sequence[Shot]) -> dict[str, bytes]:
    """Every shot as a small PNG, by its name."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find())
        pictures = {shot.name: small(photograph(browser, shot)) for shot in shots}
        browser.close()
    return pictures


def photograph(browser: Browser, shot: Shot) -> bytes:
    """The window as it is when the page has come to rest."""
    width, height = shot.size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=shot.scheme)
    page = context.new_page()
    page.goto(shot.page.resolve().as_uri(), wait_until="load")
    shot.before(page)
    picture: bytes = page.screenshot(animations="disabled")
    context.close()
    return picture


def small(picture: bytes, largest: int = LARGEST) -> bytes:
    """A PNG with a palette of as many colours as fit into `largest` bytes, 256 at most; raises ValueError below 32."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= largest:
            return out.getvalue()
    raise ValueError(f"a picture of {image.size} does not fit into {largest} bytes")


def _open_an_item(page: Page) -> None:
    page.keyboard.press("j")


def _harness(*words: str) -> None:
    """A verb, as a user gives it; `report` says by its exit code what was measured, which is not at stake here."""
    subprocess.run([sys.executable, "-m", "harness", *words], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
