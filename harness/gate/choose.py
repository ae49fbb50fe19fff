"""Words to plans: which nights are judged, and against which.

A reference may be several plans, newest first: with a time budget a night measures a part of what there is, and each
arm and figure is held against the newest of them that has it.
"""

from collections.abc import Sequence
from datetime import date

from harness.core.cell import IMPORTED
from harness.core.errors import ConfigError, NotFound
from harness.core.reference import Accepted
from harness.core.summary import Summary

LAST_ACCEPTED = "last-accepted"
_ACCEPT = "accept one: python -m harness accept last --reason '...'"


def measured(summaries: Sequence[Summary]) -> list[Summary]:
    """The nights that have a record and were not imported, oldest first.

    A plan without a night shows the newest answers that anybody gave, tonight's too: nothing is to be held against it.
    """
    found = (one for one in summaries if one.night and one.started and one.hw != IMPORTED)
    return sorted(found, key=lambda one: one.started)


def nights(word: str, known: Sequence[Summary]) -> list[Summary]:
    """The plans that a word names: those of the newest night ("" or "last"), of a night, or the one of an id.

    `known` as from `measured`. Raises NotFound or, for letters that begin several ids, ConfigError.
    """
    if word in ("", "last"):
        if not known:
            raise NotFound("no night was measured", "python -m harness run matrix.night=auto")
        word = known[-1].night
    return [one for one in known if one.night == word] or [_plan(word, known)]


def _plan(word: str, known: Sequence[Summary]) -> Summary:
    """The one whose plan's id begins so."""
    found = [one for one in known if one.plan.startswith(word)]
    if len(found) > 1:
        raise ConfigError(f"{word!r} begins {len(found)} plans", f"more letters: {', '.join(o.plan for o in found)}")
    if not found:
        raise NotFound(f"no night that was measured is called {word!r}", "see python -m harness list nights")
    return found[0]


def references(
    word: str, tonight: Summary, known: Sequence[Summary], accepted: Sequence[Accepted]
) -> list[Summary]:
    """The plans to hold `tonight` against, newest first: see docs/gate.md for the words.

    All are the same box's, unless a plan's id names another one. Raises NotFound where there is none.
    """
    others = [one for one in known if one.plan != tonight.plan]
    own = [one for one in others if one.hw == tonight.hw]
    tagged = [one for one in accepted if one.hw == tonight.hw and word in (LAST_ACCEPTED, one.tag)]
    if word == LAST_ACCEPTED or tagged:
        found = _of(tagged, own)
        if not found and any(one.plan == tonight.plan for one in tagged):
            raise NotFound(f"night {tonight.night} is itself the only reference of {tonight.hw}", "gate the next night")
        return found or _nothing(f"no night of {tonight.hw} is accepted", _ACCEPT)
    if found := [one for one in own if one.night == word]:
        return found[::-1]
    if (day := _day(word)) is not None:
        found = [one for one in own if one.started[:10] <= day]
        return found[::-1] or _nothing(f"nothing was measured on {tonight.hw} by {day}", "name a later day")
    if word == tonight.night or (named := _plan(word, known)).plan == tonight.plan:
        raise NotFound(f"{word!r} is the night itself", "name an earlier one")
    return [named]


def _of(tagged: Sequence[Accepted], known: Sequence[Summary]) -> list[Summary]:
    """The plans in the order in which they were accepted, last first, each once."""
    plans = {one.plan: one for one in known}
    return [plans[name] for name in dict.fromkeys(one.plan for one in reversed(tagged)) if name in plans]


def _nothing(what: str, hint: str) -> list[Summary]:
    raise NotFound(what, hint)


def _day(word: str) -> str | None:
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError:
        return None


def before(tonight: Summary, others: Sequence[Summary], known: Sequence[Summary]) -> list[Summary]:
    """The nights of the same box that teach its noise: all up to tonight, or to a reference that came later."""
    until = max(one.started for one in (tonight, *others))
    return [one for one in known if one.hw == tonight.hw and one.plan != tonight.plan and one.started <= until]
