"""`publish`: a static site from results/ and reports/, for any web server or none; only what changed is written.

    python -m harness publish [--to DIR] [--url ADDRESS] [results=DIR] [reports=DIR]
"""

from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from harness.core.errors import ConfigError, HarnessError, NotFound
from harness.store.layout import Layout
from harness.verbs import Arguments, Flag, stored

FLAGS = (
    Flag("to", "the site's folder; without it ./site", takes="DIR"),
    Flag("url", "where the site will lie (https://...), for absolute addresses in its feeds", takes="ADDRESS"),
)


def main(args: Arguments) -> int:
    """0; raises UserError for a target that is neither empty nor a site. What cannot be read is named and left out.

    Raises HarnessError where no run is left: results that lie elsewhere or are of a later version empty no site.
    """
    from harness.history.summaries import summaries
    from harness.publish import places, shelf
    from harness.publish.site import publish

    words = stored.parse(args.overrides, most=0)
    if not words.results.is_dir():
        raise NotFound(f"no folder {words.results}", "name it with results=DIR")
    target = Path(args.flags.get("to", "site")).expanduser().resolve()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    unread: list[str] = []
    runs = summaries(Layout(words.results), unread.append)
    for line in unread:
        console.print(line, style="yellow")
    if not runs and (unread or shelf.has(target, places.RUNS)):
        what, hint = ("can be read", "upgrade the harness or mend the results") if unread else (
            "is stored", f"delete {target} for a site without runs")
        raise HarnessError(f"no run {what} under {words.results}; {target} is left as it was", hint)
    done = publish(runs, words.reports, target, _address(args.flags.get("url", "")))
    files = f"{done.written:,} files written, {done.kept:,} as they were, {done.removed:,} removed"
    console.print(f"{len(runs):,} runs: {files}")
    console.print(f"site: {target}/index.html", style="bold")
    return 0


def _address(url: str) -> str:
    """`url` if it can be the address of a site; raises ConfigError."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ConfigError(f"{url!r} is no address of a site", "for example --url https://example.org/benchmarks")
    return url
