"""Weights, key-value cache and the rest, as far as the engine tells them; pure.

The cache is what the engine allocated; where it does not say, what the load's longest sequences need of it, all slots
together. The rest (activations, buffers of computation) is the engine's word, or its own peak less the other two.
"""

from collections.abc import Iterator

from harness.core.cell import LoadWork
from harness.core.record import Reading
from harness.core.runtime import Facts
from runners.seen import Seen


def readings(seen: Seen) -> Iterator[Reading]:
    """`engine_memory`, `weights_memory`, `kv_memory` and `activation_memory`; what no engine says is left out."""
    facts = seen.load.facts
    held = facts.held
    weights = held.weights if held.weights is not None else facts.weights_bytes
    cache, told = _cache(seen, facts)
    rest = held.activation
    if rest is None and held.peak is not None and weights is not None and cache is not None:
        rest = max(held.peak - weights - int(cache), 0) or None
    figures = {"engine_memory": (held.peak, "the engine, at its peak"), "weights_memory": (weights, "the engine"),
               "kv_memory": (cache, told), "activation_memory": (rest, "the engine")}
    for name, (value, source) in figures.items():
        if value is not None:
            yield Reading(name, "B", "lower", (float(value),), source=source)


def _cache(seen: Seen, facts: Facts) -> tuple[float | None, str]:
    """Bytes, and who says so."""
    work = seen.job.cell.work
    if facts.held.kv is not None:
        return facts.held.kv, "the engine, as allocated"
    slots = max((window.step.concurrency for window in seen.load.windows), default=0)
    if facts.kv_bytes_per_token is None or not slots or not isinstance(work, LoadWork):
        return None, ""
    return facts.kv_bytes_per_token * slots * work.load.longest, "bytes per token x the longest sequences"
