"""The unit of measurement: one child process answers one cell, and equal cells have equal ids."""

from functools import cached_property
from typing import Literal

from msgspec import Struct, structs

from harness.core.config import Artifact, Hardware, Load, Metering, Scalar
from harness.core.digest import short_id
from harness.core.suite import Suite

CELL_SCHEMA = 1
IMPORTED = "imported"
"""The box of every cell that was measured elsewhere."""


class QualityWork(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="quality"):
    """Answer these tasks; `order_seed` 0 keeps the suite's item order, other values shuffle the requests.

    Each generated item is answered `samples` times, at `temperature` where it is not None (else as the task says).
    `staged` work is answered by parts (harness.core.look), so that a task can end when its verdict is settled: what it
    holds depends on the arms beside it, and is never taken for all items.
    Defaults are left out of the id, so that a field added later renames no cell: never change a default.
    """

    suite: str
    suite_digest: str
    tasks: tuple[str, ...]
    limit: int | None
    seed: int
    order_seed: int = 0
    samples: int = 1
    temperature: float | None = None
    staged: bool = False


class LoadWork(Struct, frozen=True, forbid_unknown_fields=True, tag="load"):
    """Drive this load; each round is a fresh process and therefore its own cell."""

    load: Load
    seed: int
    round: int


class Cell(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """Model artifact x quantization x runtime x box x work x replicate.

    `scheme` is the quantization to make from `artifact` on the box, "" where the artifact is used as it is.
    `options` go to the runtime, which checks their names. Replicate 0 is the arm itself; others are A/A replicates
    that change what `variation` says.
    """

    hw: str
    model: str
    quant: str
    runtime: str
    module: str
    artifact: Artifact
    scheme: str
    options: dict[str, Scalar]
    work: QualityWork | LoadWork
    replicate: int = 0
    variation: str = ""

    @cached_property
    def id(self) -> str:
        """12 hex digits naming the content of the cell."""
        return short_id((CELL_SCHEMA, self))

    @property
    def kind(self) -> Literal["quality", "load"]:
        """Which of the two kinds of work this cell does."""
        return "quality" if isinstance(self.work, QualityWork) else "load"

    @property
    def staged(self) -> bool:
        """Whether its tasks may end early."""
        return isinstance(self.work, QualityWork) and self.work.staged

    @property
    def whole(self) -> "Cell":
        """The cell that answers all items at once: cells with the same questions share their replies under its id."""
        return structs.replace(self, work=structs.replace(self.work, staged=False)) if self.staged else self

    @property
    def within_plan(self) -> bool:
        """Whether its record means something beside the other cells of its plan only.

        Speeds are compared where the rounds were interleaved; what staged work answered hangs on the arms beside it.
        """
        return self.kind == "load" or self.staged

    @property
    def imported(self) -> bool:
        """Whether another tool measured it: such a cell names no module, so nothing can run it."""
        return self.module == ""

    @property
    def name(self) -> str:
        """What the user called an imported cell, "" for any other."""
        return str(self.options.get("name", "")) if self.imported else ""

    @property
    def arm(self) -> str:
        """The arm in words: "pocket q4_k_m llama_cpp"."""
        return f"{self.model} {self.quant} {self.runtime}"

    @property
    def label(self) -> str:
        """The cell in words, for terminals and logs."""
        if isinstance(self.work, LoadWork):
            return f"{self.arm} speed round {self.work.round + 1}"
        return f"{self.arm} quality" + (f" replicate {self.replicate} ({self.variation})" if self.replicate else "")


class Prepared(Struct, frozen=True, forbid_unknown_fields=True):
    """Weights on this disk. `source_sha256` is the digest of the full-precision file they were made from."""

    path: str
    bytes: int
    sha256: str
    source_sha256: str
    how: Literal["as is", "quantized", "cached"]
    revision: str = ""
    maker: str = ""


class Job(Struct, frozen=True, forbid_unknown_fields=True):
    """What the parent hands a child: the cell and every path it may touch.

    `prepared` is None for the preparing child, `suite` None for a load. `journal` is the file of replies that outlives
    a killed child. `looks` says for each task of staged work up to which look its items are asked. `hardware` is what
    conf/hw says of the box, `metering` how it is watched during a load. `texts`: whether prompts, targets and replies
    are kept beside the scores; no cell's id hangs on it.
    """

    cell: Cell
    scratch: str
    assets: str
    cache: str
    journal: str
    suite: Suite | None = None
    prepared: Prepared | None = None
    looks: tuple[int, ...] = ()
    hardware: Hardware | None = None
    metering: Metering = Metering()
    texts: bool = True
