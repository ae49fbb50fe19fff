"""A cell's canary against the past of its box, by hand."""

import msgspec
import pytest

from harness.compare.canary import judge
from harness.core.record import Completed, Machine, Reading
from tests.compare.arms import MACHINE, load_cell, measured

_OTHER = msgspec.structs.replace(MACHINE, fingerprint="box-b")


def _cell(number: int, copy: float, matrix: tuple[float, float] = (100.0, 100.0), machine: Machine = MACHINE
          ) -> Completed:
    readings = (Reading("canary_copy", "GB/s", "higher", (copy, copy)),
                Reading("canary_matrix", "GFLOP/s", "higher", matrix))
    record = _record(number, readings)
    run = msgspec.structs.replace(record.run, run_id=str(number), machine=machine)
    return msgspec.structs.replace(record, run=run)


def _record(number: int, readings: tuple[Reading, ...]) -> Completed:
    record = measured(load_cell("f16", number), readings=readings).record
    assert isinstance(record, Completed)
    return record


_PAST = [_cell(number, 20.0 + number / 10) for number in range(5)]


@pytest.mark.parametrize(("copy", "verdict"), [(20.2, None), (17.5, None), (17.0, "degraded"), (14.0, "invalid")])
def test_a_box_slower_than_it_usually_is_is_flagged(copy: float, verdict: str | None) -> None:
    found = judge(_cell(9, copy), _PAST)
    assert [flag.verdict for flag in found] == ([verdict] if verdict else [])


def test_one_slow_probe_of_two_is_left_to_the_cell_itself() -> None:
    assert judge(_cell(9, 20.0, matrix=(60.0, 100.0)), _PAST) == ()


def test_a_slow_machine_is_told_with_what_was_slow() -> None:
    (flag,) = judge(_cell(9, 20.0, matrix=(60.0, 58.0)), _PAST)
    assert flag.verdict == "invalid"
    assert flag.reason == "matrix products 40 % below what this box reached in 5 other cells"


def test_nothing_is_usual_before_five_cells_of_the_same_machine_nor_is_the_cell_its_own_past() -> None:
    slow = _cell(0, 1.0)
    assert judge(slow, [slow, *_PAST[1:]]) == ()
    assert judge(_cell(9, 1.0), [_cell(n, 20.0, machine=_OTHER) for n in range(9)]) == ()


def test_a_cell_without_a_canary_is_not_judged() -> None:
    assert judge(_record(9, ()), _PAST) == ()
