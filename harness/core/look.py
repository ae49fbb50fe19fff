"""Looks: the moments at which answers may be compared before all are in.

There are three: at a quarter, at half and at all of a task's items, in an order that is drawn once for the task.
"""

import math

from msgspec import Struct

SHARES = (0.25, 0.5, 1.0)
LAST = len(SHARES)


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a task was asked: up to `look` (1 to 3), which made `items` of `planned` items."""

    task: str
    look: int
    items: int
    planned: int


def items_at(look: int, planned: int) -> int:
    """How many of `planned` items are in at `look` (1 to 3); rounded up, so that no part is empty."""
    return math.ceil(SHARES[look - 1] * planned)
