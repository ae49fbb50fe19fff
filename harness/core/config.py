"""What the user asked for, parsed once: boxes, models, quantizations, runtimes, loads and the protocol.

Every conf/ file decodes into one of these; unknown keys are errors. A figure about hardware or a model is a
`Fact`, so that its tag (verified, computed, from memory, measured) travels with it to the screen.
"""

import re
from typing import Literal

from msgspec import Struct

Tag = Literal["verified", "computed", "memory", "measured"]
Scalar = bool | int | float | str | None


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """A number from outside, with how far it can be trusted; None means not known."""

    value: float | None
    tag: Tag
    source: str = ""


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """How a box recognises itself: case-insensitive parts of names, all given ones must be found."""

    gpu: str = ""
    cpu: str = ""
    system: str = ""


class Cost(Struct, frozen=True, forbid_unknown_fields=True):
    """What running the box costs its owner, for the cost per token; what is None is not guessed.

    `electricity_per_kwh` and `hardware_price` in `currency`; the price is spread over `years` of which the box works
    the share `utilisation`. Without a `hardware_price` that of the box is taken (Hardware.price_usd), in USD only.
    """

    currency: str = "USD"
    electricity_per_kwh: Fact = Fact(None, "measured")
    hardware_price: Fact = Fact(None, "measured")
    years: Fact = Fact(None, "measured")
    utilisation: Fact = Fact(None, "measured")


class Metering(Struct, frozen=True, forbid_unknown_fields=True):
    """How the box is watched while a load runs: sensors read every `period_seconds` (0: not at all).

    Where the box has a sensor of energy it rests `idle_seconds` between loading the model and the load, so that what it
    takes at rest is known. In an arm's first round, `cold_load` loads the model once more, from a cold page cache.
    """

    period_seconds: float = 0.5
    idle_seconds: float = 3.0
    cold_load: bool = True


class Hardware(Struct, frozen=True, forbid_unknown_fields=True):
    """A box; memory is what weights and KV cache can use, bandwidth that of the same memory; `cost` is the user's."""

    key: str
    name: str
    kind: Literal["cpu", "discrete", "unified", "coherent"]
    memory_gb: Fact
    bandwidth_gbs: Fact
    match: Match
    power_watts: Fact | None = None
    arch: str = ""
    native_formats: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    price_usd: Fact | None = None
    cost: Cost = Cost()


class Artifact(Struct, frozen=True, forbid_unknown_fields=True):
    """Where weights come from: a file or folder in assets/, a local path, or a hub repository.

    `location` is a path or a repository id; `file` one file within it (of a sharded GGUF the first; "" = the whole
    folder). `revision` is a hub commit ("" = not pinned: resolved when fetched, and recorded). `sha256` is filled at
    planning for a local file; for one above 1 GB, shards and folders `revision` says instead what was there.
    """

    source: Literal["builtin", "path", "hub"]
    location: str
    file: str = ""
    revision: str = ""
    sha256: str = ""
    tag: Tag = "verified"


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A model. `native` is the quantization key of its full-precision release, the baseline of all others.

    `artifacts` maps a quantization key to ready-made weights, or "gguf" to the full-precision GGUF from which the
    missing GGUF quantizations are made on the box; those of MLX are made from the full precision in "hf" format.
    """

    key: str
    name: str
    license: str
    native: str
    params: Fact
    active_params: Fact
    layers: int
    kv_bytes_per_token: Fact
    context: int
    artifacts: dict[str, Artifact]
    notes: tuple[str, ...] = ()


class Quantization(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to store weights; `baseline` is a quantization key or "native" (the model says which)."""

    key: str
    name: str
    format: Literal["gguf", "hf", "mlx"]
    scheme: str
    bits_per_weight: Fact
    baseline: str = "native"
    full_precision: bool = False


class Variation(Struct, frozen=True, forbid_unknown_fields=True):
    """The one thing a baseline's replicate changes: options, the order of requests, or the seed of sampling."""

    name: str
    options: dict[str, Scalar] = {}
    order: bool = False
    seed: bool = False


class Runtime(Struct, frozen=True, forbid_unknown_fields=True):
    """An engine: the module the child imports, the weight formats it reads, and its options.

    `package` is the distribution that holds the engine, or one of `other_builds` for other boxes; "" needs none.
    `extra` names its environment (`setup EXTRA`) and its entry among the harness's own extras, "" where it needs none.
    `variations` are what the baseline's replicates change, in turn, to measure the noise floor.
    """

    key: str
    name: str
    module: str
    formats: tuple[str, ...]
    package: str
    options: dict[str, Scalar]
    extra: str = ""
    other_builds: tuple[str, ...] = ()
    variations: tuple[Variation, ...] = (Variation("request order", order=True), Variation("seed", seed=True))

    def __post_init__(self) -> None:
        """Refuse a secret where its variable's name belongs, before any plan that holds it is stored."""
        for name, value in self.options.items():
            if name.endswith("_env") and value and not re.fullmatch(r"[A-Za-z_]\w{0,63}", str(value)):
                raise ValueError(f"{name} takes the name of an environment variable, never the secret itself")


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """A service-level objective: `share` of the requests start within `ttft_seconds` and keep within `tpot_seconds`."""

    ttft_seconds: float
    tpot_seconds: float
    share: float = 0.9


