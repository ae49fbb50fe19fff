"""The calibration that goes with a served load: made on the spot, after it, at the streams and the pace it really had.

After and not before, because only then is the pace known; in the same process, with the engine still loaded and idle,
so that nothing but its work is missing. How late the client was beside that work is measured during the load itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from harness.core.calibration import Schedule, Trial
from harness.core.errors import HarnessError
from harness.core.record import Calibration, Flag, RequestTrace, Step, Window

SECONDS_EACH = 1.3
MOST_TRIALS = 3
MOST_SHARE = 0.05
"""Of TPOT: what the client may be off by (docs/measuring.md)."""
_SLOWEST = 4.0  # tokens/s of a stream: below, the same is proved with fewer seconds of waiting
_LONGEST_FIRST = 0.1
_REQUEST_SECONDS = 0.6


@dataclass(frozen=True)
class Pace:
    """How a step of a load went: requests under way, tokens/s of each, tokens in a chunk."""

    step: Step
    streams: int
    rate: float
    tokens_per_chunk: int


def of_load(
    traces: Sequence[RequestTrace], windows: Sequence[Window]
) -> tuple[tuple[Calibration, ...], tuple[Flag, ...]]:
    """Calibrations at the paces of these traces, within about 6 s, and what they say against the steps.

    Nothing where the tokens did not come over HTTP. A calibration that fails takes no load with it: it is a flag.
    """
    wanted = chosen(paces(traces, windows))
    if not wanted:
        return (), ()
    # Only here: what it imports must not stand in the memory of an engine in process.
    from runners.calibration.measure import calibrate

    found: list[Calibration] = []
    flags: list[Flag] = []
    for pace in wanted:
        try:
            found.append(calibrate(trial(pace)))
        except (HarnessError, OSError) as error:
            flags.append(Flag("degraded", f"the client could not be calibrated: {error}", pace.step))
        else:
            flags += against(found[-1], pace.step)
    return tuple(found), tuple(flags)


def against(found: Calibration, step: Step) -> list[Flag]:
    """A flag where the client is off by more than MOST_SHARE of the time between two tokens."""
    off = found.tpot_error_seconds[1]
    if off <= MOST_SHARE * found.interval_seconds:
        return []
    return [Flag("invalid", f"beside a server whose times are known the client is off by {off * 1e3:.2f} ms a token "
                 f"(p99) at {found.streams} streams, more than 5 % of {found.interval_seconds * 1e3:.2f} ms", step)]


def paces(traces: Iterable[RequestTrace], windows: Iterable[Window]) -> list[Pace]:
    """The pace within each window; where requests brought a single chunk each there is none."""
    served = [one for one in traces if one.phase == "steady" and one.headers_ns]  # stamped by who waits for a server
    found = (_pace(window.step, [one for one in served if window.start_ns <= one.first_ns <= window.end_ns])
             for window in windows)
    return [pace for pace in found if pace is not None]


def _pace(step: Step, members: Sequence[RequestTrace]) -> Pace | None:
    rates = [(one.output_tokens - one.token_ns.count(one.first_ns)) * 1e9 / (one.last_ns - one.first_ns)
             for one in members if one.last_ns > one.first_ns]
    if not rates:
        return None
    chunks = sum(len(set(one.token_ns)) for one in members)
    each = max(1, round(sum(one.output_tokens for one in members) / chunks))
    return Pace(step, step.concurrency or _under_way(members), max(median(rates), _SLOWEST), each)


def _under_way(members: Sequence[RequestTrace]) -> int:
    """How many requests of an open loop were under way on average (Little's law)."""
    span = max(one.last_ns for one in members) - min(one.sent_ns for one in members)
    return max(1, round(sum(one.last_ns - one.sent_ns for one in members) / span))


def chosen(found: Sequence[Pace]) -> list[Pace]:
    """Of many paces those that ask least and most: fewest streams, most streams, most tokens/s in all."""
    if len(found) <= MOST_TRIALS:
        return list(found)
    fewest, most = min(found, key=lambda pace: pace.streams), max(found, key=lambda pace: pace.streams)
    return list(dict.fromkeys([fewest, most, max(found, key=lambda pace: pace.streams * pace.rate)]))


def trial(pace: Pace) -> Trial:
    """A trial of about SECONDS_EACH or, of slow streams, as long as two chunks take."""
    each = pace.tokens_per_chunk
    tokens = max(2 * each, round(pace.rate * _REQUEST_SECONDS / each) * each)
    schedule = Schedule(rate=pace.rate, tokens=tokens, tokens_per_chunk=each, together=True,
                        first_seconds=min(each / pace.rate, _LONGEST_FIRST))
    return Trial(pace.streams, max(1, round(SECONDS_EACH / schedule.request_seconds)), schedule)
