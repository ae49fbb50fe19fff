"""What the gate promises, tried on nights that never were: false alarms of pure noise, and what it catches when.

    python -m benchmarks.gate [--quick]

Nights go through the functions of the product (stats.floor, gate.quality.decide); what is written here is how they are
drawn, and Holm over many series at once, which a test holds to the product's. Some 40 s of processor time. Writes the
tables of docs/gate.md unless --quick.
"""

import functools
import itertools
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.coverage_pages import between
from harness.compare.evidence import Evidence, gather
from harness.compare.match import Paired
from harness.gate.quality import decide
from harness.gate.rules import QUALITY_ALPHA, SPEED_ALPHA, Rules
from harness.stats.floor import LEAST_DOF, Shift, learn, new_era, nothing, shift
from harness.stats.multiple import holm

PAGE = Path(__file__).parents[1] / "docs/gate.md"
HUNDREDS, QUICK_HUNDREDS = 400, 40
JUDGED, LEARNING = 100, LEAST_DOF + 1
ROUNDS, UPGRADE_EVERY = 3, 30
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """How a box's figures scatter from night to night: `sd` (a share) of every one of `figures`.

    `common` is the part of its variance that all figures of a night share. `tails` are the degrees of freedom of that
    part's t distribution, `own_tails` those of each figure's own part (0: normal). `echo` is the correlation of a night
    with the next. `flagged` is the share of nights that a flag calls invalid. Rounds within a night scatter by
    `round_sd`. Every 30 nights the engine changes, which changes nothing.
    """

    words: str
    sd: float = 0.01
    figures: int = 24
    common: float = 0.5
    tails: int = 4
    own_tails: int = 0
    echo: float = 0.3
    flagged: float = 0.03
    round_sd: float = 0.01


REAL = Box("as promised: nights hang together (0.3), figures too (half), common part heavy-tailed (t4), 3 % flagged")
BOXES = (
    replace(REAL, words="normal and independent in every way", common=0.0, tails=0, echo=0.0),
    REAL,
    replace(REAL, words="the same, twice as noisy", sd=0.02, round_sd=0.02),
    replace(REAL, words="the same, 6 figures", figures=6),
    replace(REAL, words="the same, nights hang together more (0.6)", echo=0.6),
    replace(REAL, words="the same, each figure's own part heavy-tailed too (t4)", own_tails=4),
)


def nights(box: Box, count: int, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Logarithms (nights, runs, figures), NaN where flagged, and the standard errors that each night's rounds show."""
    shape = (count, runs, box.figures)
    shared, own = _scatter((count, runs, 1), box.tails, rng), _scatter(shape, box.own_tails, rng)
    value = np.sqrt(box.common) * shared + np.sqrt(1 - box.common) * own
    for night in range(1, count):
        value[night] = box.echo * value[night - 1] + np.sqrt(1 - box.echo**2) * value[night]
    rounds = box.round_sd * rng.standard_normal((ROUNDS, *shape))
    logs = box.sd * value + rounds.mean(axis=0)
    logs[rng.random((count, runs, 1)).repeat(box.figures, axis=2) < box.flagged] = np.nan
    return logs, rounds.std(axis=0, ddof=1) / np.sqrt(ROUNDS)


def _scatter(shape: tuple[int, ...], tails: int, rng: np.random.Generator) -> Floats:
    """Of variance 1."""
    if not tails:
        return rng.standard_normal(shape)
    return np.asarray(rng.standard_t(tails, shape) / np.sqrt(tails / (tails - 2)))


def alarms(logs: Floats, within: Floats, speed_margin: float = Rules.speed_margin) -> Bools:
    """Which figures (nights, runs, figures) are called worse (larger), each night against the first ones."""
    floor, called = nothing(logs.shape[1:]), np.zeros(logs.shape, dtype=bool)
    level, level_nights = floor.level, floor.level_nights
    for night in range(logs.shape[0]):
        if night:
            away = shift(floor, logs[night], level, level_nights, within[night])
            tested = floor.learned & np.isfinite(logs[night])
            adjusted = holm_rows(np.where(tested, _above(away), 1.0), tested.sum(axis=-1))
            called[night] = tested & (adjusted < SPEED_ALPHA) & (away.deviation > np.log1p(speed_margin))
        if night and night % UPGRADE_EVERY == 0:
            floor = new_era(floor)
        floor = learn(floor, logs[night])
        if night < UPGRADE_EVERY:
            level, level_nights = floor.level, floor.level_nights
    return called


def _above(away: Shift) -> Floats:
    return np.nan_to_num(away.above(), nan=1.0)


def holm_rows(pvalues: Floats, sizes: NDArray[np.int_]) -> Floats:
    """Holm within each row of the last axis, where only `sizes` of its p-values were tested: the others are 1."""
    order = np.argsort(pvalues, axis=-1, kind="stable")
    factors = np.maximum(sizes[..., None] - np.arange(pvalues.shape[-1]), 1)
    stepped = np.maximum.accumulate(np.take_along_axis(pvalues, order, -1) * factors, axis=-1)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1.0), axis=-1)
    return adjusted


