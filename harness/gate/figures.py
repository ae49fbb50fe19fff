"""Figures of speed, memory and energy against the reference, by the noise that the box's own history shows.

A figure is worse where a prediction interval says so after Holm over all gated figures of the night, and where the
estimate lies beyond the margin. The reference's level is the mean of it and of the nights after it (stats.floor), so
what creeps away from it night by night is seen as soon as it amounts to something, however slowly it went.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.core.cell import LoadWork
from harness.core.gate import Finding, Status
from harness.core.summary import Metric
from harness.gate.night import Night
from harness.gate.rules import EQUIVALENCE_ALPHA, GATED, GROSS, SPEED_ALPHA, Rules
from harness.gate.series import Key, Past, Taught, taught
from harness.stats.floor import Shift, shift
from harness.stats.multiple import holm

_ADAPTIVE = ("sweep", "slo", "ramp")  # loads whose steps are found anew each night


@dataclass(frozen=True, eq=False)
class _Held:
    """One figure beside its reference's. `status` is there where no test decides it. `away` is a shift for the worse
    where it is positive, None where nothing can be computed.
    """

    key: Key
    now: Metric
    status: Status | None = None
    reason: str = ""
    reference: str = ""
    known: Taught | None = None
    away: Shift | None = None

    @property
    def gated(self) -> bool:
        """Whether it decides."""
        return self.key.name in GATED

    def pvalue(self, side: int) -> float:
        """One-sided, against "no worse" (side 1) or "no better" (-1)."""
        if self.status is not None or self.away is None:
            return 1.0
        return float(Shift(side * self.away.deviation, self.away.stderr, self.away.dof).above())


def judge(tonight: Night, references: Sequence[Night], before: Past, rules: Rules) -> Iterator[Finding]:
    """One finding per figure of tonight, and one per gated figure that the reference has and tonight lacks."""
    held = [one for arm in tonight.arms for one in _of_arm(arm, tonight, references, before)]
    family = [one for one in held if one.gated and one.status is None]
    adjusted = {id(one): pair for one, *pair in zip(
        family, *(holm([one.pvalue(side) for one in family]) for side in (1, -1)), strict=True)}
    for one in held:
        worse, better = adjusted.get(id(one)) or (one.pvalue(1), one.pvalue(-1))
        yield _judged(one, float(worse), float(better), len(family), rules)
    yield from _gone(tonight, references, {one.key for one in held})


def _of_arm(arm: str, tonight: Night, references: Sequence[Night], before: Past) -> Iterator[_Held]:
    summary = tonight.arm(arm)
    for metric in summary.metrics if summary else ():
        key = Key.of(arm, metric)
        reference, why = _reference(key, tonight, references)
        if reference is None:
            yield _Held(key, metric, "not compared", why)
        else:
            yield _compared(key, metric, reference, taught(key, before, reference.summary.plan))


def _reference(key: Key, tonight: Night, references: Sequence[Night]) -> tuple[Night | None, str]:
    """The newest reference that has the figure under the same load on the same hardware, or why there is none."""
    why = "no reference has this figure"
    for night in references:
        if (found := _metric(key, night)) is None:
            continue
        if night.summary.fingerprint != tonight.summary.fingerprint:
            why = "the reference was measured on other hardware"
        elif _load(key, night) != _load(key, tonight):
            why = f"load {key.load} is not the one of the reference"
        elif found.validity != "valid" or found.value <= 0:
            why = f"the reference's own figure is {found.validity if found.value > 0 else 'not positive'}"
        else:
            return night, ""
    return None, why


def _metric(key: Key, night: Night) -> Metric | None:
    arm = night.arm(key.arm)
    return next((one for one in arm.metrics if Key.of(key.arm, one) == key), None) if arm else None


def _load(key: Key, night: Night) -> object:
    cells = night.load_cells(key.arm).get(key.load, [])
    return cells[0].work.load if cells and isinstance(cells[0].work, LoadWork) else None


def _compared(key: Key, now: Metric, reference: Night, known: Taught) -> _Held:
    plan = reference.summary.plan
    if not known.level_nights:
        return _Held(key, now, "not compared", "the reference is another box's", plan, known)
    if now.validity != "valid":
        return _Held(key, now, "invalid", f"tonight's figure is {now.validity}; measure again", plan, known)
    if now.value <= 0:
        return _Held(key, now, "not compared", "not a positive figure", plan, known)
    sign = 1 if now.better == "lower" else -1
    away = shift(known.floor, sign * math.log(now.value), sign * known.level, known.level_nights, _within(now))
    if known.floor.learned:
        return _Held(key, now, None, "", plan, known, away)
    before = _metric(key, reference)
    if before and key.name in GATED and _gross(now, before):
        said = f"worse by more than {100 * GROSS:.0f} % in every round, though the box's noise is still being learned"
        return _Held(key, now, "worse", said, plan, known, away)
    return _Held(key, now, "learning", "", plan, known, away)


def _within(metric: Metric) -> float:
    """Standard error that the night's own rounds show, as a share; 0 where they show none."""
    values = np.asarray(metric.values)
    if values.size < 2 or not (values > 0).all():
        return 0.0
    return float(np.log(values).std(ddof=1) / math.sqrt(values.size))


