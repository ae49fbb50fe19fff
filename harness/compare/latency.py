"""How TTFT, TPOT and the gaps between pieces are distributed over the requests of all rounds.

The requests of all valid rounds together describe the distribution; where none is valid, those of all, which a report
shows as invalid. They carry no interval: requests of one process are not
independent. Where each round has enough requests, its own percentile is one value, and rounds give the interval.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.compare.runs import Runs
from harness.compare.validity import usable
from harness.core.cell import LoadWork
from harness.core.record import Completed, Step
from harness.core.verdict import Latency, Scored
from harness.stats.latency import ENOUGH, Sample, curve, quantiles, stalls
from harness.stats.spread import mean_interval
from harness.store.items import LoadedRun
from harness.store.requests import Requests

STALL_TIMES_MEDIAN = {"ttft": 3.0, "tpot": 3.0, "gap": 10.0}
"""A value so many times the median of its round may be a stall (harness.stats.latency)."""
_STALLS_KEPT = 100


class _Part(NamedTuple):
    """One latency of one round's requests at a step; stalls are (round, request, seconds)."""

    values: Sample
    requests: int
    stalls: tuple[tuple[int, int, float], ...]
    valid: bool


def latencies(runs: Runs) -> list[Latency]:
    """One for each arm, load, step and name, in the plan's order; arms are read one after another."""
    arms: dict[tuple[str, str], list[LoadedRun]] = {}
    for run in runs.loaded:
        work = run.record.run.cell.work
        if isinstance(work, LoadWork) and run.requests is not None and isinstance(run.record, Completed):
            arms.setdefault((run.record.run.cell.arm, work.load.key), []).append(run)
    return [one for (arm, load), found in arms.items() for one in _of_arm(arm, load, found)]


def _of_arm(arm: str, load: str, found: Sequence[LoadedRun]) -> Iterator[Latency]:
    parts: dict[tuple[Step, str], list[_Part]] = {}
    for run in found:
        for step, name, part in _parts(run):
            parts.setdefault((step, name), []).append(part)
    for (step, name), every in parts.items():
        valid = [part for part in every if part.valid]
        yield _latency((arm, name, step, load), valid or every)


def _parts(run: LoadedRun) -> Iterator[tuple[Step, str, _Part]]:
    work, requests = run.record.run.cell.work, run.requests() if run.requests else None
    if not isinstance(work, LoadWork) or requests is None or not isinstance(run.record, Completed):
        return
    known = {one.step for one in run.record.outcome.windows} | {one.at for one in run.record.outcome.readings}
    for step, rows in _by_step(requests, known).items():
        chosen = np.zeros(requests.id.size, dtype=np.bool_)
        chosen[rows] = True
        inside = chosen[requests.gap_request]
        timed = rows[np.isfinite(requests.tpot[rows])]
        for name, values, places in (
            ("ttft", requests.ttft[rows], rows),
            ("tpot", requests.tpot[timed], timed),
            ("gap", requests.gaps[inside], requests.gap_request[inside]),
        ):
            if values.size:
                late = stalls(values, STALL_TIMES_MEDIAN[name])
                whose = zip(requests.id[places[late]].tolist(), values[late].tolist(), strict=True)
                stalled = tuple((work.round + 1, request, seconds) for request, seconds in whose)
                yield step, name, _Part(values, int(rows.size), stalled, usable(run.record, name, step))


def _by_step(requests: Requests, known: set[Step]) -> dict[Step, NDArray[np.intp]]:
    """Rows of the requests of each step, as the readings name it."""
    places, which = np.unique(requests.place, axis=0, return_inverse=True)
    found: dict[Step, list[NDArray[np.intp]]] = {}
    ends = np.cumsum(np.bincount(which.ravel(), minlength=len(places)))[:-1]
    for place, rows in zip(places, np.split(np.argsort(which.ravel(), kind="stable"), ends), strict=True):
        found.setdefault(_step(place, known), []).append(rows)
    return {step: np.sort(np.concatenate(rows)) for step, rows in sorted(found.items())}


def _step(place: NDArray[np.float64], known: set[Step]) -> Step:
    """The known step a request was sent at; lengths decide where concurrency, rate and depth leave several."""
    concurrency, rate, prompt, output, depth = place
    alike = [one for one in known if (one.rate, one.depth) == (rate, depth)]
    near = alike if rate else [one for one in alike if one.concurrency == concurrency]
    exact = [one for one in near if one.output_tokens == output and one.prompt_tokens in (prompt, prompt - depth)]
    found = exact or [one for one in near if not one.prompt_tokens] or near
    return min(found) if found else Step(concurrency=int(concurrency), rate=float(rate), depth=int(depth))


def _latency(key: tuple[str, str, Step, str], parts: Sequence[_Part]) -> Latency:
    arm, name, step, load = key
    together = np.concatenate([part.values for part in parts])
    count = sum(part.requests for part in parts)
    late = sorted((one for part in parts for one in part.stalls), key=lambda one: -one[2])
    return Latency(
        arm=arm,
        name=name,
        step=step,
        n=count,
        quantiles=quantiles(together, count),
        curve=curve(together),
        stalls=tuple(late[:_STALLS_KEPT]),
        stalled=len(late),
        over_rounds=tuple(_over_rounds(parts)),
        load=load,
    )


def _over_rounds(parts: Sequence[_Part]) -> Iterator[tuple[float, Scored]]:
    own = [dict(quantiles(part.values, part.requests)) for part in parts]
    for share in ENOUGH:
        if len(own) > 1 and all(share in one for one in own):
            yield share, mean_interval([one[share] for one in own])
