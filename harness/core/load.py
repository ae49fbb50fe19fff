"""A load read as steps: one reading of it for the plan that shows it, the driver that runs it and the report."""

import itertools
import math

from harness.core.config import Load
from harness.core.record import Step

RAMP_PARTS = 5
"""A ramp is shown in so many parts of equal length, each at its mean rate."""
_PER_USER = 2


def is_open(load: Load) -> bool:
    """Whether requests are sent when they are due, whatever is still under way."""
    return load.arrivals not in ("closed", "sweep") or bool(load.rates)


def steps_of(load: Load) -> tuple[Step, ...]:
    """Its steps in order, by depth, prompt length, output length, then concurrency or rate.

    Of a sweep these are the most there can be; of a search (slo) and a trace the first, whose rate is not known yet.
    """
    shapes = itertools.product(load.depths, load.prompt_lengths, load.output_lengths, _levels(load))
    return tuple(Step(users, rate, prompt, output, depth) for depth, prompt, output, (users, rate) in shapes)


def _levels(load: Load) -> list[tuple[int, float]]:
    """(concurrency, rate) of each step of one shape."""
    if not is_open(load):
        return [(users, 0.0) for users in load.concurrency]
    if load.arrivals == "ramp":
        first, last = load.rates[0], load.rates[-1]
        return [(0, first + (last - first) * (part + 0.5) / RAMP_PARTS) for part in range(RAMP_PARTS)]
    if load.arrivals == "trace":
        return [(0, 0.0)]
    return [(0, rate) for rate in load.rates[: 1 if load.arrivals == "slo" else None]]


def label(load: Load, step: Step) -> Step:
    """What readings and windows of a step are named by: of one shape concurrency alone, of a trace its mean rate."""
    if load.arrivals == "trace":
        return Step(rate=step.rate)
    plain = not is_open(load) and load.arrivals == "closed" and load.depths == (0,)
    single = len(load.prompt_lengths) == len(load.output_lengths) == 1
    return Step(concurrency=step.concurrency) if plain and single else step


def length(step: Step) -> int:
    """Tokens its requests grow to."""
    return step.depth + step.prompt_tokens + step.output_tokens


def skipped(load: Load, context: int) -> dict[Step, str]:
    """The steps that do not fit a context of so many tokens (0: not known), each with the reason."""
    if not context or load.arrivals == "trace":
        return {}
    too_long = (step for step in steps_of(load) if length(step) > context)
    return {step: f"needs {length(step):,} tokens, the context holds {context:,}" for step in too_long}


def requests_at(load: Load, step: Step) -> int:
    """Measured requests of a step, at least: an open loop sends more where they would be over too soon to tell."""
    if load.arrivals == "ramp":
        return max(1, math.floor(step.rate * load.seconds / RAMP_PARTS))
    return max(load.requests, _PER_USER * step.concurrency, math.ceil(step.rate * load.seconds))


def problem(load: Load) -> tuple[str, str]:
    """What makes no sense in it and what to do, ("", "") where nothing."""
    for found, what, hint in (*_numbers(load), *_combinations(load)):
        if found:
            return what, hint
    return "", ""


def _numbers(load: Load) -> list[tuple[bool, str, str]]:
    counts = {"concurrency": load.concurrency, "prompt_tokens": load.prompt_lengths, "rates": load.rates,
              "output_tokens": load.output_lengths, "requests": (load.requests,)}
    counts |= {"seconds": (load.seconds + 1,), "depth": tuple(depth + 1 for depth in load.depths),
               "warmup_requests": (load.warmup_requests + 1,)}
    low = next((name for name, values in counts.items() if any(not 0 < value < math.inf for value in values)), "")
    lacking = next((name for name, values in counts.items() if not values and name != "rates"), "")
    limits = load.limits
    bad = limits is not None and not (limits.ttft_seconds > 0 < limits.tpot_seconds and 0 < limits.share <= 1)
    return [
        (bool(low), f"{low} must be positive", f"give load.{low}=NUMBER"),
        (bool(lacking), f"{lacking} is empty", f"give load.{lacking}=[NUMBER]"),
        (bad, "limits must be positive, and their share at most 1", "mend load.limits"),
    ]


def _combinations(load: Load) -> list[tuple[bool, str, str]]:
    kind = load.arrivals
    levels = load.rates or load.concurrency
    return [
        (kind in ("constant", "poisson", "slo") and not load.rates,
         f"{kind} arrivals need rates", "give load.rates=[1,2], in requests per second"),
        (kind == "closed" and bool(load.rates), "a closed loop has no rates",
         "add load.arrivals=poisson, or take load.rates out"),
        (kind == "ramp" and not (len(load.rates) == 2 and load.seconds), "a ramp needs two rates and its seconds",
         "give load.rates=[1,8] load.seconds=60"),
        (kind == "slo" and load.limits is None, "slo needs limits",
         "give load.limits.ttft_seconds=1 load.limits.tpot_seconds=0.1"),
        (kind == "sweep" and list(levels) != sorted(set(levels)), "a sweep rises from step to step",
         "give load.concurrency=[1,2,4,8]"),
        (kind == "sweep" and len(levels) < 2, "a sweep needs two steps or more", "give load.concurrency=[1,2,4,8]"),
        (kind == "trace" and not load.trace, "trace arrivals need a trace",
         'give load.trace=FILE with lines {"arrival_seconds": 0.5, "input_tokens": 100, "output_tokens": 20}'),
        (kind != "trace" and bool(load.trace), f"{kind} arrivals replay no trace", "add load.arrivals=trace"),
    ]


def describe(load: Load) -> str:
    """What it does, in words."""
    users, rates = (_listed(values) for values in (load.concurrency, load.rates))
    each = f", at least {load.seconds:g} s each" if load.seconds and load.arrivals not in ("ramp", "trace") else ""
    how = {
        "closed": f"closed loop at {users} concurrent",
        "constant": f"constant arrivals at {rates} requests/s",
        "poisson": f"Poisson arrivals at {rates} requests/s",
        "ramp": f"a ramp over {load.seconds:g} s from {rates} requests/s".replace(", ", " to "),
        "sweep": f"sweep over {rates} requests/s" if rates else f"sweep over {users} concurrent",
        "slo": f"search for the highest rate within limits, from {rates} requests/s",
        "trace": f"replay of {load.trace}, {load.requests} requests",
    }[load.arrivals]
    if load.arrivals == "trace":
        return how
    depth = "" if load.depths == (0,) else f" at depth {_listed(load.depths)}"
    shape = f"{_listed(load.prompt_lengths)} prompt and {_listed(load.output_lengths)} output tokens{depth}"
    text = ", text" if load.prompts == "corpus" else ""
    return f"{how}; {shape}{text}, {_counted(load)} requests each{each}"


def _counted(load: Load) -> str:
    """How many requests a step has; more users need more."""
    found = sorted({requests_at(load, step) for step in steps_of(load)} or {load.requests})
    return " to ".join(f"{one:,}" for one in dict.fromkeys((found[0], found[-1])))


def _listed(values: tuple[int, ...] | tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
