"""Power in prefill and in decode, told apart by the times of a single stream's requests; pure.

Each span between two readings of an energy counter holds a s of prefill and b s of decode, and so a * p + b * q
joules: an ordinary least-squares fit over all spans of a window gives p and q with their standard errors (n - 2 degrees
of freedom, no intercept). Where both phases stand in every span in the same proportion the fit cannot tell, which
shows in the errors. With several requests in flight one step computes prompts and replies together.
"""

import math
from collections.abc import Iterator, Sequence

from harness.core.record import RequestTrace, Window
from runners.series import Unknown

Span = tuple[int, int]
_SECOND = 1e9
_FEWEST_SPANS, _LARGEST_ERROR = 10, 0.1


def powers(spans: Sequence[tuple[Span, float]], traces: Sequence[RequestTrace], window: Window) -> tuple[float, float]:
    """Watts in (prefill, decode) from the joules of each span; raises Unknown where they cannot be told apart."""
    if window.step.concurrency != 1 or window.step.rate:
        raise Unknown("with several requests in flight prefill and decode are computed together: measure it at 1")
    if len(spans) < _FEWEST_SPANS:
        raise Unknown(f"the sensor was read {len(spans)} times within the window, {_FEWEST_SPANS} are needed")
    mine = list(_of(traces, window))
    rows = [(_overlap(span, prefill(mine)), _overlap(span, decode(mine)), joules) for span, joules in spans]
    aa, ab, bb = (sum(a * a for a, _, _ in rows), sum(a * b for a, b, _ in rows), sum(b * b for _, b, _ in rows))
    ay, by = sum(a * y for a, _, y in rows), sum(b * y for _, b, y in rows)
    determinant = aa * bb - ab * ab
    apart = "prefill and decode alternate too fast for the sensor: longer prompts and replies tell them apart"
    if determinant <= 1e-9 * aa * bb or not aa or not bb:
        raise Unknown(apart)
    p, q = (ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant
    variance = sum((y - a * p - b * q) ** 2 for a, b, y in rows) / (len(rows) - 2)
    errors = math.sqrt(variance * bb / determinant), math.sqrt(variance * aa / determinant)
    if p <= 0 or q <= 0 or errors[0] > _LARGEST_ERROR * p or errors[1] > _LARGEST_ERROR * q:
        raise Unknown(apart)
    return p, q


def seconds(traces: Sequence[RequestTrace], window: Window) -> tuple[tuple[float, int], tuple[float, int]]:
    """(seconds, tokens) of prefill and of decode, over the window's requests; raises Unknown without tokens."""
    mine = list(_of(traces, window))
    prompts = sum(trace.prompt_tokens - trace.cached_tokens for trace in mine)
    replies = sum(trace.output_tokens - 1 for trace in mine)
    if not prompts or not replies:
        raise Unknown("the window's requests have no prompt, or no token after the first")
    took = [sum(end - start for start, end in phase) / _SECOND for phase in (prefill(mine), decode(mine))]
    return (took[0], prompts), (took[1], replies)


def prefill(traces: Sequence[RequestTrace]) -> list[Span]:
    """From being sent to the first token."""
    return [(trace.sent_ns, trace.first_ns) for trace in traces]


def decode(traces: Sequence[RequestTrace]) -> list[Span]:
    """From the first token to the last."""
    return [(trace.first_ns, trace.last_ns) for trace in traces]


def _of(traces: Sequence[RequestTrace], window: Window) -> Iterator[RequestTrace]:
    """Requests that were under way within the window; they belong to its step, as steps follow one another."""
    return (trace for trace in traces if trace.last_ns > window.start_ns and trace.sent_ns < window.end_ns)


def _overlap(span: Span, others: Sequence[Span]) -> float:
    """Seconds of `span` that lie in any of `others`, which do not overlap each other."""
    return sum(max(min(span[1], end) - max(span[0], start), 0) for start, end in others) / _SECOND
