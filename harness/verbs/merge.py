"""`merge RESULTS [RESULTS ...] --to DIR`: results folders of several boxes as one; refuses whatever contradicts itself.

Given twice, it brings nothing the second time. What is there is never changed or deleted.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from harness.core.errors import ConfigError
from harness.store.merge import merge
from harness.verbs import Arguments, Flag

FLAGS = (
    Flag("to", "the folder that all is brought into; without it ./results", takes="DIR"),
    Flag("since", "only what was begun since: a date (2026-11-15), or a number of days (7d)", takes="WHEN"),
)
_EXAMPLE = "for example python -m harness merge spark/results studio/results --to results"


def main(args: Arguments) -> int:
    """0; raises HarnessError, with nothing brought, for what is damaged, too new, or there twice with other bytes."""
    if not args.overrides:
        raise ConfigError("merge needs results folders", _EXAMPLE)
    sources = [Path(word).expanduser() for word in args.overrides]
    target = Path(args.flags.get("to", "results")).expanduser()
    done = merge(sources, target, first_day(args.flags.get("since", ""), datetime.now(UTC)))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for remark in done.remarks:
        console.print(remark)
    new = f"{done.attempts} attempts and {done.files} other files are new in {target}"
    console.print(f"{new}, {done.present} were there already", style="bold")
    return 0


def first_day(word: str, now: datetime) -> str:
    """The first day that counts as YYYYMMDD, "" for all; raises ConfigError for what is neither date nor days."""
    if not word:
        return ""
    if re.fullmatch(r"\d{1,4}d", word):
        return f"{now - timedelta(days=int(word[:-1])):%Y%m%d}"
    try:
        return f"{datetime.strptime(word, '%Y-%m-%d').replace(tzinfo=UTC):%Y%m%d}"
    except ValueError as error:
        raise ConfigError(f"--since {word} is no date", "write it as 2026-11-15, or 7d for a week") from error
