"""Joules per token, and the power behind them, of every steady window.

A counter of energy goes before power integrated by the trapezoid rule; both want a window of 10 s or more, else what
they say is kept but not valid. Of several instruments the one that covers most of what computes is taken: one of the
whole box or chip before one of the GPU or the processor alone. Per token means per generated token, prompts included.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.core.record import Flag, Reading, Window
from harness.core.runtime import ELSEWHERE
from runners.phases import powers, seconds
from runners.seen import Seen
from runners.sensor import Place, Sensor, SensorFacts
from runners.sensors import apple, hwmon, nvml, powercap
from runners.series import Series, Unknown

SHORTEST_WINDOW_SECONDS = 10.0
JOULES_PER_KWH = 3.6e6
_SECOND = 1e9
# What covers the work, best first; RAPL's package holds no discrete GPU, and a GPU's sensor not the processor.
_ON_GPU, _ON_CPU = ("wall", "soc", "module", "gpu"), ("wall", "soc", "module", "package")


def sensors(place: Place) -> Sequence[Sensor]:
    """Whatever tells of energy or power here."""
    return (*nvml.sensors(place), *powercap.sensors(place), *hwmon.sensors(place), *apple.sensors())


@dataclass(frozen=True, eq=False)
class Instrument:
    """Series of one source and scope, that are added up: two GPUs, a package and its memory."""

    scope: str
    source: str
    counter: bool
    parts: tuple[Series, ...]

    def joules(self, start_ns: int, end_ns: int) -> float:
        """Between two moments; raises Unknown."""
        return sum((part.rise if self.counter else part.integral)(start_ns, end_ns) for part in self.parts)

    def watts(self, start_ns: int, end_ns: int) -> float:
        """On average; raises Unknown."""
        return self.joules(start_ns, end_ns) / (end_ns - start_ns) * _SECOND

    @property
    def named(self) -> str:
        """The source as it is shown."""
        return f"{self.source} {'energy counter' if self.counter else 'power, integrated'}"


def chosen(seen: Seen) -> Instrument:
    """The instrument to believe; raises Unknown with what stands in the way of each."""
    device = seen.load.facts.device
    if device == ELSEWHERE:
        raise Unknown("the model runs behind an endpoint elsewhere")
    wanted = _ON_CPU if device.lower().startswith(("cpu", "none")) else _ON_GPU
    groups: dict[tuple[str, str, bool], list[Series]] = {}
    for one in seen.series.values():
        scope = _scope(one.facts, seen)
        if scope in wanted and one.at_ns:
            groups.setdefault((scope, one.facts.source, one.facts.counter), []).append(one)
    if not groups:
        raise Unknown(_why_none(seen, wanted))
    scope, source, counter = min(groups, key=lambda key: (not key[2], wanted.index(key[0])))
    return Instrument(scope, source, counter, tuple(groups[scope, source, counter]))


def _scope(facts: SensorFacts, seen: Seen) -> str:
    """On a chip that holds processor and GPU, amdgpu's package power tracking covers both."""
    unified = seen.job.hardware is not None and seen.job.hardware.kind == "unified"
    return "soc" if unified and facts.source == "hwmon amdgpu" else facts.scope


def _why_none(seen: Seen, wanted: Sequence[str]) -> str:
    if not seen.series:
        return "the box was not watched"
    skipped = "NVML" if "gpu" not in wanted else "RAPL"
    facts = [one.facts for one in seen.series.values() if one.facts.unit in ("J", "W") and one.facts.source != skipped]
    reasons = dict.fromkeys(one.reason for one in facts if one.reason)
    return "; ".join(reasons) or "no sensor covers what computes"


def flags(_: Seen) -> tuple[Flag, ...]:
    """None: what is wrong with a figure of energy speaks against no other."""
    return ()


def readings(seen: Seen) -> tuple[Reading, ...]:
    """The power at rest, then energy, power and their parts at each window; no instrument at all is said once."""
    try:
        figures = Figures(chosen(seen), seen)
    except Unknown as error:
        return (Reading("energy", "J/tok", "lower", (), reason=str(error)),)
    return (figures.idle(), *(one for window in seen.load.windows for one in figures.at(window)))


@dataclass(frozen=True, eq=False)
class Figures:
    """What one instrument says of a load."""

    instrument: Instrument
    seen: Seen

    def idle(self) -> Reading:
        """Watts while the box rested with the model loaded."""
        return self._reading("idle_power", "W", None, self._rest_watts)

    def at(self, window: Window) -> Iterator[Reading]:
        """All readings of a window."""
        span = (window.start_ns, window.end_ns)
        took, tokens = (span[1] - span[0]) / _SECOND, window.output_tokens

        def per_token(rest_watts: float = 0.0) -> float:
            if not tokens:
                raise Unknown("no token was generated within the window")
            return (self.instrument.joules(*span) - rest_watts * took) / tokens

        def per_kwh() -> float:
            if (joules := per_token()) <= 0:
                raise Unknown("the counter did not move within the window")
            return JOULES_PER_KWH / joules

        yield self._reading("energy", "J/tok", window, per_token)
        yield self._reading("energy_idle_subtracted", "J/tok", window, lambda: per_token(self._rest_watts()))
        yield self._reading("power", "W", window, lambda: self.instrument.watts(*span))
        yield self._reading("tokens_per_kwh", "tok/kWh", window, per_kwh, "higher")
        yield self._reading("energy_prefill", "J/tok", window, lambda: self._phase(window, 0))
        yield self._reading("energy_decode", "J/tok", window, lambda: self._phase(window, 1))

    def _rest_watts(self) -> float:
        if self.seen.idle_ns is None:
            raise Unknown("the box was given no rest before the load")
        return self.instrument.watts(*self.seen.idle_ns)

    def _phase(self, window: Window, phase: int) -> float:
        """Joules per prompt token (phase 0) or generated token (1); see runners.phases."""
        if not self.instrument.counter:
            raise Unknown("prefill and decode cannot be told apart by a sensor of power: it smooths over both")
        cuts = [window.start_ns, *self.instrument.parts[0].times(window.start_ns, window.end_ns), window.end_ns]
        spans = [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]
        watts = powers([(span, self.instrument.joules(*span)) for span in spans], self.seen.load.traces, window)
        took, tokens = seconds(self.seen.load.traces, window)[phase]
        return watts[phase] * took / tokens

    def _reading(
        self, name: str, unit: str, window: Window | None, figure: Callable[[], float],
        better: Literal["higher", "lower"] = "lower",
    ) -> Reading:
        """A figure at a window, or why it cannot be known."""
        step = window.step if window else None
        source, scope = self.instrument.named, self.instrument.scope
        try:
            samples = (figure(),)
        except Unknown as error:
            return Reading(name, unit, better, (), reason=str(error), step=step, source=source, scope=scope)
        short = _too_short(window) if window else ""
        return Reading(name, unit, better, samples, 0, short, step, source, scope, valid=not short)


def _too_short(window: Window) -> str:
    took = (window.end_ns - window.start_ns) / _SECOND
    if took >= SHORTEST_WINDOW_SECONDS:
        return ""
    return f"the window is {took:.1f} s long, energy wants {SHORTEST_WINDOW_SECONDS:.0f} s: raise load.requests"
