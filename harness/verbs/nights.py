"""What `gate` and `accept` share: the words after the verb, and nights as they were stored."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.errors import ConfigError
from harness.core.summary import Summary
from harness.gate.choose import measured
from harness.gate.night import Night
from harness.history.summaries import summaries
from harness.store import read
from harness.store.layout import Layout
from harness.verbs import Arguments, stored


@dataclass(frozen=True)
class Stored:
    """A results folder and the summaries of all that was measured in it, oldest first."""

    layout: Layout
    known: tuple[Summary, ...]

    def night(self, summary: Summary) -> Night:
        """A plan with its records and items."""
        plan = read.plan(self.layout, summary.plan)
        return Night(summary, plan, stored.records_of(plan, self.layout))


def opened(args: Arguments) -> tuple[str, Stored]:
    """The night that is named ("" of none), and what is stored; raises ConfigError for words that mean nothing."""
    words = stored.parse(args.overrides, most=1)
    layout = Layout(words.results)
    return (words.ids[0] if words.ids else ""), Stored(layout, tuple(measured(summaries(layout, _say))))


def _say(problem: str) -> None:
    sys.stderr.write(f"{problem}\n")


def share(word: str | None, flag: str) -> float | None:
    """A margin from the command line, None where it was not given; raises ConfigError for what is no share."""
    if word is None:
        return None
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 < value < 0.5:
        raise ConfigError(f"--{flag} {word} is no share between 0 and 0.5", "0.02 is two points, or 2 %")
    return value


def in_one(words: Sequence[str]) -> str:
    """Things listed in a sentence."""
    return ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
