"""A verdict in the one word that every form shows, marks and colours it by, and which of several speaks for all."""

from collections.abc import Iterable
from typing import Protocol

from harness.core.verdict import Verdict

NO_INFORMATION = "no information"
WORST_FIRST = ("degraded", "broken", "inconclusive", NO_INFORMATION, "improved", "equivalent")
"""Every tone; the first of several that occurs speaks for all."""


class Judged(Protocol):
    """What carries a verdict: a comparison, or what a summary keeps of it."""

    @property
    def verdict(self) -> Verdict: ...

    @property
    def note(self) -> str: ...


def tone(one: Judged) -> str:
    """The verdict, or "no information" where the baseline itself can show nothing."""
    return NO_INFORMATION if one.note.startswith(NO_INFORMATION) else one.verdict.value


def worst(tones: Iterable[str]) -> str:
    """The tone that speaks for several, "" for none: only what is equivalent throughout is called so."""
    return min(tones, key=WORST_FIRST.index, default="")
