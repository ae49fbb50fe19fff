"""Labels of a scatter plot: inside, and not on each other where there is room."""

from hypothesis import given
from hypothesis import strategies as st

from harness.report.labels import overlap, place

BOUNDS = (0.0, 0.0, 400.0, 300.0)


def test_touching_boxes_do_not_overlap() -> None:
    assert overlap((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == 1


def test_eight_crowded_points_get_separate_labels() -> None:
    points = [(180 + 6.0 * index, 150.0 + index % 2) for index in range(8)]
    dots = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    boxes = place(points, [(44.0, 11.0)] * 8, dots, BOUNDS)
    pairs = [(one, other) for index, one in enumerate(boxes) for other in [*boxes[index + 1 :], *dots]]
    assert all(overlap(one, other) == 0 for one, other in pairs)


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=4))
def test_a_label_never_hangs_out_of_the_frame_of_an_open_plot(points: list[tuple[float, float]]) -> None:
    for left, bottom, right, top in place(points, [(40.0, 12.0)] * len(points), [], BOUNDS):
        assert left >= 0
        assert bottom >= 0
        assert right <= 400
        assert top <= 300
