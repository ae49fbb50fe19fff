"""Units, and how numbers with units are written for people."""

import math
from decimal import ROUND_HALF_UP, Decimal

GIGA = 1_000_000_000
GIB = 1 << 30
MIB = 1 << 20


def in_bytes(size: float | None) -> str:
    """`size` bytes in the largest binary unit that leaves at least one digit, "unknown" for None."""
    if size is None:
        return "unknown"
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if abs(size) >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} B"


def in_seconds(seconds: float | None) -> str:
    """A duration with a unit a reader can picture: ms below one second, minutes above 120 s."""
    if seconds is None:
        return "unknown"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def margin(share: float) -> str:
    """A margin in words: "2 points", "0.5 points", "1 point"."""
    return f"{100 * share:g} point" + ("" if math.isclose(share, 0.01) else "s")


def in_points(share: float) -> str:
    """A difference of shares (0.021) as signed percentage points ("+2.1")."""
    return f"{half_away(100 * share, 1):+}"


def half_away(value: float, digits: int) -> Decimal:
    """Rounded as one reads it: of 400 items every second share is a tie, which binary fractions break either way."""
    return Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
