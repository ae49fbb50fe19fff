"""Speed, memory and energy of candidate and baseline, paired by round of fresh processes; intervals over rounds only.

A round's value is the median of its samples, which one hiccup does not move. What differs in two processes of one arm
is the noise that counts, so the intervals are taken over rounds (t) and never over pooled requests.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from harness.compare.runs import Runs
from harness.compare.sides import Key, Round, flagged, side, unknown_because, worst
from harness.core.cell import LoadWork
from harness.core.config import Protocol
from harness.core.plan import Pair, Plan
from harness.core.verdict import Scored, SpeedComparison
from harness.stats.ratios import Answer, exact_verdict, speed_verdict
from harness.stats.spread import mean_interval, ratio_interval

OF_THE_BOX = ("canary_copy", "canary_matrix")
"""Readings that tell how the box was, not how the arm is: they get no verdict."""


def compare(plan: Plan, runs: Runs, not_needed: frozenset[str] = frozenset()) -> list[SpeedComparison]:
    """One row per candidate, baseline, load, reading and step, in the plan's order; then arms that have no baseline.

    `not_needed` are ids of cells that were left out because their arms are known well enough without.
    """
    arms: dict[tuple[str, str, str], list[Pair]] = {}
    for pair in (*plan.pairs, *_alone(plan)):
        if pair.kind == "speed" and not {pair.candidate, pair.baseline} & not_needed:
            load, _ = _place(pair, runs)
            arms.setdefault((pair.candidate_arm, pair.baseline_arm, load), []).append(pair)
    return [row for pairs in arms.values() for row in _of_arms(pairs, runs, plan.protocol)]


def _alone(plan: Plan) -> Iterable[Pair]:
    """Load cells that nothing is compared with, each as a pair with nobody."""
    paired = {id_ for pair in plan.pairs for id_ in (pair.candidate, pair.baseline)}
    for cell in plan.cells:
        if cell.kind == "load" and cell.id not in paired:
            yield Pair("speed", cell.id, "", cell.arm, "")


def _place(pair: Pair, runs: Runs) -> tuple[str, int]:
    """Load, and round from 1."""
    work = runs.cell(pair.candidate).work
    return (work.load.key, work.round + 1) if isinstance(work, LoadWork) else ("", 1)


def _of_arms(pairs: list[Pair], runs: Runs, protocol: Protocol) -> list[SpeedComparison]:
    rounds: list[Round] = []
    lost: list[str] = []
    for pair in sorted(pairs, key=lambda pair: _place(pair, runs)):
        _, number = _place(pair, runs)
        one = Round(number, runs.completed(pair.baseline), runs.completed(pair.candidate))
        problem = runs.missing(pair.baseline, "baseline") if pair.baseline else ""
        problem = problem or runs.missing(pair.candidate, "candidate" if pair.baseline else "arm")
        if one.boxes_differ:
            problem, one = "the arms were measured on different boxes", Round(number, None, None)
        lost += [f"round {number} cannot be compared: {problem}"] if problem else []
        rounds.append(one)
    load, _ = _place(pairs[0], runs)
    sides = [record for one in rounds for record in one.sides if record]
    if not sides:
        return [_unknown(pairs[0], load, "; ".join(lost))]
    keys = dict.fromkeys(Key.of(reading) for record in sides for reading in record.outcome.readings)
    return [_row(pairs[0], load, key, rounds, lost, protocol) for key in keys]


def _row(
    pair: Pair, load: str, key: Key, rounds: list[Round], lost: list[str], protocol: Protocol
) -> SpeedComparison:
    before, after = (side([one.sides[index] for one in rounds], key) for index in (0, 1))
    usable = zip(before.usable, after.usable, strict=True)
    both = [(one, other) for one, other in usable if one is not None and other is not None]
    compared = bool(pair.baseline_arm)
    ratio, verdict = _ratio(both), _verdict(both, key, protocol)
    reasons = [*lost, *unknown_because(rounds, key, compared), *flagged(rounds, (before, after))]
    reasons += [*_too_few(both, key.unit, compared, len(rounds)), *_small_but_real(ratio, verdict)]
    return SpeedComparison(
        name=key.name,
        unit=key.unit,
        better=key.better,
        concurrency=key.at.concurrency,
        baseline_arm=pair.baseline_arm,
        candidate_arm=pair.candidate_arm,
        rounds=len(both) if compared else len(after.shown),
        baseline=_spread(before.shown),
        candidate=_spread(after.shown),
        ratio=ratio,
        reason="; ".join(dict.fromkeys(reasons)),
        step=key.at,
        verdict=verdict,
        validity=worst((before.validity, after.validity)),
        load=load,
    )


def _verdict(both: Sequence[tuple[float, float]], key: Key, protocol: Protocol) -> Answer | Literal[""]:
    """The verdict over rounds that both arms have; "" where none is possible or the reading is the box's own."""
    before, after = [one for one, _ in both], [other for _, other in both]
    if len(both) < 2 or key.name in OF_THE_BOX:
        return ""
    if _repeats(before, after, key.unit) and before == after:
        return "same"
    if min(*before, *after) <= 0:
        return ""
    if _repeats(before, after, key.unit):
        return exact_verdict(after[0] / before[0], key.better, protocol.speed_margin)
    return speed_verdict(after, before, key.better, protocol.speed_margin, protocol.alpha)


def _repeats(before: Sequence[float], after: Sequence[float], unit: str) -> bool:
    """Whether both are sizes that come out the same to the byte in every process: these are known exactly."""
    return unit == "B" and len(set(before)) == 1 and len(set(after)) == 1


def _small_but_real(ratio: Scored | None, verdict: str) -> Iterable[str]:
    if verdict == "same" and ratio is not None and not (math.isnan(ratio.low) or ratio.low <= 1 <= ratio.high):
        yield "a small difference, but a real one"


def _too_few(both: Sequence[tuple[float, float]], unit: str, compared: bool, planned: int) -> Iterable[str]:
    if not compared:
        yield "nothing is compared with this arm"
    if len(both) == 1:
        yield "one round in common, so no interval" + ("; ask for matrix.rounds=3" if planned == 1 else "")
    # Memory comes in pages and may well be the same each time; a time that repeats to the nanosecond is suspect.
    if unit != "B" and len(both) > 1 and any(len(set(one)) == 1 for one in zip(*both, strict=True)):
        yield "one arm read the same in every round"


def _ratio(both: Sequence[tuple[float, float]]) -> Scored | None:
    """Candidate over baseline; None with fewer than two rounds or where a reading is not positive."""
    if len(both) < 2 or any(value <= 0 for one in both for value in one):
        return None
    return _unless_fixed(ratio_interval([after for _, after in both], [before for before, _ in both]))


def _spread(values: list[float]) -> Scored | None:
    """Mean over rounds with its interval; limits are NaN where rounds show no spread to take them from."""
    return _unless_fixed(mean_interval(values)) if values else None


def _unless_fixed(scored: Scored | None) -> Scored | None:
    """Equal readings in every round say nothing about spread: an interval of width 0 would claim certainty."""
    if scored is None or scored.low != scored.high:
        return scored
    return Scored(scored.score, math.nan, math.nan)


def _unknown(pair: Pair, load: str, reason: str) -> SpeedComparison:
    """The row of a pair of arms of which no round could be compared."""
    arms = pair.baseline_arm, pair.candidate_arm
    return SpeedComparison("all readings", "", "higher", 0, *arms, 0, None, None, None, reason, load=load)
