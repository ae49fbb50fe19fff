"""What will run, in order, and what will be compared with what; nothing is left out silently."""

from functools import cached_property
from typing import Literal

from msgspec import Struct

from harness.core.cell import Cell
from harness.core.config import Fact, Protocol
from harness.core.digest import short_id
from harness.core.repetition import Repetition
from harness.core.suite import Suite


class Pair(Struct, frozen=True, forbid_unknown_fields=True):
    """Candidate cell id -> baseline cell id. "aa" pairs a baseline's replicate with the baseline itself.

    Where runtimes differ, "bridge" pairs full precision on the candidate's runtime with the reference, which shows
    what the runtime alone changes, and "total" a quantization there with the reference: runtime and quantization.
    Speed pairs go round by round; `candidate_arm` and `baseline_arm` are `Cell.arm`.
    """

    kind: Literal["quality", "aa", "bridge", "total", "speed"]
    candidate: str
    baseline: str
    candidate_arm: str
    baseline_arm: str


class Skip(Struct, frozen=True, forbid_unknown_fields=True):
    """A combination asked for that will not run, and why."""

    what: str
    reason: str


class Footprint(Struct, frozen=True, forbid_unknown_fields=True):
    """Expected size and ceiling of one arm on the box; None with the reason in `notes` where it cannot be known.

    `kv_bytes` is for `context` tokens; `decode_ceiling` is tokens/s at batch 1 bound by memory bandwidth.
    """

    arm: str
    weights_bytes: float | None
    kv_bytes: float | None
    context: int
    memory: Fact
    fits: bool | None
    decode_ceiling: float | None
    notes: tuple[str, ...] = ()


class Plan(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Cells in run order with their pairs; `id` names cells, pairs and protocol together.

    With a `repetition`, the cells of later rounds are measured only where they are needed. A `night` names one of many
    repetitions of the same plan: all its cells are measured anew, and it is reported from its own attempts alone. Where
    a night has `budget_hours`, these are the cells that were chosen to fit, and `whole` is the id of the plan with all.
    """

    hw: str
    cells: tuple[Cell, ...]
    pairs: tuple[Pair, ...]
    skips: tuple[Skip, ...]
    suite: Suite
    protocol: Protocol
    overrides: tuple[str, ...] = ()
    repetition: Repetition | None = None
    night: str = ""
    whole: str = ""
    budget_hours: float = 0.0

    @property
    def staged(self) -> bool:
        """Whether tasks may end early."""
        return any(cell.staged for cell in self.cells)

    def owner_of(self, cell: Cell) -> str | None:
        """The id of the one plan whose attempts at a cell count here, None where anybody's do."""
        return self.id if cell.within_plan or self.night else None

    @cached_property
    def id(self) -> str:
        """12 hex digits; the overrides' spelling does not count."""
        rule = tuple(one for one in (self.repetition, self.night) if one)
        return short_id((self.hw, self.cells, self.pairs, self.suite.digest, self.protocol, *rule))