class Load(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Requests of forced input and output length (tokens): `requests` of them at each step, after the warm-up.

    At least two for each concurrent user, and for at least `seconds` where those are given.

    A step is one choice of each of `concurrency` (closed loop) or `rates` (open loop, requests/s), `prompt_tokens`,
    `output_tokens` and `depth` (tokens that stand in the context before the prompt). `arrivals`:
    closed: always `concurrency` in flight; constant, poisson: at each of `rates`; ramp: from the first of `rates` to
    the last within `seconds`; sweep: rising concurrency, or rate where `rates` are given, until throughput stops
    rising; slo: the highest rate at which `limits` hold, from the first of `rates` on; trace: as the JSONL file `trace`
    says, a path or a name in assets/traces (its digest, number, duration and greatest lengths are filled at planning).
    In open loop an engine in our process computes at most the largest `concurrency` at once, the others wait; a server
    does as it likes. `cache`: the tokens of `depth` are the same in all requests, for a prefix cache to answer.
    """

    key: str
    concurrency: tuple[int, ...]
    prompt_tokens: int | tuple[int, ...]
    output_tokens: int | tuple[int, ...]
    requests: int
    warmup_requests: int
    arrivals: Literal["closed", "constant", "poisson", "ramp", "sweep", "slo", "trace"] = "closed"
    rates: tuple[float, ...] = ()
    seconds: float = 0.0
    depth: int | tuple[int, ...] = 0
    prompts: Literal["random", "corpus"] = "random"
    limits: Limits | None = None
    trace: str = ""
    trace_sha256: str = ""
    cache: bool = False

    @property
    def prompt_lengths(self) -> tuple[int, ...]:
        """`prompt_tokens`, one or many."""
        return _many(self.prompt_tokens)

    @property
    def output_lengths(self) -> tuple[int, ...]:
        """`output_tokens`, one or many."""
        return _many(self.output_tokens)

    @property
    def depths(self) -> tuple[int, ...]:
        """`depth`, one or many."""
        return _many(self.depth)

    @property
    def longest(self) -> int:
        """Tokens of its longest sequence."""
        return max(self.depths) + max(self.prompt_lengths) + max(self.output_lengths)


def _many(one: int | tuple[int, ...]) -> tuple[int, ...]:
    return (one,) if isinstance(one, int) else one


class Matrix(Struct, frozen=True, forbid_unknown_fields=True):
    """Which cells a plan has: quality and speed switches, fresh-process rounds of each load, baseline replicates.

    Above `rounds`, further rounds are measured until the headline reading of every arm is known to `precision` (half of
    its 95 % interval over rounds, as a share of its mean), up to `max_rounds` of them (0: no further ones) and
    `budget_minutes` of measuring for a model under one load (0: no budget). A `night` makes a plan of its own of what
    was measured before: its name, or "auto" for the day (UTC). What does not fit into its `budget_hours` (0: no budget)
    is left to the nights that follow.
    """

    key: str
    quality: bool
    speed: bool
    rounds: int
    replicates: int
    precision: float = 0.03
    max_rounds: int = 0
    budget_minutes: float = 0.0
    night: str | None = None
    budget_hours: float = 0.0


class Protocol(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is decided before any item is run; stored with the plan. Margins are shares (0.02 = 2 points).

    `margin` None means the rule: 1 point for tasks of 4,000 items or more, else 2. The confirmatory family is
    `family_tasks` x `family_quants` (empty: all); what lies outside is explored, and carries no claim. Two speeds whose
    ratio lies within `speed_margin` (0.03: 3 % either way) are the same.
    """

    margin: float | None = None
    margins_shown: tuple[float, ...] = (0.005, 0.01, 0.02, 0.03)
    alpha: float = 0.05
    flip_rate_assumed: float = 0.05
    family_tasks: tuple[str, ...] = ()
    family_quants: tuple[str, ...] = ()
    speed_margin: float = 0.03


class Point(Struct, frozen=True, forbid_unknown_fields=True):
    """One combination the user asked for."""

    model: Model
    quant: Quantization
    runtime: Runtime
    load: Load


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a verb needs, fully resolved. `quants` and `runtimes` are whole catalogues, to find baselines in.

    `baseline` is "auto", "none", or a quantization, with "@runtime" behind it where one runtime is the reference.
    `stop` "decided" ends a task at the look at which its verdicts are settled. `texts`: prompts, targets and replies
    are kept beside the scores.
    """

    hw: Hardware
    points: tuple[Point, ...]
    quants: dict[str, Quantization]
    runtimes: dict[str, Runtime]
    matrix: Matrix
    protocol: Protocol
    suite: str
    tasks: tuple[str, ...]
    limit: int | None
    samples: int
    temperature: float | None
    baseline: str
    seed: int
    timeout_seconds: float
    rerun: bool
    results: str
    reports: str
    overrides: tuple[str, ...]
    stop: Literal["never", "decided"] = "never"
    metering: Metering = Metering()
    texts: bool = True
