"""What a million tokens cost: by hand, with prices missing, in another currency."""

import pytest
from msgspec import structs

from harness.core.config import Cost, Fact
from harness.core.record import Reading
from runners.meters.cost import readings
from runners.seen import Seen
from tests.runners.watched import BOX, by_name, known, seen

ENERGY = Reading("energy", "J/tok", "lower", (3.6,), concurrency=1, source="NVML energy counter", scope="gpu")


def fact(value: float) -> Fact:
    return Fact(value, "verified")


FULL = Cost("EUR", fact(0.30), fact(3000), fact(4), fact(0.5))


def given(cost: Cost, energy: Reading = ENERGY, price_usd: Fact | None = None) -> Seen:
    """100 tokens in 20 s."""
    return known(seen(box=structs.replace(BOX, cost=cost, price_usd=price_usd)), energy)


def test_electricity_and_hardware_add_up_to_the_cost() -> None:
    found = by_name(readings(given(FULL)))
    # 3.6 J a token is 1 kWh a million; 3000 over two years at work, 0.2 s a token.
    assert found["cost_electricity"].samples == pytest.approx((0.30,))
    hardware = 3000 / (2 * 365.25 * 86400) * 0.2 * 1e6
    assert found["cost_hardware"].samples == pytest.approx((hardware,))
    assert found["cost"].samples == pytest.approx((0.30 + hardware,))
    assert (found["cost"].unit, found["cost"].scope) == ("EUR/Mtok", "gpu")


def test_a_missing_price_is_not_guessed_and_the_key_that_sets_it_is_named() -> None:
    found = by_name(readings(given(structs.replace(FULL, electricity_per_kwh=Fact(None, "measured")))))
    assert set(found) == {"cost_hardware", "cost"}
    assert found["cost"].samples == ()
    assert found["cost"].reason == "prices not given: hw.cost.electricity_per_kwh.value="


def test_the_boxs_public_price_counts_in_its_own_currency_only() -> None:
    dollars = Cost("USD", fact(0.15), Fact(None, "measured"), fact(4), fact(0.5))
    assert by_name(readings(given(dollars, price_usd=fact(4699))))["cost"].samples
    euros = structs.replace(dollars, currency="EUR")
    assert "hardware_price" in by_name(readings(given(euros, price_usd=fact(4699))))["cost"].reason


def test_a_cost_is_as_valid_as_its_energy() -> None:
    short = structs.replace(ENERGY, valid=False, reason="the window is 2 s long")
    assert not by_name(readings(given(FULL, short)))["cost"].valid
    unknown = Reading("energy", "J/tok", "lower", (), reason="no RAPL zone")
    found = by_name(readings(given(FULL, unknown)))
    assert (found["cost"].samples, found["cost"].reason) == ((), "no RAPL zone")
