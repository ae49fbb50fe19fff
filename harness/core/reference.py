"""A night that was accepted as a reference, and why: one file each, written once."""

from msgspec import Struct

from harness.core.digest import short_id

REFERENCE_SCHEMA = 1


class Accepted(Struct, frozen=True, forbid_unknown_fields=True):
    """`plan` on box `hw` of that hardware `fingerprint` became a reference at `when` (ISO 8601, UTC).

    `tag` is a name to gate against, "" for none. `despite` is what spoke against it when it was forced.
    """

    plan: str
    night: str
    hw: str
    fingerprint: str
    started: str
    when: str
    reason: str
    tag: str = ""
    despite: tuple[str, ...] = ()
    schema: int = REFERENCE_SCHEMA

    @property
    def id(self) -> str:
        """12 hex digits naming its content."""
        return short_id(self)
