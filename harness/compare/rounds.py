"""Every reading of every round by itself, and whether it moves from round to round."""

from collections.abc import Iterator, Sequence
from statistics import median

import msgspec
import numpy as np

from harness.compare.runs import Runs
from harness.compare.validity import standing
from harness.core.cell import LoadWork
from harness.core.record import Completed
from harness.core.verdict import Drift, RoundValue
from harness.stats.drift import slope
from harness.stats.multiple import benjamini_hochberg

TESTED = ("ttft", "decode", "prefill", "throughput", "goodput", "canary_copy", "canary_matrix")
"""Readings whose drift is tested: times and rates, one of each kind, and the box's own probe."""


def values(runs: Runs) -> list[RoundValue]:
    """What was measured of each arm in each round, in the plan's order; readings that are not known have none."""
    return [one for record in runs.records if isinstance(record, Completed) for one in _of(record)]


def _of(record: Completed) -> Iterator[RoundValue]:
    work = record.run.cell.work
    if not isinstance(work, LoadWork):
        return
    for reading in record.outcome.readings:
        found = float(median(reading.samples)) if reading.samples else np.nan
        if np.isfinite(found):
            yield RoundValue(
                arm=record.run.cell.arm,
                round=work.round + 1,
                name=reading.name,
                unit=reading.unit,
                step=reading.at,
                value=found,
                started=record.run.started,
                flag=standing(record, reading).flag,
                load=work.load.key,
            )


def drifts(found: Sequence[RoundValue]) -> list[Drift]:
    """The slopes that can be tested (three rounds or more that nothing speaks against as invalid), in order."""
    series: dict[tuple[object, ...], list[RoundValue]] = {}
    for one in found:
        if one.name in TESTED and not one.flag.startswith("invalid"):
            series.setdefault((one.arm, one.load, one.name, one.step), []).append(one)
    tested = [drift for rounds in series.values() for drift in _drift(rounds)]
    corrected = benjamini_hochberg([one.pvalue for one in tested])
    return [msgspec.structs.replace(one, pvalue=float(p)) for one, p in zip(tested, corrected, strict=True)]


def _drift(rounds: Sequence[RoundValue]) -> Iterator[Drift]:
    fitted = slope([one.round for one in rounds], [one.value for one in rounds])
    if fitted:
        first, (moved, pvalue) = rounds[0], fitted
        yield Drift(first.arm, first.name, first.step, len(rounds), moved, pvalue, first.load)
