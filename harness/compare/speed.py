"""Speed and memory of candidate and baseline, paired by round of fresh processes; intervals over rounds only.

A round's value is the median of its samples, which one hiccup does not move. What differs in two processes of one arm
is the noise that counts, so the intervals are taken over rounds (t) and never over pooled requests.
"""

import math
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from harness.compare.runs import Runs
from harness.core.cell import LoadWork
from harness.core.plan import Pair, Plan
from harness.core.record import Completed, Reading
from harness.core.verdict import Scored, SpeedComparison
from harness.stats.spread import mean_interval, ratio_interval


class Key(NamedTuple):
    """What must agree for two readings to be the same quantity."""

    name: str
    unit: str
    better: str
    concurrency: int


class Round(NamedTuple):
    """What was measured of both arms in one round."""

    baseline: Completed | None
    candidate: Completed | None


def compare(plan: Plan, runs: Runs) -> list[SpeedComparison]:
    """One row per candidate, baseline, reading and concurrency, in the plan's order."""
    arms: dict[tuple[str, str], list[Pair]] = {}
    for pair in plan.pairs:
        if pair.kind == "speed":
            arms.setdefault((pair.candidate_arm, pair.baseline_arm), []).append(pair)
    return [row for pairs in arms.values() for row in _of_arms(pairs, runs)]


def _of_arms(pairs: list[Pair], runs: Runs) -> list[SpeedComparison]:
    rounds: list[Round] = []
    lost: list[str] = []
    for pair in sorted(pairs, key=lambda pair: _round(pair, runs)):
        one = Round(runs.completed(pair.baseline), runs.completed(pair.candidate))
        problem = runs.missing(pair.baseline, "baseline") or runs.missing(pair.candidate, "candidate")
        if _boxes_differ(one):
            problem, one = "the arms were measured on different boxes", Round(None, None)
        lost += [f"round {_round(pair, runs) + 1} cannot be compared: {problem}"] if problem else []
        rounds.append(one)
    sides = [side for one in rounds for side in one if side]
    if not sides:
        return [_unknown(pairs[0], "; ".join(lost))]
    keys = dict.fromkeys(_key(reading) for side in sides for reading in side.outcome.readings)
    return [_row(pairs[0], key, rounds, lost) for key in keys]


def _boxes_differ(one: Round) -> bool:
    return bool(
        one.baseline and one.candidate and one.baseline.run.machine.fingerprint != one.candidate.run.machine.fingerprint
    )


def _round(pair: Pair, runs: Runs) -> int:
    work = runs.cell(pair.candidate).work
    return work.round if isinstance(work, LoadWork) else 0


def _key(reading: Reading) -> Key:
    return Key(reading.name, reading.unit, reading.better, reading.concurrency)


def _row(pair: Pair, key: Key, rounds: list[Round], lost: list[str]) -> SpeedComparison:
    values = [(_value(one.baseline, key), _value(one.candidate, key)) for one in rounds]
    both = [(before, after) for before, after in values if before is not None and after is not None]
    baseline, candidate = (
        _spread([value for value in side if value is not None]) for side in zip(*values, strict=True)
    )
    reasons = [*lost, *_unknown_because(rounds, key), *_too_few(both, key.unit)]
    return SpeedComparison(
        name=key.name,
        unit=key.unit,
        better="higher" if key.better == "higher" else "lower",
        concurrency=key.concurrency,
        baseline_arm=pair.baseline_arm,
        candidate_arm=pair.candidate_arm,
        rounds=len(both),
        baseline=baseline,
        candidate=candidate,
        ratio=_ratio(both),
        reason="; ".join(dict.fromkeys(reasons)),
    )


def _too_few(both: list[tuple[float, float]], unit: str) -> Iterable[str]:
    if len(both) == 1:
        yield "one round in common, so no interval; ask for matrix.rounds=3"
    # Memory comes in pages and may well be the same each time; a time that repeats to the nanosecond is suspect.
    if unit != "B" and len(both) > 1 and any(len(set(side)) == 1 for side in zip(*both, strict=True)):
        yield "one arm read the same in every round"


def _ratio(both: list[tuple[float, float]]) -> Scored | None:
    """Candidate over baseline; None with fewer than two rounds or where a reading is not positive."""
    if len(both) < 2 or any(value <= 0 for one in both for value in one):
        return None
    return _unless_fixed(ratio_interval([after for _, after in both], [before for before, _ in both]))


def _value(record: Completed | None, key: Key) -> float | None:
    if record is None:
        return None
    found = [one.samples for one in record.outcome.readings if _key(one) == key]
    return float(median(found[0])) if found and found[0] and all(map(math.isfinite, found[0])) else None


def _unknown_because(rounds: list[Round], key: Key) -> Iterable[str]:
    """Why sides lack the reading; what both sides say alike is said once, without naming them."""
    sides = [(arm, side) for one in rounds for arm, side in zip(("baseline", "candidate"), one, strict=True) if side]
    said: dict[str, set[str]] = {}
    for arm, side in sides:
        found = [one.reason for one in side.outcome.readings if _key(one) == key]
        if _value(side, key) is None:
            said.setdefault(found[0] if found and found[0] else "not measured", set()).add(arm)
    for reason, arms in said.items():
        yield reason if len(arms) == 2 else f"{min(arms)}: {reason}"


def _spread(values: list[float]) -> Scored | None:
    """Mean over rounds with its interval; limits are NaN where rounds show no spread to take them from."""
    return _unless_fixed(mean_interval(values)) if values else None


def _unless_fixed(scored: Scored | None) -> Scored | None:
    """Equal readings in every round say nothing about spread: an interval of width 0 would claim certainty."""
    if scored is None or scored.low != scored.high:
        return scored
    return Scored(scored.score, math.nan, math.nan)


def _unknown(pair: Pair, reason: str) -> SpeedComparison:
    """The row of a pair of arms of which no round could be compared."""
    return SpeedComparison(
        "all readings", "", "higher", 0, pair.baseline_arm, pair.candidate_arm, 0, None, None, None, reason
    )
