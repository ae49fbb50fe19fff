"""Options of the fake runtime as a frozen record: how it answers, how it fails, and how long it takes."""

import msgspec


class FakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`fail` is one of "", raise, memory, kill, hang; it happens after `fail_after` steps.

    Time: a prompt takes `first_token_seconds` and, where `prompt_tokens_per_second` is not 0, its length by that; then
    a stream gets `tokens_per_second` (0: no time at all). More streams than `capacity` (0: any number) share the rate
    of so many, or wait their turn where `queue`. Every `stall_every`-th token of the engine comes `stall_seconds` late.
    The last of the first `cold_requests` takes twice as long as later ones, the one before it thrice, and so on.
    `overlay` names a JSON file of further options that replace these where it exists: an engine that changed although
    nothing that was asked for did.
    `prefix_cache` answers what an earlier prompt began with. `served` works on while nobody polls, hands over a
    request's events at its end, and tells what it knows of it.
    """

    skill: float = 0.9
    loss: float = 0.0
    tokens_per_second: float = 0.0
    fail: str = ""
    fail_after: int = 0
    first_token_seconds: float = 0.0
    prompt_tokens_per_second: float = 0.0
    capacity: int = 0
    queue: bool = False
    stall_every: int = 0
    stall_seconds: float = 0.0
    cold_requests: int = 0
    prefix_cache: bool = False
    served: bool = False
    overlay: str = ""
