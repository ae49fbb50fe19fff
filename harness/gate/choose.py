"""Words to plans: which nights are judged, and against which.

A reference may be several plans, newest first: with a time budget a night measures a part of what there is, and each
arm and figure is held against the newest of them that has it.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from harness.core.cell import IMPORTED
from harness.core.errors import ConfigError, NotFound
from harness.core.reference import Accepted
from harness.core.summary import ArmSummary, Summary

LAST_ACCEPTED = ("last-accepted", "last accepted", "last_accepted")
_ACCEPT = "accept one: python -m harness accept last --reason '...'"


def measured(summaries: Sequence[Summary]) -> list[Summary]:
    """Those that have a record and were not imported, oldest first."""
    return sorted((one for one in summaries if one.started and one.hw != IMPORTED), key=lambda one: one.started)


def nights(word: str, known: Sequence[Summary]) -> list[Summary]:
    """The plans that a word names: those of the newest night ("" or "last"), of a night, or the one of an id.

    `known` as from `measured`. Raises NotFound or, for letters that begin several ids, ConfigError.
    """
    if word in ("", "last"):
        if not known:
            raise NotFound("no plan was measured", "python -m harness run matrix.night=auto")
        newest = known[-1]
        return [one for one in known if newest.night and one.night == newest.night] or [newest]
    if found := [one for one in known if one.night == word]:
        return found
    found = [one for one in known if one.plan.startswith(word)]
    if len(found) > 1:
        raise ConfigError(f"{word!r} begins {len(found)} plans", f"more letters: {', '.join(o.plan for o in found)}")
    if not found:
        raise NotFound(f"no night and no measured plan is called {word!r}", "see python -m harness list results")
    return found


def references(
    word: str, tonight: Summary, known: Sequence[Summary], accepted: Sequence[Accepted]
) -> list[Summary]:
    """The plans to hold `tonight` against, newest first: see docs/gate.md for the words.

    Raises NotFound where there is none.
    """
    others = [one for one in known if one.plan != tonight.plan]
    own = [one for one in others if one.hw == tonight.hw]
    tagged = [one for one in accepted if one.hw == tonight.hw and (word in LAST_ACCEPTED or one.tag == word)]
    if word in LAST_ACCEPTED or tagged:
        found = _of(tagged, own)
        if not found and any(one.plan == tonight.plan for one in tagged):
            raise NotFound(f"{_named(tonight)} is itself the only reference of {tonight.hw}", "gate the next night")
        return found or _nothing(f"no night of {tonight.hw} is accepted", _ACCEPT)
    if found := [one for one in own if one.night == word]:
        return found[::-1]
    if (day := _day(word)) is not None:
        found = [one for one in own if one.started[:10] <= day]
        return found[::-1] or _nothing(f"nothing was measured on {tonight.hw} by {day}", "name a later day")
    named = [one for one in nights(word, known) if one.plan != tonight.plan]
    return named[::-1] or _nothing(f"{word!r} is the night itself", "name an earlier one")


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


def _named(one: Summary) -> str:
    return f"night {one.night}" if one.night else f"plan {one.plan}"


def before(tonight: Summary, others: Sequence[Summary], known: Sequence[Summary]) -> list[Summary]:
    """The nights of the same box that teach its noise: all up to tonight, or to a reference that came later."""
    until = max(one.started for one in (tonight, *others))
    return [one for one in known if one.hw == tonight.hw and one.plan != tonight.plan and one.started <= until]


def enough(tonight: Summary, others: Sequence[Summary]) -> list[Summary]:
    """As many of the references, newest first, as have all that tonight measured; the rest need not be read."""
    wanted = {what for arm in tonight.arms for what in _measured(arm)}
    needed: list[Summary] = []
    for one in others:
        has = {what for arm in one.arms for what in _measured(arm)}
        if wanted & has or not needed:
            needed.append(one)
        wanted -= has
        if not wanted:
            break
    return needed


def _measured(arm: ArmSummary) -> Iterator[tuple[str, str]]:
    """What an arm has: its answers, under their cell; its figures by load."""
    if arm.scores:
        yield arm.arm, arm.cell
    yield from ((arm.arm, f"load {load}") for load in {one.load for one in arm.metrics})
