"""A client's readings held against what the calibration server really did. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runners.calibration.truth import Served


@dataclass(frozen=True)
class Seen:
    """One request as a client tells it. `key` is the number in the reply's id or the x-request-id it sent."""

    key: int | str
    ttft_seconds: float
    tpot_seconds: float | None
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Spread:
    """Errors in seconds: of their absolute values the median and the 99th percentile, and the signed mean.

    The percentile is the next greater value that was seen, so that of less than a hundred it is the worst.
    """

    p50: float
    p99: float
    bias: float
    count: int


NOTHING = Spread(float("nan"), float("nan"), float("nan"), 0)


@dataclass(frozen=True)
class Errors:
    """What a client measures wrong; `server_late` is the server's own lateness, sent against due, in which they do not
    share."""

    ttft: Spread
    tpot: Spread
    server_late: Spread
    unmatched: int


def errors(seen: Iterable[Seen], served: Sequence[Served]) -> Errors:
    """Reading minus truth of each request that both know."""
    known: Mapping[int | str, Served] = {one.number: one for one in served} | {
        one.request_id: one for one in served if one.request_id}
    pairs = [(one, known.get(one.key)) for one in seen]
    ttft = [one.ttft_seconds - true.ttft_seconds for one, true in pairs if true]
    tpot = [one.tpot_seconds - true.tpot_seconds for one, true in pairs
            if true and one.tpot_seconds is not None and true.tpot_seconds is not None]
    return Errors(spread(ttft), spread(tpot), spread(late(served)), sum(true is None for _, true in pairs))


def late(served: Iterable[Served]) -> Sequence[float]:
    """Of each chunk: seconds between its being due and being sent."""
    each = [np.asarray(one.sent_ns) - np.asarray(one.due_ns) for one in served]
    found: list[float] = (np.concatenate(each) / 1e9).tolist() if each else []
    return found


def spread(values: Sequence[float]) -> Spread:
    """The spread of signed errors, NOTHING where there are none."""
    if not len(values):
        return NOTHING
    found = np.asarray(values)
    worst = float(np.percentile(np.abs(found), 99, method="higher"))
    return Spread(float(np.median(np.abs(found))), worst, float(found.mean()), len(found))


def rate(seen: Sequence[Seen], tokens: int) -> float:
    """Tokens/s over the whole run by the client's own clock; `tokens` is all of them."""
    if not seen:
        return 0.0
    return tokens / (max(one.end_seconds for one in seen) - min(one.start_seconds for one in seen))
