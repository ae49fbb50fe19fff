"""What a million generated tokens cost: the electricity they took, and their share of the price of the box.

Prices are the user's (hw.cost): what is not given is not guessed. The price of the box is spread evenly over the hours
that it works: years x utilisation.
"""

from collections.abc import Sequence

from msgspec import structs

from harness.core.config import Cost, Hardware
from harness.core.record import Flag, Reading, Step, Window
from runners.seen import Seen
from runners.sensor import Place, Sensor

_JOULES_PER_KWH, _MILLION, _NANO = 3.6e6, 1e6, 1e9
_SECONDS_PER_YEAR = 365.25 * 24 * 3600


def sensors(_: Place) -> Sequence[Sensor]:
    """None: the energy is another meter's."""
    return ()


def flags(_: Seen) -> tuple[Flag, ...]:
    """None."""
    return ()


def readings(seen: Seen) -> tuple[Reading, ...]:
    """`cost_electricity` and `cost_hardware` where they are known, and their sum `cost`, per million tokens.

    A price that is missing is said once.
    """
    cost = _priced(seen.job.hardware) if seen.job.hardware else Cost()
    found = []
    for window in seen.load.windows:
        electricity, hardware = _electricity(seen, window, cost), _hardware(window, cost)
        found += [one for one in (electricity, hardware) if one and one.samples]
        if electricity and hardware:
            found.append(_sum(electricity, hardware))
    if lacking := _lacking(cost):
        found.append(Reading("cost", f"{cost.currency}/Mtok", "lower", (), reason=f"prices not given: {lacking}"))
    return tuple(found)


def _priced(hardware: Hardware) -> Cost:
    """The user's, with the public price of the box where that is in the same currency and no other is given."""
    cost = hardware.cost
    if cost.hardware_price.value is None and hardware.price_usd and cost.currency == "USD":
        return structs.replace(cost, hardware_price=hardware.price_usd)
    return cost


def _lacking(cost: Cost) -> str:
    """What has to be set before there is a cost, as overrides."""
    parts = ("electricity_per_kwh", "hardware_price", "years", "utilisation")
    return " ".join(f"hw.cost.{part}.value=" for part in parts if not getattr(cost, part).value)


def _electricity(seen: Seen, window: Window, cost: Cost) -> Reading | None:
    """As valid as the energy it comes from, and of the same scope; None without a price."""
    price = cost.electricity_per_kwh.value
    if price is None:
        return None
    energies = [one for one in seen.load.readings if one.name == "energy" and one.at in (window.step, Step())]
    if not energies or not energies[0].samples:
        reason = energies[0].reason if energies else "energy was not measured"
        return _reading("cost_electricity", cost, window, None, reason)
    energy = energies[0]
    per_million = energy.samples[0] / _JOULES_PER_KWH * price * _MILLION
    found = _reading("cost_electricity", cost, window, per_million, energy.reason)
    source = f"{price:g} {cost.currency}/kWh x {energy.source}"
    return structs.replace(found, source=source, scope=energy.scope, valid=energy.valid)


def _hardware(window: Window, cost: Cost) -> Reading | None:
    """None without a price to spread, or nothing to spread it over."""
    price, years, share = cost.hardware_price.value, cost.years.value, cost.utilisation.value
    if price is None or not years or not share:
        return None
    if not window.output_tokens:
        return _reading("cost_hardware", cost, window, None, "no token was generated within the window")
    took = (window.end_ns - window.start_ns) / _NANO
    per_million = price / (years * _SECONDS_PER_YEAR * share) * took / window.output_tokens * _MILLION
    found = _reading("cost_hardware", cost, window, per_million)
    return structs.replace(found, source=f"{price:g} {cost.currency} over {years:g} years, {share:.0%} at work")


def _sum(electricity: Reading, hardware: Reading) -> Reading:
    """Unknown where a part is, with the reason of that part."""
    whole = structs.replace(electricity, name="cost")
    if electricity.samples and hardware.samples:
        source = f"{electricity.source} + {hardware.source}"
        return structs.replace(whole, samples=(electricity.samples[0] + hardware.samples[0],), source=source)
    return structs.replace(whole, samples=(), reason=electricity.reason or hardware.reason)


def _reading(name: str, cost: Cost, window: Window, value: float | None, reason: str = "") -> Reading:
    samples = () if value is None else (value,)
    return Reading(name, f"{cost.currency}/Mtok", "lower", samples, reason=reason, step=window.step)
