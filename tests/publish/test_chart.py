"""Geometry of histories and of boxes side by side: levels where the runs are, axes with a place for any value."""

import re

import pytest

from harness.history.series import Place, Point, Series
from harness.history.steps import changes
from harness.publish.axis import Axis, around
from harness.publish.beside import boxes
from harness.publish.chart import chart
from harness.publish.sheet import Charts
from harness.publish.stock import Stock
from tests.publish.made import arm, metric, run


def _series(*values: float) -> Series:
    points = (Point(f"p{n}", f"2026-03-{n + 1:02}T02:00:00+00:00", one, None, None, 0.0, "valid", "b1")
              for n, one in enumerate(values))
    return Series(Place("box", "fp", "m", "q", "r", "reading", "decode", "load"), "tok/s", "higher", tuple(points))


def test_levels_between_several_steps_run_from_left_to_right_each_at_its_own_mean() -> None:
    one = _series(*[50.0] * 8, *[40.0] * 8, *[60.0] * 8)
    found = changes(one)
    drawn = chart(one, found[::-1])  # as a standing has them: the newest step first
    runs = [[mark.x, mark.y] for mark in drawn.marks]
    lines = [[float(n) for n in part.split()] for part in re.split("[ML]", drawn.levels)[1:]]
    assert lines == [runs[at] for at in (0, 7, 8, 15, 16, 23)]


def test_two_boxes_that_both_read_nothing_have_a_plot() -> None:
    runs = [run(n, arm("q4", metrics=[metric("device_memory", 0.0)]), hw=f"box {n}") for n in (1, 2)]
    charts = next(one for one in boxes(list(Stock(runs, []).standings.values())) if isinstance(one, Charts))
    assert [dot.x for dot in charts.plots[0].whiskers] == [128.0, 128.0]
    assert len({tick.text for tick in charts.plots[0].ticks}) == len(charts.plots[0].ticks)


@pytest.mark.parametrize("value", [0.0, 12.0, 4e11])
def test_an_axis_around_one_value_has_labels_that_differ(value: float) -> None:
    ticks = Axis(*around([value], 0.04), 0, 100).ticks(5)
    assert len({tick.text for tick in ticks}) == len(ticks) > 1