@functools.cache
def evidence(n: int, lost: int, gained: int) -> Evidence:
    """Of a task of n items, two thirds of them right."""
    before, after = np.zeros(n), np.zeros(n)
    before[: 2 * n // 3] = after[: 2 * n // 3] = 1.0
    after[:lost] = 0.0
    after[n - gained :] = 1.0
    paired = Paired(before[:, None], after[:, None], None, np.zeros(n, dtype=bool), (0.0, 0.0), after[:, None])
    return gather(paired, np.random.default_rng(0))


def quality_night(n: int, flips: list[tuple[int, int]], margin: float = 0.02) -> list[str]:
    """Statuses of tasks of n items, (lost, gained) each, as the gate gives them."""
    found = [evidence(n, lost, gained) for lost, gained in flips]
    return [decide(one, float(p), margin) for one, p in zip(found, holm([one.pvalue for one in found]), strict=True)]


def unstable(n: int, share: float, tasks: int, count: int, rng: np.random.Generator, lost: float = 0.0) -> Floats:
    """(lost, gained) (nights, tasks, 2) against one reference whose answers were drawn in the same way.

    A share of the items is right or wrong by the toss of a coin each night; of the others, `lost` of all go wrong.
    """
    coins = round(n * share)
    right = rng.binomial(coins, 0.5, tasks)
    gone = rng.binomial(right, 0.5, (count, tasks)) + rng.binomial(2 * n // 3 - right, 1.5 * lost, (count, tasks))
    return np.stack([gone, rng.binomial(coins - right, 0.5, (count, tasks))], axis=-1)


def false_alarms(runs: int, rng: np.random.Generator) -> list[str]:
    """Nights called worse in a hundred, of every kind of box; then of answers."""
    lines = ["| nights of pure noise | false alarms in 100 nights | most in 95 of 100 hundreds |", "|---|---:|---:|"]
    for box in BOXES:
        called = alarms(*nights(box, LEARNING + 1 + JUDGED, runs, rng))[LEARNING + 1 :].any(axis=2).sum(axis=0)
        lines.append(f"| figures: {box.words} | {called.mean():.2f} | {np.quantile(called, 0.95):.0f} |")
    for n, share in ((500, 0.0), (500, 0.04), (2_000, 0.04), (2_000, 0.15)):
        counts = []
        for _ in range(max(runs // 10, 4)):
            drawn = unstable(n, share, 15, JUDGED, rng).astype(int).tolist()
            counts.append(sum("worse" in quality_night(n, [tuple(one) for one in night]) for night in drawn))
        words = f"answers: 3 arms, 5 tasks of {n:,} items, {100 * share:g} % of them a coin's toss each night"
        lines.append(f"| {words} | {np.mean(counts):.2f} | {np.quantile(counts, 0.95):.0f} |")
    return lines


def caught_figures(runs: int, rng: np.random.Generator) -> list[str]:
    """How soon 8 % less speed of one arm (its 8 figures of 24) is called worse, by noise and history."""
    lines = ["| noise | nights before | first night | by the third | by the seventh | false alarm before |",
             "|---:|---:|---:|---:|---:|---:|"]
    for sd in (0.005, 0.01, 0.02, 0.03):
        for known in (10, 30):
            logs, within = nights(replace(REAL, sd=sd, round_sd=sd), known + 7, runs, rng)
            logs[known:, :, :8] += np.log(1.08)
            called = alarms(logs, within)
            shares = [np.mean(called[known : known + upto, :, :8].any(axis=(0, 2))) for upto in (1, 3, 7)]
            shares.append(np.mean(called[:known].any(axis=(0, 2))))
            cells = [f"{100 * one:.0f} %" for one in shares]
            lines.append(f"| {100 * sd:g} % | {known} | " + " | ".join(cells) + " |")
    return lines


def caught_answers(runs: int, rng: np.random.Generator) -> list[str]:
    """What is said of a night on which one arm in 15 comparisons lost 2 points, and of the same without a loss."""
    lines = ["| items | coin tosses | loss | worse | undecided | same |", "|---:|---:|---:|---:|---:|---:|"]
    for n, share, lost in itertools.product((200, 500, 1_000, 2_000, 5_000), (0.0, 0.04), (0.02, 0.0)):
        said = [_of_the_first(n, share, lost, rng) for _ in range(runs)]
        cells = [f"{100 * said.count(one) / len(said):.0f} %" for one in ("worse", "undecided", "same")]
        loss = "2 points" if lost else "none"
        lines.append(f"| {n:,} | {100 * share:g} % | {loss} | " + " | ".join(cells) + " |")
    return lines


def _of_the_first(n: int, share: float, lost: float, rng: np.random.Generator) -> str:
    """What is said of the first of 15 pairs of arm and task, the only one that lost anything."""
    drawn = unstable(n, share, 15, 1, rng)[0].astype(int)
    drawn[0] = unstable(n, share, 1, 1, rng, lost)[0, 0]
    return quality_night(n, [tuple(one) for one in drawn.tolist()])[0]


def main(arguments: list[str]) -> int:
    """Simulate, print, and write the tables unless --quick."""
    quick, rng = "--quick" in arguments, np.random.default_rng(11)
    runs = QUICK_HUNDREDS if quick else HUNDREDS
    tables = {"false alarms": false_alarms(runs, rng), "figures": caught_figures(runs, rng),
              "answers": caught_answers(runs, rng)}
    console = Console(width=200, highlight=False)
    console.print(f"nominal: figures {SPEED_ALPHA}, answers {QUALITY_ALPHA / 2}; {runs} hundreds of nights")
    for lines in tables.values():
        console.print("\n".join(lines), markup=False)
    if not quick:
        text = PAGE.read_text(encoding="utf-8")
        for name, lines in tables.items():
            text = between(text, name, "\n".join(lines))
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
