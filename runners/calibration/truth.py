"""What the calibration server really did: its own stamps, to hold a client's readings against."""

from collections.abc import Sequence

from msgspec import Struct


class Served(Struct, frozen=True, forbid_unknown_fields=True):
    """One streamed reply; times are perf_counter_ns, one clock for all processes of a machine.

    `received_ns` is when the request arrived, however late the busy server looked. Of each chunk: when it was due, and
    the stamp taken just before it was handed to the system: no client can see it earlier. `request_id` is the client's
    x-request-id, "" without one.
    """

    number: int
    request_id: str
    received_ns: int
    due_ns: Sequence[int]
    sent_ns: Sequence[int]
    tokens: int
    tokens_per_chunk: int

    @property
    def ttft_seconds(self) -> float:
        """From the request's arrival to its first token."""
        return (self.sent_ns[0] - self.received_ns) / 1e9

    @property
    def tpot_seconds(self) -> float | None:
        """Seconds per token after the first chunk, None where there are none."""
        rest = self.tokens - self.tokens_per_chunk
        return (self.sent_ns[-1] - self.sent_ns[0]) / rest / 1e9 if rest > 0 else None


class Truth(Struct, frozen=True, forbid_unknown_fields=True):
    """All replies since the last time the server forgot; `blocked` counts chunks a client was too slow to take."""

    served: tuple[Served, ...]
    blocked: int = 0
    cpu_seconds: float = 0.0