def _gross(now: Metric, before: Metric) -> bool:
    """Whether each round is worse by GROSS than each of the reference's."""
    if now.better == "higher":
        return max(now.values) < (1 - GROSS) * min(before.values)
    return (1 - GROSS) * min(now.values) > max(before.values)


def _judged(one: _Held, worse: float, better: float, family: int, rules: Rules) -> Finding:
    key, now, known, away = one.key, one.now, one.known, one.away
    status = one.status or _status(one, worse, better, rules)
    level = math.exp(known.level) if known and known.level_nights else None
    floor = known.floor if known else None
    learned = away is not None and floor is not None and bool(floor.learned)
    ratio = now.value / level if level else None
    limits = _limits(ratio, away) if ratio and away and learned else (None, None)
    return Finding(
        kind="figure",
        status=status,
        arm=key.arm,
        name=key.name,
        unit=key.unit,
        better=now.better,
        load=key.load,
        step=key.step,
        reference=one.reference,
        before=level,
        after=now.value,
        change=ratio,
        low=limits[0],
        high=limits[1],
        margin=rules.speed_margin,
        pvalue=worse if one.status is None else None,
        nights=int(floor.dof) + 1 if floor is not None and floor.dof > 0 else 0,
        level_nights=known.level_nights if known else 0,
        spread=float(floor.spread) if floor is not None and floor.dof > 0 else None,
        smallest=_smallest(one, family, rules) if learned else None,
        gated=one.gated,
        reason=one.reason,
    )


def _status(one: _Held, worse: float, better: float, rules: Rules) -> Status:
    assert one.away is not None  # without a status there is a test
    deviation, margin = float(one.away.deviation), math.log1p(rules.speed_margin)
    if worse < SPEED_ALPHA and deviation > margin:
        return "worse"
    if better < SPEED_ALPHA and deviation < -margin:
        return "better"
    inside = abs(deviation) + float(one.away.half(1 - 2 * EQUIVALENCE_ALPHA)) < margin
    return "same" if inside else "noise"


def _limits(ratio: float, away: Shift) -> tuple[float, float]:
    half = float(away.half(0.95))
    return ratio * math.exp(-half), ratio * math.exp(half)


def _smallest(one: _Held, family: int, rules: Rules) -> float | None:
    """The least change for the worse that is called one if all others are as they were (a share of the figure)."""
    assert one.away is not None  # it is asked of what was tested
    alone = SPEED_ALPHA / max(family if one.gated else 1, 1)
    least = max(math.log1p(rules.speed_margin), float(one.away.half(1 - 2 * alone)))
    return 1 - math.exp(-least) if one.now.better == "higher" else math.exp(least) - 1


def _gone(tonight: Night, references: Sequence[Night], known: set[Key]) -> Iterator[Finding]:
    """Gated figures that tonight should have and has not: of each of its loads, those of the newest reference with it.

    What was not measured at all is said by night.crashed.
    """
    for arm in tonight.arms:
        for load, cells in tonight.load_cells(arm).items():
            work = next((cell.work for cell in cells if tonight.runs.completed(cell.id)), None)
            held = next((one for one in references if _metrics(arm, load, one)), None)
            if isinstance(work, LoadWork) and held is not None:
                had = {Key.of(arm, one): one for one in _metrics(arm, load, held) if one.name in GATED}
                yield from (_lost(key, one, work, held) for key, one in had.items() if key not in known)


def _lost(key: Key, before: Metric, work: LoadWork, reference: Night) -> Finding:
    comparable = work.load.arrivals not in _ADAPTIVE and _load(key, reference) == work.load
    return Finding(
        "figure", "broken" if comparable else "not compared", key.arm, key.name, key.unit, before.better, key.load,
        key.step, reference.summary.plan, before.value, reason="the reference has this figure, tonight has not",
    )


def _metrics(arm: str, load: str, night: Night) -> list[Metric]:
    found = night.arm(arm)
    return [one for one in found.metrics if one.load == load] if found else []
