"""How long the rest of a plan takes, by what was measured of it."""

from harness.core.events import Left
from harness.live import words
from harness.live.pace import Pace
from tests.live.feed import LOADS, PLAN, QUALITY


def test_what_is_left_spans_the_rounds_that_may_not_be_needed() -> None:
    pace = Pace(PLAN)
    assert pace.left() == Left(0, 0, 10), "nothing has ended yet"
    for cell in QUALITY:
        pace.ended(cell, 60)
    assert pace.left() == Left(0, 0, 8), "of loads nothing is known"
    pace.ended(LOADS[0], 10)
    assert pace.left() == Left(3 * 10, 7 * 10)
    assert pace.left(LOADS[1], 4) == Left(24, 64)
    for cell in LOADS[1:4]:
        pace.ended(cell, 20)
    assert pace.left() == Left(0, 2 * 15 + 2 * 20)
    pace.dropped(tuple(cell.id for cell in LOADS[4:]))
    assert pace.left() == Left(0, 0)


def test_before_any_cell_of_a_kind_has_ended_the_running_one_tells_how_long_the_others_take() -> None:
    assert Pace(PLAN).left(QUALITY[0], 30, gone=10) == Left(30 + 40, 30 + 40, 8)


def test_a_span_is_said_as_one() -> None:
    assert words.left(Left(30, 30)) == "about 30.0 s left"
    assert words.left(Left(30, 300)) == "30.0 s to 5.0 min left"
    assert words.left(Left(30, 300, 2)) == "at least 30.0 s left"
    assert words.left(Left(0, 0, 2)) == ""
