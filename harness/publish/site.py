"""Runs and reports in, a site out: every page with a digest of what it shows, so that only what changed is written."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import msgspec

import harness
from harness.core.summary import Summary
from harness.publish import feeds, places, reports
from harness.publish.pages import pages
from harness.publish.render import render
from harness.publish.sheet import Sheet
from harness.publish.shelf import Done, Item, put
from harness.publish.stock import Standing, Stock
from harness.report.wording import public

_COLUMNS = ("plan", "when", "kind", "figure", "of", "concurrency", "rate", "prompt_tokens", "output_tokens", "depth",
            "fingerprint", "unit", "better", "value", "low", "high", "validity", "engine")


def publish(runs: Sequence[Summary], folder: Path, target: Path, url: str = "") -> Done:
    """Bring the site of these runs (newest last) and of the reports below `folder` up to date in `target`.

    `url` is where the site will lie, "" unknown: only feeds and the page for what is missing name it.
    """
    stock = Stock(runs, reports.found(folder))
    return put(target, _items(stock, folder, f"{url.rstrip('/')}/" if url else ""))


def _items(stock: Stock, folder: Path, url: str) -> Iterator[Item]:
    for report in stock.every_report:
        yield from reports.items(folder, report)
    for one in stock.standings.values():
        path = one.key.path.removesuffix(".html") + ".csv"
        yield Item(path, _digest(one.series), partial(_table, one))
    for sheet in pages(stock):
        root = url if sheet.path == places.MISSING else ""
        yield Item(sheet.path, _digest((sheet, root)), partial(_page, sheet, root))
    entries = feeds.entries(stock)
    for path, write in ((places.ATOM, feeds.atom), (places.JSON_FEED, feeds.json_feed)):
        yield Item(path, _digest((entries, url)), partial(write, entries, url))


def _page(sheet: Sheet, root: str) -> bytes:
    return render(sheet, root).encode("utf-8", "replace")


def _digest(shown: object) -> str:
    """Names what a page shows and the code that shows it."""
    return hashlib.sha256(_code() + msgspec.json.encode(shown)).hexdigest()[:16]


@cache
def _code() -> bytes:
    root = Path(harness.__file__).parent
    files = sorted(path for part in ("publish", "report") for path in (root / part).rglob("*") if path.is_file())
    digest = hashlib.sha256(harness.__version__.encode())
    for path in files:
        if path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return digest.digest()


def _table(one: Standing) -> bytes:
    """Every point of an arm's histories, one row each."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for each in one.series:
        place, step = each.place, each.place.step
        where = (place.of, step.concurrency, step.rate, step.prompt_tokens, step.output_tokens, step.depth)
        for point in each.points:
            rows.writerow((point.plan, point.when, place.kind, _plain(place.name), *where, place.fingerprint, each.unit,
                           each.better, point.value, point.low, point.high, point.validity, _plain(point.engine)))
    return text.getvalue().encode("utf-8", "replace")


def _plain(text: str) -> str:
    """A foreign text that no spreadsheet takes for a formula."""
    shown = public(text)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@", "\t") else shown
