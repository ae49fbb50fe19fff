"""The sentence at the top of a report: what was compared, on which box, and the verdict with its margin and counts.

Every kind of run has one that is true of it. Inconclusive and broken tasks are always counted in it, a candidate that
was not judged is named, nothing is claimed across runtimes, and a run that was cut short says so first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from harness.core.cell import IMPORTED
from harness.core.record import Completed
from harness.core.tones import WORST_FIRST, tone, worst
from harness.core.units import margin
from harness.core.verdict import Claim, Comparison, Scored
from harness.report.gaps import failed, missing
from harness.report.measured import Measured
from harness.report.readings import heading, verdict_words
from harness.report.steps import words
from harness.report.view import View, foremost
from harness.report.wording import quantity, quantity_range

Kind = Literal["quality", "bridge", "fidelity", "speed", "alone", "nothing"]
_CLAUSES = 8  # of a sentence; what more candidates say is counted
_HEADLINE = ("decode", "throughput", "prefill", "ttft", "peak_memory")
_RATES = ("decode", "prefill")
_TITLES: dict[Kind, str] = {
    "quality": "What quantization costs",
    "bridge": "What the runtime changes",
    "fidelity": "How far quantization moves the next token",
    "speed": "How fast the quantizations run",
    "alone": "Measured without a baseline",
    "nothing": "Nothing was compared",
}


def kind(view: View) -> Kind:
    """What the run as a whole is about: the strongest comparison that it holds."""
    if view.quality:
        return "quality"
    if any(one.kind == "bridge" for one in view.analysis.comparisons):
        return "bridge"
    if view.analysis.diagnostics:
        return "fidelity"
    if _ratios(view):
        return "speed"
    measured = any(one.candidate for one in view.analysis.speed) or any(arm.scores for arm in view.arms)
    return "alone" if measured else "nothing"


def title(view: View) -> str:
    """The heading of the report: its kind, the models and the box."""
    return f"{_TITLES[kind(view)]}: {_subject(view)}"


def headline(view: View) -> str:
    """The sentence, whole."""
    said = {
        "quality": _quality,
        "bridge": _bridge,
        "fidelity": _fidelity,
        "speed": _speed,
        "alone": _alone,
        "nothing": _nothing,
    }[kind(view)](view)
    left = len(missing(view))
    done = len(view.analysis.plan.cells) - left
    return f"Not finished, {done} of {len(view.analysis.plan.cells)} cells so far: {said}" if left else said


def tallied(tones: Iterable[str], skip: str = "") -> str:
    """Counts of verdicts, the worst first: "1 degraded, 4 inconclusive"; `skip` is left out."""
    found = Counter(tones)
    return ", ".join(f"{found[one]} {one}" for one in WORST_FIRST if found[one] and one != skip)


def _subject(view: View) -> str:
    models = list(dict.fromkeys(arm.model for arm in view.arms))
    named = f"{len(models)} models" if len(models) > 3 else ", ".join(models) or "no model"
    where = "measured elsewhere (imported)" if view.analysis.plan.hw == IMPORTED else f"on {view.analysis.plan.hw}"
    return f"{named} {where}"


def _quality(view: View) -> str:
    claims = [one for one in view.claims if one.tasks]
    sound = [one for one in claims if not _across(view, one)]
    if not claims:
        return (
            f"{_subject(view)}: everything compared lies outside the family named before the run, so the verdicts "
            "below are explored and nothing is claimed."
        )
    margins = sorted({one.margin for one in view.quality.values() if one.confirmatory})
    within = " or ".join(map(margin, margins))
    parts = _clauses(view, sound)
    if others := [view.label(one.candidate_arm) for one in claims if one not in sound]:
        parts.append(f"no claim for {_all(others)}, since the runtimes differ")
    if explored := [view.label(arm.arm) for arm in view.candidates if view.role(arm) == "explored"]:
        parts.append(f"{_all(explored)} explored only, which claims nothing")
    parts += _not_judged(view)
    return f"{_subject(view)}, against {_against(view, claims)} within {within}: {'; '.join(parts)}."


def _clauses(view: View, claims: Sequence[Claim]) -> list[str]:
    """What is claimed, candidates with equal counts together; of too many clauses those that lost stay."""
    groups: dict[str, list[str]] = {}
    for one in claims:
        groups.setdefault(_counted(one), []).append(one.candidate_arm)
    kept = foremost(list(groups), _CLAUSES, lambda text: worst(map(view.tone, groups[text])))
    names = {text: [*map(view.label, groups[text])] for text in kept}
    parts = [f"{_all(names[text])} {text}" for text in kept]
    if parts:
        first = kept[0]
        parts[0] = f"{_all(names[first])} {'are' if len(names[first]) > 1 else 'is'} {_with_tasks(first)}"
    rest = sum(len(arms) for text, arms in groups.items() if text not in kept)
    return [*parts, *([f"{rest} more in the table"] if rest else [])]


def _not_judged(view: View) -> list[str]:
    names = [view.label(arm.arm) for arm in view.candidates if not view.verdicts_of(arm.arm)]
    return [f"{_all(names)} not judged"] if names else []


def _across(view: View, claim: Claim) -> bool:
    """Whether candidate and baseline ran on different runtimes, so that nothing can be put down to quantization."""
    runtimes = {arm.arm: arm.runtime for arm in view.arms}
    return runtimes.get(claim.candidate_arm) != runtimes.get(claim.baseline_arm)


def _against(view: View, claims: Sequence[Claim]) -> str:
    names = {view.label(claim.baseline_arm) for claim in claims}
    return next(iter(names)) if len(names) == 1 else "full precision"


def _counted(one: Claim) -> str:
    """ "equivalent on all 5", or "degraded on 3 of 5 (1 inconclusive, 1 equivalent)": what is commonest comes first."""
    tones = {"degraded": one.degraded, "equivalent": one.equivalent, "inconclusive": one.inconclusive,
             "broken": one.broken, "no information": one.no_information, "improved": one.improved}
    most = max(tones, key=lambda name: tones[name])
    rest = tallied(Counter(tones).elements(), skip=most)
    return f"{most} on {share(tones[most], one.tasks)}" + (f" ({rest})" if rest else "")


def share(count: int, total: int) -> str:
    """ "all 5", "3 of 5", or "the only" one there is."""
    if count == total:
        return f"all {total}" if total > 1 else "the only"
    return f"{count} of {total}"


def _with_tasks(text: str) -> str:
    """The counts of the first clause name what is counted: "on all 5 tasks"."""
    counts, bracket, rest = text.partition(" (")
    return f"{counts} {'task' if counts.endswith(('only', ' of 1')) else 'tasks'}{bracket}{rest}"


def _all(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


def _bridge(view: View) -> str:
    found: dict[tuple[str, str], list[Comparison]] = {}
    for one in view.analysis.comparisons:
        if one.kind == "bridge":
            found.setdefault((one.candidate_arm, one.baseline_arm), []).append(one)
    parts = []
    for (arm, baseline), rows in found.items():
        tones = [tone(one) for one in rows]
        rest = tallied(tones, skip="equivalent")
        counts = f"{tones.count('equivalent') or 'none'} of {len(rows)} tasks" + (f" ({rest})" if rest else "")
        within = " or ".join(margin(one) for one in sorted({one.margin for one in rows}))
        parts.append(f"{view.label(arm)} is equivalent to {view.label(baseline)} within {within} on {counts}")
    parts += _not_judged(view)
    return f"{_subject(view)}, full precision only: {'; '.join(parts)}. No quantization was compared."


def _fidelity(view: View) -> str:
    names = list(dict.fromkeys(view.label(one.candidate_arm) for one in view.analysis.diagnostics))
    return (
        f"{_subject(view)}: perplexity and divergence of {_all(names)} are shown, which carry no verdict. No scored "
        "task was compared, so nothing is claimed about answers."
    )


def _speed(view: View) -> str:
    found = _ratios(view)
    usable = [one for one in found if _ratio(one)]
    parts = [_times(view, one, first=not index) for index, one in enumerate(usable[:_CLAUSES])]
    parts += [f"{len(usable) - _CLAUSES} more in the table"] if len(usable) > _CLAUSES else []
    parts += _no_ratio(view, found[0].name)
    return f"{_subject(view)}, {words(view.speeds.lightest)}: {'; '.join(parts)}. Quality was not compared."


def _no_ratio(view: View, name: str) -> list[str]:
    """The candidates that have no ratio in a reading, by the reason."""
    what = f"{heading(name).lower()} speed" if name in _RATES else heading(name)
    reasons: dict[str, list[str]] = {}
    for arm in view.candidates:
        one = view.speeds.get(arm.arm, name, view.speeds.lightest)
        if one is None or not one.usable:
            reasons.setdefault(f"no valid {what} is known of {{}}", []).append(view.label(arm.arm))
        elif one.against is None or not one.against.baseline_arm:
            reasons.setdefault("{} without a baseline", []).append(view.label(arm.arm))
        elif not one.against.ratio:
            why = "no ratio is known of {}: the baseline has no valid rounds beside it"
            reasons.setdefault(why, []).append(view.label(arm.arm))
    return [text.format(_all(names)) for text, names in reasons.items()]


def _ratios(view: View) -> list[Measured]:
    """Of each candidate that was compared, the first of the headline readings that any of them has."""
    for name in _HEADLINE:
        every = (view.speeds.get(arm.arm, name, view.speeds.lightest) for arm in view.candidates)
        found = [one for one in every if one and one.against and one.against.baseline_arm and one.scored]
        if found:
            return found
    return []


def _ratio(one: Measured) -> Scored | None:
    """A candidate's ratio to its baseline, None where it is unknown or either side is invalid."""
    return None if one.unusable or one.against is None else one.against.ratio


