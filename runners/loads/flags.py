"""What speaks against the figures of a step: prompts out of a cache, a late client, an engine that cannot follow."""

import math
from collections.abc import Iterator, Sequence
from statistics import median

from harness.core.config import Load
from harness.core.record import Flag, Step
from runners.loads.readings import Part, cached_share, tpot, ttft
from runners.loads.search import RateSearch
from runners.loads.warmup import LAST, TOLERANCE, WarmUp
from runners.loads.windows import under_way

CACHED, LATE, BEHIND = 0.01, 0.05, 0.05
_SECOND = 1e9


def of_part(part: Part, load: Load, is_open: bool) -> Iterator[Flag]:
    """All that the traces of a step tell."""
    share = cached_share(part)
    if share and share > CACHED and not load.cache:
        yield Flag("invalid", f"a cache answered {100 * share:.1f} % of the prompts' tokens", part.step)
    yield from _lag(part)
    if is_open and part.served:
        yield from _late(part)
    if is_open:
        yield from _behind(part)


def _lag(part: Part) -> Iterator[Flag]:
    """The client's own delay against the time per token.

    Times that the kernel stamped are not moved by it, until tokens wait for each other and are read as one.
    """
    each = [value for trace in part.steady if (value := tpot(trace)) is not None]
    lag = p99([trace.lag_seconds for trace in part.steady])
    if each and lag > LATE * median(each):
        exact = all(trace.stamped_by == "kernel" for trace in part.steady) and lag <= median(each)
        said = f"the client lags by {1000 * lag:.2f} ms (p99), more than 5 % of the time per token"
        said += f" ({1000 * median(each):.2f} ms)" + "; times are the kernel's" * exact
        yield Flag("degraded" if exact else "invalid", said, part.step)


def _late(part: Part) -> Iterator[Flag]:
    """Requests that left later than they were due; in our own process they wait for the engine, which is no lag."""
    late = p99([(trace.sent_ns - trace.scheduled_ns) / _SECOND for trace in part.steady])
    first = median(map(ttft, part.steady))
    if late > LATE * first:
        yield Flag("invalid", f"the client sent {1000 * late:.2f} ms late (p99), more than 5 % of the time to the "
                   f"first token ({1000 * first:.2f} ms)", part.step)


def piles_up(part: Part) -> bool:
    """Whether more is under way at the window's end than chance explains: twice the spread of a Poisson number."""
    first, last = _under_way(part)
    return last - first > BEHIND * len(part.steady) + 2 * math.sqrt(2 * max(first, 1))


def _under_way(part: Part) -> tuple[int, int]:
    first, last = (under_way(part.traces, at) for at in (part.window.start_ns, part.window.end_ns))
    return first, last


def _behind(part: Part) -> Iterator[Flag]:
    """An engine that does not follow."""
    first, last = _under_way(part)
    if piles_up(part):
        yield Flag("degraded", f"over-saturated: {first} requests under way at the start of the window and {last} at "
                   "its end", part.step)


def p99(values: Sequence[float]) -> float:
    """The smallest value that 99 % do not exceed."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def of_warmup(step: Step, warmup: WarmUp) -> Iterator[Flag]:
    """A warm-up that ended at its cap."""
    if not warmup.settled:
        yield Flag("degraded", f"warm-up did not settle: after {warmup.most} requests the last {LAST} lie "
                   f"{100 * warmup.spread:.0f} % apart, not {100 * TOLERANCE:.0f} %", step)


def of_sweep(parts: Sequence[Part], ended: bool, asked: int) -> Iterator[Flag]:
    """A sweep that came to its last step, of so many asked, before the engine was saturated."""
    if not ended and len(parts) == asked:
        where = "load.rates" if parts[-1].step.rate else "load.concurrency"
        yield Flag("degraded", f"not saturated for two steps running by the last one; go higher with {where}",
                   parts[-1].step)


def of_search(search: RateSearch, last: Step) -> Iterator[Flag]:
    """A search that found no bound above."""
    if search.holds and not search.bounded:
        yield Flag("degraded", f"the limits hold at every rate up to {search.holds:g} requests/s", last)
