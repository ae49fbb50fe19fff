"""What `gate` and `accept` share: the words after the verb, and nights as they were stored."""

from collections.abc import Sequence

from harness.core.errors import ConfigError
from harness.core.plan import Plan
from harness.gate.choose import measured
from harness.gate.night import Night
from harness.history.summaries import attempts, summaries
from harness.store import read
from harness.store.attempts import chosen
from harness.store.items import LoadedRun
from harness.store.layout import Layout
from harness.verbs import Arguments, stored


class Stored:
    """A results folder and the summaries of all nights that were measured in it (`known`), oldest first."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.known = tuple(measured(summaries(layout, stored.say)))
        self._attempts = attempts(layout)
        self._nights: dict[str, Night] = {}

    def night(self, plan_id: str) -> Night:
        """One of them with its records and items, read when they are asked for."""
        if plan_id not in self._nights:
            summary = next(one for one in self.known if one.plan == plan_id)
            self._nights[plan_id] = Night(summary, lambda: read.plan(self.layout, plan_id), self._records)
        return self._nights[plan_id]

    def _records(self, plan: Plan) -> list[LoadedRun]:
        return [read.loaded(self.layout, folder) for folder in chosen(plan, self._attempts)]


def opened(args: Arguments) -> tuple[str, Stored]:
    """The night that is named ("" of none), and what is stored; raises ConfigError for words that mean nothing."""
    words = stored.parse(args.overrides, most=1)
    return (words.ids[0] if words.ids else ""), Stored(Layout(words.results))


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
