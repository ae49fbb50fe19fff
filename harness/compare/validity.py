"""What speaks against a figure of speed: the flags of its cell, and of its step within the cell."""

from typing import Literal, NamedTuple

from harness.core.record import Completed, Step

Validity = Literal["valid", "degraded", "invalid"]


class Standing(NamedTuple):
    """The worst that flags say of a measurement, and their reasons, "" for "valid"."""

    validity: Validity
    reason: str

    @property
    def flag(self) -> str:
        """As one word group: "invalid: the client lags"."""
        return f"{self.validity}: {self.reason}" if self.reason else ""


def standing(record: Completed, step: Step) -> Standing:
    """How far what a cell measured at `step` can be trusted."""
    flags = [one for one in record.outcome.flags if one.step in (None, step)]
    worst: Validity = "invalid" if any(one.verdict == "invalid" for one in flags) else "degraded"
    reasons = dict.fromkeys(one.reason for one in flags if one.verdict == worst)
    return Standing(worst, "; ".join(reasons)) if flags else Standing("valid", "")
