"""Loads at planning time: checked, their traces read, and cut to what the arms can hold, each cut with its reason.

All arms of a model get the same load, since what is compared must be the same work: what one of them cannot hold is
left out for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from harness.core.config import Hardware, Load
from harness.core.digest import file_digest
from harness.core.errors import ConfigError
from harness.core.load import problem, skipped, steps_of
from harness.core.plan import Skip
from harness.core.record import Step
from harness.core.trace import read_trace, trace_file
from harness.core.units import GIGA
from harness.plan.footprint import cache_scale, context_of
from harness.plan.matrix import Arm


def checked(load: Load, assets: Path) -> Load:
    """The load with its trace's identity, number and greatest lengths; raises ConfigError for what makes no sense."""
    what, hint = problem(load)
    if what:
        raise ConfigError(f"load={load.key}: {what}", hint)
    if load.arrivals != "trace":
        return load
    place = trace_file(load, assets)
    shipped = place.is_relative_to(assets)
    arrivals = read_trace(load, assets)
    return structs.replace(
        load,
        trace=load.trace if shipped else str(place.resolve()),
        trace_sha256=file_digest(place),
        requests=len(arrivals),
        prompt_tokens=max(one.input_tokens for one in arrivals),
        output_tokens=max(one.output_tokens for one in arrivals),
        seconds=arrivals[-1].arrival_seconds - arrivals[0].arrival_seconds,
    )


def fitted(arms: Sequence[Arm], hw: Hardware) -> tuple[list[Arm], list[Skip]]:
    """Arms whose loads they can hold, and what was left out of these loads."""
    cuts: dict[tuple[str, Load], Load | None] = {}
    skips: list[Skip] = []
    for model, load in dict.fromkeys((arm.model.key, load) for arm in arms for load in arm.loads):
        holders = [arm for arm in arms if arm.model.key == model and load in arm.loads]
        cut, found = _cut(load, holders, hw)
        cuts[model, load] = cut
        skips += [Skip(f"load {load.key} on {model}{what}", why) for what, why in found]
    return [replace(arm, loads=tuple(cut for load in arm.loads if (cut := cuts[arm.model.key, load]))) for arm in arms
            ], skips


def _cut(load: Load, arms: Sequence[Arm], hw: Hardware) -> tuple[Load | None, list[tuple[str, str]]]:
    """What is left of a load, None where nothing is; what was left out, and why."""
    limit, narrow = min(((context_of(arm), arm.name) for arm in arms if context_of(arm)), default=(0, ""))
    long = skipped(load, limit)
    found = [(f" at {_words(step, load)}", f"{why} ({narrow})") for step, why in long.items()]
    fitting = [step for step in steps_of(load) if step not in long]
    left = _only(load, fitting)
    room = {users: why for users in load.concurrency if (why := _too_much(users, left, arms, hw))} if fitting else {}
    found += [(f" at {users} concurrent", why) for users, why in room.items()]
    kept = tuple(users for users in load.concurrency if users not in room)
    return (structs.replace(left, concurrency=kept) if fitting and kept else None), list(dict.fromkeys(found))


def _only(load: Load, fitting: Sequence[Step]) -> Load:
    """The load without the depths and lengths at which nothing fits; of a grid, what is left may still not fit."""
    depths, prompts, outputs = ({getattr(step, name) for step in fitting}
                                for name in ("depth", "prompt_tokens", "output_tokens"))
    return load if load.arrivals == "trace" or not fitting else structs.replace(
        load,
        depth=_some(load.depths, depths),
        prompt_tokens=_some(load.prompt_lengths, prompts),
        output_tokens=_some(load.output_lengths, outputs),
    )


def _some(values: tuple[int, ...], kept: set[int]) -> int | tuple[int, ...]:
    left = tuple(value for value in values if value in kept)
    return left[0] if len(left) == 1 else left


def _too_much(users: int, load: Load, arms: Sequence[Arm], hw: Hardware) -> str:
    """Why so many sequences do not fit beside the weights into the box's memory, "" where they do or none knows."""
    memory = hw.memory_gb.value
    for arm, weights, cache in _sizes(arms, load):
        # A server with fewer slots lets the others wait.
        slots = arm.runtime.options.get("concurrency")
        at_once = min(users, slots) if isinstance(slots, int) else users
        needed = weights + at_once * cache
        if memory is not None and needed > memory * GIGA:
            return f"{arm.name} needs {needed / GIGA:.1f} GB with its KV cache, {hw.key} has {memory:g} GB"
    return ""


def _sizes(arms: Sequence[Arm], load: Load) -> Iterator[tuple[Arm, float, float]]:
    """Bytes of weights, and of the cache of the longest sequence, of the arms of which both are known."""
    for arm in arms:
        per_token = arm.model.kv_bytes_per_token.value
        if arm.weights_bytes is not None and per_token is not None:
            tokens = min(load.longest, context_of(arm) or load.longest)
            yield arm, arm.weights_bytes, per_token * cache_scale(arm.runtime.options) * tokens


def _words(step: Step, load: Load) -> str:
    if len(load.depths) > 1:
        return f"depth {step.depth:,}"
    return f"{step.prompt_tokens:,} + {step.output_tokens:,} tokens"
