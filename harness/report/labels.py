"""Where the labels of a scatter plot go so that none covers a point, an interval or another label. Pure geometry."""

import math
from collections.abc import Sequence

Box = tuple[float, float, float, float]
_DISTANCES = (6.0, 14.0, 24.0, 36.0, 50.0)
_DIRECTIONS = tuple(math.radians(degrees) for degrees in (0, 180, 45, -45, 135, -135, 90, -90))


def overlap(one: Box, other: Box) -> float:
    """Common area of two boxes (left, bottom, right, top), 0 where they only touch."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def place(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], obstacles: Sequence[Box], bounds: Box
) -> list[Box]:
    """One box per point, of its size, near it and inside `bounds`: the nearest free place, else the least covered.

    Greedy in the given order, eight directions at growing distances; coordinates and sizes in one unit (pixels).
    """
    placed: list[Box] = []
    for (x, y), size in zip(points, sizes, strict=True):
        taken = [*obstacles, *placed]
        tries = [_box(x, y, size, angle, distance) for distance in _DISTANCES for angle in _DIRECTIONS]
        placed.append(min(tries, key=lambda box: _cost(box, taken, bounds)))
    return placed


def _box(x: float, y: float, size: tuple[float, float], angle: float, distance: float) -> Box:
    """A box of `size` whose nearest side or corner is `distance` from the point in the direction of `angle`."""
    width, height = size
    left = x + distance * math.cos(angle) + (round(math.cos(angle)) - 1) * width / 2
    bottom = y + distance * math.sin(angle) + (round(math.sin(angle)) - 1) * height / 2
    return (left, bottom, left + width, bottom + height)


def _cost(box: Box, taken: Sequence[Box], bounds: Box) -> float:
    """Covered area plus, weighing more, what hangs out of the bounds; `min` keeps the first, nearest, of equals."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return sum(overlap(box, other) for other in taken) + 10 * (area - overlap(box, bounds))
