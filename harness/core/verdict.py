"""What a comparison finds: numbers with intervals, a verdict that is never a bool, and the sentence they support.

Scores and differences are shares (0.021 = 2.1 points); negative differences mean the candidate is worse.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from harness.core.plan import Plan
from harness.core.record import RunRecord, Step
from harness.core.repetition import Repeated


class Verdict(StrEnum):
    """The five answers, defined in docs/statistics.md; "not significant" is none of them."""

    EQUIVALENT = "equivalent"
    DEGRADED = "degraded"
    IMPROVED = "improved"
    INCONCLUSIVE = "inconclusive"
    BROKEN = "broken"


class Interval(Struct, frozen=True):
    """Closed interval at the confidence its context names."""

    low: float
    high: float


class Scored(Struct, frozen=True):
    """One arm's score on one task: mean over items, with a 95 % interval."""

    score: float
    low: float
    high: float


class MarginVerdict(Struct, frozen=True):
    """The verdict at one margin; `pvalue` is that of the equivalence test (TOST), NaN where none was possible."""

    margin: float
    verdict: Verdict
    pvalue: float


class Noise(Struct, frozen=True):
    """A difference beside what `runs` runs of the baseline do among themselves; NaN where there are too few runs.

    `flip_rate`, `largest`, `band`: as in stats.noise.NoiseFloor; `excess_flips` the candidate's flip rate less that.
    `one_more_run`: p-value of "the candidate is one more run of the baseline". `fixed`: the difference on this
    benchmark, with 95 % limits from run-to-run noise alone. `at_noise`: the verdict at max(1 point, band).
    """

    runs: int
    flip_rate: float
    largest: float
    band: float
    excess_flips: float
    one_more_run: float
    fixed: Scored
    at_noise: MarginVerdict


class Comparison(Struct, frozen=True):
    """One candidate against its baseline on one task, item by item.

    "aa": a replicate against its baseline; "bridge", "total": as in Pair. Where the baseline was repeated, its item
    scores are means over all its runs. `confirmatory`: in the family that claims rest on; `pvalue_holm` is corrected
    within it, or by Benjamini-Hochberg among what is only explored.

    `low`, `high` are the 95 % limits of `delta`; `low90`, `high90` the 90 % limits that TOST uses. `lost` and `gained`
    count the flips (None for scores that are not 0/1). `pvalue` is the exact test of any change, `pvalue_holm` after
    Holm over the confirmatory family. `verdict` is the one at `margin`. `note` says what qualifies it: the reason of
    BROKEN, "no information: baseline at chance", "small real loss", "beyond the margin", a method that disagrees.
    `items_needed` is the number of items to decide at this margin and flip rate, None where it is decided.
    Where tasks may end early, `look` (1 to 3) is the last one taken at a task of `n_planned` items; limits and p-values
    then hold over all looks together. Both are 0 where nobody looked before the end.
    """

    kind: Literal["quality", "aa", "bridge", "total"]
    task: str
    task_kind: str
    metric: str
    baseline_arm: str
    candidate_arm: str
    baseline_cell: str
    candidate_cell: str
    n_items: int
    baseline: Scored
    candidate: Scored
    delta: float
    stderr: float
    low: float
    high: float
    low90: float
    high90: float
    lost: int | None
    gained: int | None
    flip_rate: float
    method: str
    pvalue: float
    pvalue_holm: float
    margin: float
    verdict: Verdict
    margins: tuple[MarginVerdict, ...]
    cap_hits: tuple[float, float] = (0.0, 0.0)
    items_needed: int | None = None
    smallest_margin: float | None = None
    second_opinion: str = ""
    note: str = ""
    confirmatory: bool = True
    noise: Noise | None = None
    look: int = 0
    n_planned: int = 0

    @property
    def ended_early(self) -> bool:
        """Whether fewer items were asked than the task has."""
        return self.n_items < self.n_planned


class Diagnostic(Struct, frozen=True):
    """A figure shown beside the verdicts and never one itself: perplexity and its ratio to the baseline's, divergence.

    `low`, `high` are the 95 % limits of the ratio or, where there is none (NaN), of the candidate's figure.
    """

    task: str
    name: str
    unit: str
    baseline_arm: str
    candidate_arm: str
    baseline: float
    candidate: float
    ratio: float
    low: float
    high: float
    n_items: int


