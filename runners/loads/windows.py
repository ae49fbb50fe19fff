"""The steady window of a step: after its warm-up, before its drain. Throughput and energy are taken over it."""

from collections.abc import Sequence

from harness.core.record import RequestTrace, Step, Window


def closed_window(step: Step, traces: Sequence[RequestTrace]) -> Window:
    """From the first measured request being sent until fewer than all users are under way."""
    start = min(trace.sent_ns for trace in traces if trace.phase == "steady")
    # The loop is full until the last request is sent; the first end after that starts the drain.
    last_sent = max(trace.sent_ns for trace in traces)
    end = min((trace.last_ns for trace in traces if trace.last_ns > last_sent), default=last_sent)
    return window(step, traces, start, end)


def open_window(step: Step, traces: Sequence[RequestTrace]) -> Window:
    """From the first measured request being due to the last."""
    due = [trace.scheduled_ns for trace in traces if trace.phase == "steady"]
    return window(step, traces, min(due), max(due))


def window(step: Step, traces: Sequence[RequestTrace], start: int, end: int) -> Window:
    """The tokens of all requests that fall into (start, end]; a prompt counts where its first token comes."""
    prompts = sum(trace.prompt_tokens - trace.cached_tokens for trace in traces if start < trace.first_ns <= end)
    return Window(step, start, end, prompts, sum(start < at <= end for trace in traces for at in trace.token_ns))


def ended(traces: Sequence[RequestTrace], of: Window) -> int:
    """Requests whose last token falls into a window."""
    return sum(of.start_ns < trace.last_ns <= of.end_ns for trace in traces)


def under_way(traces: Sequence[RequestTrace], at_ns: int) -> int:
    """Requests that are due and not answered at a time."""
    return sum(trace.scheduled_ns <= at_ns < trace.last_ns for trace in traces)