def _times(view: View, one: Measured, first: bool) -> str:
    """A candidate's ratio as a clause, the first one with what it is a ratio of."""
    name, ratio = view.label(one.arm), _ratio(one)
    if ratio is None or one.against is None:
        return ""
    limits = f"[{ratio.low:.2f}, {ratio.high:.2f}]" if math.isfinite(ratio.low + ratio.high) else "no interval"
    full = view.label(one.against.baseline_arm)
    does = "decodes {}× as fast as" if one.name == "decode" else f"has {{}}× the {heading(one.name)} of"
    text = f"{name} {does.format(f'{ratio.score:.2f}')} {full}" if first else f"{name} {ratio.score:.2f}×"
    word = verdict_words(one.against)
    said = {"inconclusive": word, "same": f"the same within {100 * view.speed_margin:g} %"}.get(word, "")
    extra = ", ".join(part for part in (said, "flagged" if one.objections else "") if part)
    return f"{text}, {limits}" + (f" ({extra})" if extra else "")


def _alone(view: View) -> str:
    names = [view.label(arm.arm) for arm in view.arms]
    who = f"{len(names)} arms" if len(names) > _CLAUSES else _all(names)
    known = [one for arm in view.arms if (one := view.speeds.get(arm.arm, "decode", view.speeds.lightest))]
    figures = [_own(view, one) for one in known if one.usable][:3]
    shown = f" Decode: {'; '.join(figures)}." if figures else ""
    return (
        f"{_subject(view)}: {who} measured without a baseline, so nothing is said of what quantization costs."
        f"{shown}"
    )


def _own(view: View, one: Measured) -> str:
    scored = one.usable
    if scored is None:
        return ""
    limits = quantity_range(scored, one.unit) or "no interval"
    return f"{view.label(one.arm)} {quantity(scored.score, one.unit)}, {limits}"


def _nothing(view: View) -> str:
    measured = sum(isinstance(one, Completed) for one in view.analysis.records)
    said = f"{_subject(view)}: nothing could be compared; {measured} of {len(view.analysis.plan.cells)} cells measured."
    reasons = Counter(f"{one.kind}: {one.reason}" for one in failed(view))
    return f"{said} {len(failed(view))} failed, first with {next(iter(reasons))}." if reasons else said
