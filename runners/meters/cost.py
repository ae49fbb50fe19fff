"""What a million generated tokens cost: the electricity they took, and their share of the price of the box.

Prices are the user's (hw.cost): what is not given is not guessed. The price of the box is spread evenly over the hours
that it works: years x utilisation.
"""

from collections.abc import Sequence

from msgspec import structs

from harness.core.config import Cost
from harness.core.record import Flag, Reading, Window
from runners.seen import Seen
from runners.sensor import Place, Sensor

_JOULES_PER_KWH, _MILLION = 3.6e6, 1e6
_SECONDS_PER_YEAR = 365.25 * 24 * 3600


def sensors(_: Place) -> Sequence[Sensor]:
    """None: the energy is another meter's."""
    return ()


def flags(_: Seen) -> tuple[Flag, ...]:
    """None."""
    return ()


def readings(seen: Seen) -> tuple[Reading, ...]:
    """`cost_electricity`, `cost_hardware` and, where both are known, their sum `cost`, per million tokens."""
    cost = seen.job.hardware.cost if seen.job.hardware else Cost()
    return tuple(one for window in seen.load.windows for one in _at(seen, window, cost))


def _at(seen: Seen, window: Window, cost: Cost) -> tuple[Reading, ...]:
    parts = _electricity(seen, window, cost), _hardware(window, cost)
    unknown = dict.fromkeys(part.reason for part in parts if not part.samples)
    if unknown:
        return *parts, _reading("cost", cost, window, None, "; ".join(unknown))
    total = _reading("cost", cost, window, sum(part.samples[0] for part in parts), parts[0].reason)
    source = " + ".join(part.source for part in parts)
    return *parts, structs.replace(total, source=source, scope=parts[0].scope, valid=parts[0].valid)


def _electricity(seen: Seen, window: Window, cost: Cost) -> Reading:
    """As valid as the energy it comes from, and of the same scope."""
    name, price = "cost_electricity", cost.electricity_per_kwh.value
    energy = next((one for one in seen.load.readings if one.name == "energy" and one.at == window.step), None)
    if price is None:
        return _reading(name, cost, window, None, "no price of electricity: hw.cost.electricity_per_kwh.value=")
    if energy is None or not energy.samples:
        return _reading(name, cost, window, None, energy.reason if energy else "energy was not measured")
    found = _reading(name, cost, window, energy.samples[0] / _JOULES_PER_KWH * price * _MILLION, energy.reason)
    source = f"{price:g} {cost.currency}/kWh x {energy.source}"
    return structs.replace(found, source=source, scope=energy.scope, valid=energy.valid)


def _hardware(window: Window, cost: Cost) -> Reading:
    name, price = "cost_hardware", cost.hardware_price.value
    years, share = cost.years.value, cost.utilisation.value
    if price is None or not years or not share:
        given = {"hardware_price": price, "years": years, "utilisation": share}
        lacking = " ".join(f"hw.cost.{key}.value=" for key, value in given.items() if not value)
        return _reading(name, cost, window, None, f"the price of the box is not spread over its work: {lacking}")
    if not window.output_tokens:
        return _reading(name, cost, window, None, "no token was generated within the window")
    per_second = price / (years * _SECONDS_PER_YEAR * share)
    took = (window.end_ns - window.start_ns) / 1e9
    found = _reading(name, cost, window, per_second * took / window.output_tokens * _MILLION)
    return structs.replace(found, source=f"{price:g} {cost.currency} over {years:g} years, {share:.0%} at work")


def _reading(name: str, cost: Cost, window: Window, value: float | None, reason: str = "") -> Reading:
    samples = () if value is None else (value,)
    return Reading(name, f"{cost.currency}/Mtok", "lower", samples, reason=reason, step=window.step)
