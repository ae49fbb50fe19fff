"""How figures, verdicts and steps are said on the site; the words are those of the reports."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from harness.core.summary import Metric, Summary
from harness.core.tones import tone
from harness.core.units import margin
from harness.core.verdict import Scored
from harness.history.series import Place
from harness.history.steps import Change
from harness.publish.sheet import Field
from harness.publish.stock import Standing
from harness.report.readings import heading
from harness.report.sentence import share, tallied
from harness.report.steps import At, words
from harness.report.wording import SYMBOLS, points, points_range, quantity, quantity_range, significant

_STEP_LINES = 3
_USUAL = ("single stream", "whole run")


def day(when: str) -> str:
    """An ISO time as "1 Sep 2026", "" for ""."""
    return f"{datetime.fromisoformat(when):%-d %b %Y}" if when else ""


def verdict(one: Standing) -> Field:
    """An arm's newest verdicts as one field: the worst tone, and how many tasks are what."""
    if not one.verdicts:
        if one.newest.arm.is_baseline:
            return Field("baseline", value="0")
        return Field("not judged", "quality was not compared", value="9")
    tones = [tone(each) for each in one.verdicts]
    rest = tallied(tones, skip=one.tone)
    within = " or ".join(sorted({margin(each.margin) for each in one.verdicts}))
    head = f"{one.tone} on {share(tones.count(one.tone), len(tones))}"
    detail = "\n".join(filter(None, [rest, f"within {within}"]))
    return Field(f"{SYMBOLS[one.tone]} {head}" + " task" * (len(tones) == 1), detail, one.tone)


def newest_figure(one: Standing, name: str) -> Field:
    """An arm's figure of a reading, and what of it is not as usual: its step, its run, its box."""
    found = one.figure(name)
    if found is None:
        return Field("")
    run, metric = found
    shown, where = figure(metric), words(At(metric.load, metric.step))
    notes = (shown.detail, where if where not in _USUAL else "",
             f"of {day(run.ended)}" if one.timed and run.plan != one.timed.run.plan else "",
             "on another box" if run.elsewhere else "")
    return replace(shown, detail="\n".join(filter(None, notes)))


def figure(one: Metric) -> Field:
    """A reading with its interval; what is invalid shows no number in the place of one."""
    if one.validity == "invalid":
        return Field("✕ invalid", f"read {quantity(one.value, one.unit)}", "invalid")
    low, high = (math.nan if limit is None else limit for limit in (one.low, one.high))
    scored = Scored(one.value, low, high)
    sign = " ⚠" if one.validity == "degraded" else ""
    spread = low < high and not low <= 0 < one.value
    detail = (quantity_range(scored, one.unit) if spread else "") or _no_interval(one)
    return Field(quantity(one.value, one.unit) + sign, detail, value=f"{one.value:.9g}")


def _no_interval(one: Metric) -> str:
    if len(one.values) == 1:
        return "1 round: no interval"
    return "same in every round" if one.low == one.high else f"{len(one.values)} rounds spread too far"


def name_of(place: Place) -> str:
    """A series in words: "Decode, single stream", "Score on triage"."""
    if place.kind == "score":
        return f"Score on {place.name}"
    at = At(place.of, place.step)
    title = heading(place.name)
    return title if at.whole else f"{title}, {words(at)}"


def size(one: Change) -> str:
    """A step's size: "−7.9 % [−8.2, −7.6]", of a score "−2.1 points [−2.6, −1.6]"."""
    shown, limits = points(one.change), ""
    if one.low is not None and one.high is not None:
        limits = points_range(one.low, one.high)
    unit = "points" if one.series.place.kind == "score" else "%"
    return f"{shown} {unit} {limits or '(the same in every run)'}"


def direction(one: Change) -> str:
    """ "worse" or "better"."""
    return "worse" if one.worse else "better"


def cause(one: Change) -> str:
    """Whether the engine changed just there."""
    before, after = one.engines
    return f"engine {before} → {after}" if before != after else "the engine did not change"


def newest_step(one: Standing) -> Field:
    """The newest step for the worse in an arm's histories, with how many figures moved with it."""
    worse = [each for each in one.changes if each.worse]
    if not worse:
        return Field("", value="0")
    same = [each for each in worse if each.since.plan == worse[0].since.plan]
    first = min(same, key=lambda each: one.series.index(each.series))
    more = f"and {len(same) - 1} more" if len(same) > 1 else ""
    detail = "\n".join(filter(None, [size(first), f"since {day(first.since.when)}", more]))
    return Field(f"▼ {name_of(first.series.place)}", detail, "degraded", f"{one.key.path}#steps", first.since.when)


def step_fields(key: Standing, same: Sequence[Change]) -> tuple[Field, ...]:
    """A row for the steps of one arm that begin with the same run; what got worse first."""
    ordered = sorted(same, key=lambda one: not one.worse)
    signs = [SYMBOLS["degraded"] if one.worse else SYMBOLS["improved"] for one in ordered]
    lines = [f"{sign} {name_of(one.series.place)}: {size(one)} {direction(one)}"
             for sign, one in zip(signs, ordered, strict=True)]
    lines = lines if len(lines) <= _STEP_LINES + 1 else [*lines[:_STEP_LINES], f"and {len(lines) - _STEP_LINES} more"]
    first = ordered[0]
    return (
        Field(f"since {day(first.since.when)}", to=f"{key.key.path}#steps", value=first.since.when),
        Field(f"{key.key.model} {key.key.quant}", f"{key.key.runtime} on {key.key.hw}", to=key.key.path),
        Field(lines[0], "\n".join(lines[1:]), "degraded" if first.worse else "improved"),
        Field(cause(first), f"{first.runs[0]} runs before, {first.runs[1]} since"),
    )


def trouble(run: Summary) -> str:
    """What speaks against a run, "" if nothing: another box, cells that failed or were not measured and do not wait."""
    left = run.planned - run.measured - run.failed - run.not_needed - run.later
    parts = [f"{run.failed} of {run.planned} cells failed"] if run.failed else []
    parts += [f"{left} of {run.planned} cells were not measured"] if left > 0 else []
    reason = f" ({run.reasons[0]})" if run.reasons and parts else ""
    elsewhere = [f"measured on another box than {run.hw}"] if run.elsewhere else []
    return ", ".join([*elsewhere, *parts]) + reason


def title(run: Summary) -> str:
    """A run in words."""
    models = list(dict.fromkeys(arm.model for arm in run.arms))
    named = ", ".join(models[:3]) + (f" and {len(models) - 3} more" if len(models) > 3 else "")
    return f"{named} on {run.hw}"


def number(value: float, step: float) -> str:
    """A label of an axis with as many decimals as its steps need."""
    decimals = next((n for n in range(7) if abs(round(step, n) - step) < step * 1e-6), 6)
    return f"{value:,.{decimals}f}".replace("-", "−") if abs(value) < 1e6 else significant(value)


def joined(parts: Iterable[str]) -> str:
    """Sentences one after another."""
    return " ".join(part for part in parts if part)
