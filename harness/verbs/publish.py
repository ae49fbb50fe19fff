"""`publish`: a static site from results/ and reports/, for any web server or none; only what changed is written.

    python -m harness publish [--to DIR] [--url ADDRESS] [results=DIR] [reports=DIR]
"""

from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from harness.core.errors import ConfigError
from harness.store.layout import Layout
from harness.verbs import Arguments, Flag, stored

FLAGS = (
    Flag("to", "the site's folder; without it ./site", takes="DIR"),
    Flag("url", "where the site will lie (https://...), for absolute addresses in its feeds", takes="ADDRESS"),
)


def main(args: Arguments) -> int:
    """0; raises UserError for a target that is neither empty nor a site. What cannot be read is named and left out."""
    from harness.history.summaries import summaries
    from harness.publish.site import publish

    words = stored.parse(args.overrides, most=0)
    target = Path(args.flags.get("to", "site")).expanduser().resolve()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    runs = summaries(Layout(words.results), lambda line: console.print(line, style="yellow"))
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
