"""Whether the hardware kept its speed while the load ran: clocks, temperatures, throttling, power limit, battery."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal

from harness.core.record import Flag, Reading, Window
from runners.seen import Seen
from runners.sensor import Place, Sensor
from runners.sensors import nvml, processor
from runners.series import Series

_LARGEST_DROP = 0.10
_PARTS, _FEWEST_PER_PART = 4, 2
# Of the readings of a window; from here on its figures are those of a box that is too hot, or short of power.
_INVALID_SHARE = 0.5
# Limits are set in steps and read back rounded.
_SAME_LIMIT = 0.99


def sensors(place: Place) -> Sequence[Sensor]:
    """Of the processor, the power supply and each GPU in use."""
    return (*processor.sensors(place), *nvml.sensors(place))


def readings(seen: Seen) -> tuple[Reading, ...]:
    """At each window the median clock and the highest temperature of the processor and of each GPU in use.

    What the box does not tell at all is said once.
    """
    clocks = [one for name, one in seen.series.items() if name.endswith("_clock")]
    temperatures = [one for name, one in seen.series.items() if name.endswith("_temperature")]
    found = [Reading(one.facts.name, "MHz", "higher", (), reason=one.facts.reason) for one in clocks if not one.values]
    found += [Reading(one.facts.name, "°C", "lower", (), reason=one.facts.reason)
              for one in temperatures if not one.values]
    for window in seen.load.windows:
        found += [_clock(one, window) for one in clocks if one.values]
        found += [_temperature(one, window) for one in temperatures if one.values]
    return tuple(found)


def _clock(series: Series, window: Window) -> Reading:
    value = median(series.within(window.start_ns, window.end_ns)) / 1e6
    return Reading(series.facts.name, "MHz", "higher", (value,), step=window.step, source=series.facts.source)


def _temperature(series: Series, window: Window) -> Reading:
    value = max(series.within(window.start_ns, window.end_ns))
    return Reading(series.facts.name, "°C", "lower", (value,), step=window.step, source=series.facts.source)


def flags(seen: Seen) -> tuple[Flag, ...]:
    """What slowed the box down within a window, and what holds it back the whole time."""
    found = list(_always(seen))
    for window in seen.load.windows:
        found += _slowed(seen, window)
    return tuple(found)


def _always(seen: Seen) -> Iterator[Flag]:
    """Of the whole cell."""
    if 1.0 in _values(seen, "on_battery"):
        yield Flag("degraded", "the box runs on its battery")
    for name in seen.series:
        gpu, _, kind = name.partition("_")
        limits, defaults = _values(seen, name), _values(seen, f"{gpu}_power_default")
        if kind == "power_limit" and limits and defaults and min(limits) < _SAME_LIMIT * max(defaults):
            yield Flag("degraded", f"{gpu} is limited to {min(limits):.0f} W, its default is {max(defaults):.0f} W")


def _values(seen: Seen, name: str) -> tuple[float, ...]:
    return seen.series[name].values if name in seen.series else ()


def _slowed(seen: Seen, window: Window) -> Iterator[Flag]:
    for name, series in seen.series.items():
        values = series.within(window.start_ns, window.end_ns)
        if name.endswith("_throttle"):
            yield from _reasons(name.removesuffix("_throttle"), values, window)
        # Without requests to do a clock falls by itself: only a closed loop always has some.
        elif name.endswith("_clock") and window.step.concurrency and (drop := largest_drop(values)) > _LARGEST_DROP:
            yield Flag("degraded", f"{name} fell by {drop:.0%} within the window", window.step)
    if events := _throttled(seen, window):
        yield Flag("degraded", f"the processor throttled {events:.0f} times", window.step)


def _reasons(gpu: str, values: Sequence[float], window: Window) -> Iterator[Flag]:
    for bit, what in nvml.SLOWED.items():
        share = sum(bool(int(value) & bit) for value in values) / max(len(values), 1)
        if share:
            verdict: Literal["degraded", "invalid"] = "invalid" if share >= _INVALID_SHARE else "degraded"
            yield Flag(verdict, f"{gpu}: {what} in {share:.0%} of the readings", window.step)


def largest_drop(values: Sequence[float]) -> float:
    """From an earlier to a later quarter of the readings, by their medians, as a share; 0 where there are too few."""
    size = len(values) // _PARTS
    if size < _FEWEST_PER_PART:
        return 0.0
    parts = [median(values[start : start + size]) for start in range(0, size * _PARTS, size)]
    drops = [1 - after / before for n, before in enumerate(parts) for after in parts[n + 1 :] if before]
    return max(0.0, *drops)


def _throttled(seen: Seen, window: Window) -> float:
    """Events counted around the window."""
    series = seen.series.get("cpu_throttles")
    values = series.within(window.start_ns, window.end_ns) if series else ()
    return values[-1] - values[0] if values else 0.0
