"""What is read off the traces of a step: latencies of its measured requests, rates over its steady window.

TTFT counts from the schedule in open loop, from the sending in closed loop. TPOT is (last - first) / (tokens - those of
the first chunk). At a depth an engine without the context in its cache computes all of it before the first token: what
depth does to decoding is told by TPOT; TTFT and prefill then are those of the whole prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from harness.core.config import Limits
from harness.core.record import Reading, RequestTrace, Step, Window
from runners.loads.windows import ended

_SECOND = 1e9
_SHORT = "one output token per request: no time between tokens"
_BRIEF = "the steady window has no length: more requests, or more tokens"


@dataclass(frozen=True)
class Part:
    """What was measured at one step, which is named by `step`; `served`: by another process.

    `traces` are all requests that ran in its time, warm-up and neighbours too: its own are those of its rate.
    """

    step: Step
    traces: tuple[RequestTrace, ...]
    window: Window
    served: bool = False

    @property
    def steady(self) -> list[RequestTrace]:
        """Its measured requests."""
        return [trace for trace in self.traces if trace.phase == "steady" and trace.rate == self.step.rate]

    def reading(self, name: str, unit: str, samples: Sequence[float], reason: str = "") -> Reading:
        """A reading at this step; what is a rate is better higher."""
        higher = unit.endswith("/s") or unit == "share"
        step = None if self.step == Step(concurrency=self.step.concurrency) else self.step
        return Reading(name, unit, "higher" if higher else "lower", tuple(samples), self.step.concurrency,
                       "" if samples else reason, step)


def ttft(trace: RequestTrace) -> float:
    """Seconds to the first token, from when the request was due."""
    return (trace.first_ns - trace.scheduled_ns) / _SECOND


def tpot(trace: RequestTrace) -> float | None:
    """Seconds per token after the first chunk; None where there is none."""
    rest = trace.output_tokens - trace.token_ns.count(trace.first_ns)
    return (trace.last_ns - trace.first_ns) / rest / _SECOND if rest > 0 else None


def gaps(trace: RequestTrace) -> list[float]:
    """Seconds between one chunk and the next: inter-chunk, not inter-token, where chunks hold several tokens."""
    return [(after - before) / _SECOND for before, after in pairwise(sorted(set(trace.token_ns)))]


def e2e(trace: RequestTrace) -> float:
    """Seconds to the last token, from when the request was due."""
    return (trace.last_ns - trace.scheduled_ns) / _SECOND


def typical(traces: Sequence[RequestTrace]) -> float:
    """Median seconds from a request to its last token, 0 of none."""
    return median(map(e2e, traces)) if traces else 0.0


def seconds(window: Window) -> float:
    """Its length."""
    return (window.end_ns - window.start_ns) / _SECOND


def keeps(trace: RequestTrace, limits: Limits) -> bool:
    """Whether a request keeps both limits; of a single token there is only the first."""
    return ttft(trace) <= limits.ttft_seconds and (tpot(trace) or 0.0) <= limits.tpot_seconds


def of_part(part: Part, limits: Limits | None) -> list[Reading]:
    """All readings of a step; one sample a request, one rate a window. `gap` has the median of each request's gaps:
    every single one is in its trace."""
    steady = part.steady
    each = [value for trace in steady if (value := tpot(trace)) is not None]
    spaced = [median(found) for trace in steady if (found := gaps(trace))]
    return [
        part.reading("ttft", "s", [ttft(trace) for trace in steady]),
        part.reading("tpot", "s", each, _SHORT),
        part.reading("gap", "s", spaced, _SHORT),
        part.reading("e2e", "s", [e2e(trace) for trace in steady]),
        part.reading("decode", "tok/s", [1 / value for value in each if value], _SHORT),
        *_rates(part, limits),
        _cached(part),
        *_prefill(part),
    ]


def _rates(part: Part, limits: Limits | None) -> list[Reading]:
    length = seconds(part.window)
    tokens = [part.window.output_tokens / length] if length > 0 else []
    done = [ended(part.traces, part.window) / length] if length > 0 else []
    readings = [part.reading("throughput", "tok/s", tokens, _BRIEF)]
    readings.append(part.reading("request_rate", "req/s", done, _BRIEF))
    if limits:
        good = [rate * share_kept(part, limits) for rate in done]
        readings.append(part.reading("goodput", "req/s", good, _BRIEF))
    return readings


def share_kept(part: Part, limits: Limits) -> float:
    """Share of the measured requests that keep the limits."""
    return sum(keeps(trace, limits) for trace in part.steady) / len(part.steady)


def cached_share(part: Part) -> float | None:
    """Share of the prompts' tokens that a cache answered; None where a server does not tell.

    What runs in our process tells what it reuses, so there nothing told is nothing reused.
    """
    if part.served and not any(trace.cached_told for trace in part.steady):
        return None
    return sum(t.cached_tokens for t in part.steady) / sum(t.prompt_tokens for t in part.steady)


def _cached(part: Part) -> Reading:
    share = cached_share(part)
    reason = "the server does not tell how much of a prompt it answered from a cache"
    return part.reading("cached_share", "share", [] if share is None else [share], reason)


def _prefill(part: Part) -> list[Reading]:
    """Prompt tokens per second of a single stream: with several under way TTFT holds waiting for others."""
    if part.step.concurrency != 1:
        return []
    computed = [(trace, trace.prompt_tokens - trace.cached_tokens) for trace in part.steady]
    ours = [tokens / (trace.first_ns - trace.sent_ns) * _SECOND for trace, tokens in computed
            if trace.first_ns > trace.sent_ns]
    engines = [tokens / trace.engine_prefill_seconds for trace, tokens in computed if trace.engine_prefill_seconds]
    told = [part.reading("prefill_engine", "tok/s", engines)] if engines else []
    return [part.reading("prefill", "tok/s", ours, "the first token took no time"), *told]