class SpeedComparison(Struct, frozen=True):
    """One reading of candidate and baseline over rounds of fresh processes; intervals are 95 % over rounds (t).

    `ratio` is candidate over baseline, paired by round, with its interval. None where a side could not be measured.
    Of an arm without a baseline only the candidate's side is known, and `baseline_arm` is "".

    `verdict`: "same" where the ratio's 90 % interval lies within the protocol's speed margin, else "faster" or "slower"
    where its 95 % interval excludes 1; of amounts (bytes, joules, cost) read "faster" as less and "slower" as more. ""
    where none is possible. Rounds that a flag calls invalid count nowhere; `validity` is "invalid" where a side has no
    other, and its figures are then shown for what they are. `reason` says all that qualifies the row.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    concurrency: int
    baseline_arm: str
    candidate_arm: str
    rounds: int
    baseline: Scored | None
    candidate: Scored | None
    ratio: Scored | None
    reason: str = ""
    step: Step = Step()
    verdict: Literal["faster", "slower", "same", "inconclusive", ""] = ""
    validity: Literal["valid", "degraded", "invalid"] = "valid"
    load: str = ""


class RoundValue(Struct, frozen=True):
    """One reading of one arm in one round (from 1): its samples' median, and what speaks against it ("" nothing)."""

    arm: str
    round: int
    name: str
    unit: str
    step: Step
    value: float
    started: str
    flag: str = ""
    load: str = ""


class Latency(Struct, frozen=True):
    """How a latency (ttft, tpot, gap; seconds) of one arm at one step is distributed over the requests of valid rounds.

    Where none is valid it is over all. `n` counts requests. `quantiles` are (share, seconds) of those that enough
    requests stand behind; `over_rounds` has the mean over rounds of each round's own, with its 95 % interval, where
    every round has enough. `curve` is (share, seconds), the sorted sample thinned to at most 200 points. `stalled`
    counts the outlying values, and `stalls` are the longest of them, (round from 1, request, seconds); they are shown
    and never dropped from anything.
    """

    arm: str
    name: str
    step: Step
    n: int
    quantiles: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...]
    stalls: tuple[tuple[int, int, float], ...] = ()
    stalled: int = 0
    over_rounds: tuple[tuple[float, Scored], ...] = ()
    load: str = ""


class Drift(Struct, frozen=True):
    """Whether a reading moves over the rounds: slope per round as a share of the mean, with its 95 % interval.

    `pvalue` is that of the t-test of no slope, after Benjamini-Hochberg over all that were tested in the plan.
    """

    arm: str
    name: str
    step: Step
    rounds: int
    slope: Scored
    pvalue: float
    load: str = ""


class Claim(Struct, frozen=True):
    """What the whole run supports for one candidate, as a sentence, with the counts behind it.

    `pvalue_most` is the partial-conjunction p-value of "equivalent on most tasks"; `share_within` the posterior
    probability that most tasks lie within the margin (None with fewer than 3 tasks).
    """

    candidate_arm: str
    baseline_arm: str
    sentence: str
    tasks: int
    equivalent: int
    degraded: int
    improved: int
    inconclusive: int
    broken: int
    no_information: int
    pvalue_most: float
    share_within: float | None
    qualifiers: tuple[str, ...] = ()


class Arm(Struct, frozen=True):
    """One arm of the report: what it is, what it weighs, and the digests of the weights used.

    `bits_per_weight` are true ones: bits of the weights as stored over the parameters that the engine counts.
    """

    arm: str
    model: str
    quant: str
    runtime: str
    is_baseline: bool
    weights_bytes: int | None
    sha256: str
    source_sha256: str
    engine: str
    scores: tuple[tuple[str, Scored], ...]
    bits_per_weight: float | None = None


class Input(Struct, frozen=True):
    """One record that a report was made from."""

    cell: str
    label: str
    path: str
    sha256: str


class Analysis(Struct, frozen=True):
    """Everything a report shows, computed; rendering adds nothing but form."""

    plan: Plan
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    diagnostics: tuple[Diagnostic, ...]
    speed: tuple[SpeedComparison, ...]
    claims: tuple[Claim, ...]
    records: tuple[RunRecord, ...]
    inputs: tuple[Input, ...]
    warnings: tuple[str, ...] = ()
    rounds: tuple[RoundValue, ...] = ()
    latencies: tuple[Latency, ...] = ()
    drifts: tuple[Drift, ...] = ()
    repeats: tuple[Repeated, ...] = ()
