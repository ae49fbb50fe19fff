"""What speaks against a figure of speed: the flags of its cell and of its step in it, and the figure itself."""

from typing import Literal, NamedTuple

from harness.core.record import Completed, Reading, Step

Validity = Literal["valid", "degraded", "invalid"]


class Standing(NamedTuple):
    """The worst that flags say of a measurement, and their reasons, "" for "valid"."""

    validity: Validity
    reason: str

    @property
    def flag(self) -> str:
        """As one word group: "invalid: the client lags"."""
        return f"{self.validity}: {self.reason}" if self.reason else ""


def standing(record: Completed, reading: Reading) -> Standing:
    """How far a reading of the cell can be trusted."""
    if not reading.valid:
        return Standing("invalid", reading.reason)
    flags = [one for one in record.outcome.flags if one.step in (None, reading.at)]
    worst: Validity = "invalid" if any(one.verdict == "invalid" for one in flags) else "degraded"
    reasons = dict.fromkeys(one.reason for one in flags if one.verdict == worst)
    return Standing(worst, "; ".join(reasons)) if flags else Standing("valid", "")


def usable(record: Completed, name: str, at: Step) -> bool:
    """Whether what a round's requests say of a latency counts: nothing calls the step or its reading invalid."""
    known = [one for one in record.outcome.readings if (one.name, one.at) == (name, at) and not one.valid]
    return not known and not any(one.verdict == "invalid" for one in record.outcome.flags if one.step in (None, at))
