"""Which nights a word names, on summaries made by hand."""

import pytest

from harness.core.errors import NotFound
from harness.core.summary import Summary
from harness.gate.choose import measured, references


def night(plan: str, day: int, hw: str = "cpu", name: str | None = None) -> Summary:
    started = f"2026-01-{day:02}T02:00:00Z"
    called = started[:10] if name is None else name
    return Summary(plan, called, started, started, hw, "", "fp", "tiny", "d", None, (), 1, 1, 0, 0)


def test_a_name_is_that_of_a_night_of_the_same_box_and_an_id_may_be_another_ones() -> None:
    known = [night("aaa", 1, "gpu", "upstairs"), night("bbb", 2), tonight := night("ccc", 3)]
    with pytest.raises(NotFound, match="no night that was measured is called 'upstairs'"):
        references("upstairs", tonight, known, ())
    assert references("aaa", tonight, known, ()) == known[:1]
    assert references("2026-01-02", tonight, known, ()) == known[1:2]
    named = night("ccc", 3, name="n3")
    for itself in ("n3", "ccc"):
        with pytest.raises(NotFound, match="is the night itself"):
            references(itself, named, [*known[:2], named], ())


def test_only_nights_are_known() -> None:
    found = measured([night("bbb", 2), night("plain", 3, name=""), night("aaa", 1)])
    assert [one.plan for one in found] == ["aaa", "bbb"]
