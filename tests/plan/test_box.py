"""The box asked for against the box found."""

import pytest
from msgspec import structs

from harness import bundle
from harness.core.config import Cost, Fact, Hardware
from harness.core.errors import WrongBox
from harness.core.record import Machine
from harness.machine import detect
from harness.plan.box import check, resolve

BOXES = bundle.catalogue("hw", Hardware)
LAPTOP = Machine("Some CPU", 4, 16_000_000_000, (), "Linux", "", (0.1,), "3.11", "h", "f")
SPARK = structs.replace(LAPTOP, gpus=("NVIDIA GB10",), memory_bytes=130_000_000_000)


def check_on(machine: Machine, asked: str, other_box: bool = False) -> bool:
    return check(BOXES[asked], detect(tuple(BOXES.values()), machine), machine, other_box)


def test_another_box_is_refused_in_one_line_with_what_was_found_and_what_to_do() -> None:
    with pytest.raises(WrongBox) as caught:
        check_on(LAPTOP, "dgx_spark")
    line = str(caught.value)
    assert "\n" not in line
    for part in ("hw=dgx_spark", "Some CPU, 4 cores, 16.0 GB, no GPU", "hw=auto", "--other-box"):
        assert part in line


def test_another_box_may_be_allowed_and_is_known_as_such() -> None:
    assert check_on(LAPTOP, "dgx_spark", other_box=True) is False


@pytest.mark.parametrize(
    ("machine", "asked"), [(LAPTOP, "auto"), (LAPTOP, "cpu"), (SPARK, "dgx_spark"), (SPARK, "cpu")]
)
def test_the_right_box_passes(machine: Machine, asked: str) -> None:
    assert check_on(machine, asked) is True


def test_auto_becomes_the_box_found() -> None:
    boxes = tuple(BOXES.values())
    assert resolve(BOXES["auto"], boxes, SPARK).key == "dgx_spark"
    assert resolve(BOXES["auto"], boxes, LAPTOP).key == "cpu"


def test_a_box_asked_for_by_name_keeps_its_own_facts() -> None:
    assert resolve(BOXES["h200"], tuple(BOXES.values()), LAPTOP) == BOXES["h200"]


def test_cpu_has_this_machines_memory_unless_told_otherwise() -> None:
    assert resolve(BOXES["cpu"], (), SPARK).memory_gb.value == 130
    told = structs.replace(BOXES["cpu"], memory_gb=structs.replace(BOXES["cpu"].memory_gb, value=8))
    assert resolve(told, (), SPARK).memory_gb.value == 8


@pytest.mark.parametrize(("machine", "asked"), [(SPARK, "auto"), (SPARK, "dgx_spark"), (LAPTOP, "cpu")])
def test_what_a_box_costs_its_owner_is_what_was_asked_and_its_price_is_the_boxs(machine: Machine, asked: str) -> None:
    cost = Cost("EUR", electricity_per_kwh=Fact(0.3, "measured"))
    found = resolve(structs.replace(BOXES[asked], cost=cost), tuple(BOXES.values()), machine)
    assert found.cost == cost
    assert (found.price_usd is not None) == (machine is SPARK)
