"""Data sets of which the truth is known: every one that can happen with its probability, or many drawn at random.

An item changes with probability `flips`: lost (flips - delta)/2, gained (flips + delta)/2. In clusters of 4 to 20 items
these shares vary from cluster to cluster (Dirichlet) so that two differences in one cluster have correlation `icc`.
With k = 8 samples an item that changes does so in all of them; the others are right with a probability of their own,
Beta(0.8, 0.4), drawn for each sample of each arm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from harness.stats.clusters import Sums, effect_and_dof
from harness.stats.planning import BIG_MARGIN, BIG_SUITE, SMALL_MARGIN
from harness.stats.table import Array

BASELINE = 0.7  # the baseline's score; only the unpaired test depends on it
SIZES = (4, 20)
_CHUNK_ITEMS, _REACH_SD = 4_000_000, 4.5


@dataclass(frozen=True)
class Truth:
    """`icc` None: items stand alone; 0: they have clusters that do not matter."""

    n: int
    flips: float
    delta: float
    icc: float | None = None
    samples: int = 1

    @property
    def margin(self) -> float:
        """The margin the product would take, or all flips where that is less: the truth must be able to lie on it."""
        return min(BIG_MARGIN if self.n >= BIG_SUITE else SMALL_MARGIN, self.flips)

    @property
    def shares(self) -> tuple[float, float]:
        """Probability that an item is lost, and gained."""
        return (self.flips - self.delta) / 2, max((self.flips + self.delta) / 2, 0.0)


@dataclass(frozen=True, eq=False)
class Data:
    """Data sets (R,) with their probabilities: sums over items of the differences d, and what the items are worth.

    `nets` are the clusters' net gains (R, G), `histogram` counts 8 d from -8 to 8 (R, 17); None where not needed.
    """

    n: int
    weight: Array
    total: Array
    squares: Array
    changed: Array
    gained: Array
    lost: Array
    effect: Array
    dof: Array
    nets: Array | None = None
    histogram: Array | None = None


def cluster_sizes(n: int) -> NDArray[np.int64]:
    """The same clusters for every truth with n items."""
    drawn = np.random.default_rng(n).integers(SIZES[0], SIZES[1] + 1, n)
    ends = np.minimum(np.cumsum(drawn), n)
    return np.diff(np.append(0, ends[: int(np.searchsorted(ends, n)) + 1]))


def data(truth: Truth, runs: int) -> Data:
    """All data sets of independent right-or-wrong items, else `runs` random ones."""
    rng = np.random.default_rng([truth.n, round(1e4 * truth.flips), round(-1e4 * truth.delta), truth.samples])
    if truth.icc is None:
        return _all_tables(truth) if truth.samples == 1 else _histograms(truth, runs, rng)
    sizes = cluster_sizes(truth.n)
    per_chunk = max(1, _CHUNK_ITEMS // truth.n)
    chunks = [_clustered(truth, sizes, min(per_chunk, runs - at), rng) for at in range(0, runs, per_chunk)]
    return _joined(truth.n, chunks)


def items(truth: Truth, sizes: NDArray[np.int64], runs: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Differences in eighths (runs, n), clusters one after another."""
    lost, changed = _flips(truth, sizes, runs, rng)
    place = np.concatenate([np.arange(size) for size in sizes])
    of = np.repeat(np.arange(sizes.size), sizes)
    noise: NDArray[np.int8] | int = 0
    if truth.samples > 1:
        ends = np.rint(65_536 * np.cumsum(_same())).astype(np.int64)
        table = np.repeat(np.arange(-8, 9, dtype=np.int8), np.diff(np.append(0, ends)))
        noise = table[rng.integers(0, 65_536, (runs, truth.n), dtype=np.uint16)]
    found = np.where(place < changed[:, of], np.where(place < lost[:, of], -8, 8), noise)
    return np.asarray(found, dtype=np.int8)


def _flips(
    truth: Truth, sizes: NDArray[np.int64], runs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items lost and items changed, by cluster (runs, G)."""
    lost, gained = truth.shares
    if not truth.icc:
        changed = rng.binomial(sizes, truth.flips, (runs, sizes.size))
        return rng.binomial(changed, lost / truth.flips), changed
    scale = (1 - truth.icc) / truth.icc
    shape = (runs, sizes.size)
    parts = [rng.standard_gamma(scale * share, shape) for share in (lost, gained, 1 - truth.flips)]
    moved = parts[0] + parts[1]
    changed = rng.binomial(sizes, moved / (moved + parts[2]))
    return rng.binomial(changed, parts[0] / np.where(moved > 0, moved, 1.0)), changed


def _clustered(truth: Truth, sizes: NDArray[np.int64], runs: int, rng: np.random.Generator) -> Data:
    if truth.samples > 1:
        eighths = items(truth, sizes, runs, rng)
        nets = np.add.reduceat(eighths, np.append(0, np.cumsum(sizes)[:-1]), axis=1, dtype=np.int64) / 8
        histogram = np.stack([(eighths == value).sum(axis=1) for value in range(-8, 9)], axis=1).astype(np.float64)
    else:
        lost, changed = _flips(truth, sizes, runs, rng)
        nets, histogram = (changed - 2 * lost).astype(np.float64), np.zeros((runs, 17))
        histogram[:, 0], histogram[:, 16] = lost.sum(axis=1), (changed - lost).sum(axis=1)
        histogram[:, 8] = truth.n - histogram.sum(axis=1)
    return _from_histogram(truth, histogram, nets, sizes)


def _from_histogram(truth: Truth, histogram: Array, nets: Array | None, sizes: NDArray[np.int64] | None) -> Data:
    value = np.arange(-8, 9) / 8
    total, squares = (histogram @ value**power for power in (1, 2))
    effect, dof = np.ones(total.size), np.full(total.size, np.inf)
    if nets is not None and sizes is not None:
        own = nets - total[:, None] / truth.n * sizes
        sums = Sums(squares - total**2 / truth.n, (own**2).sum(axis=1), (own**4).sum(axis=1))
        effect, dof = effect_and_dof(sums, sizes.astype(np.float64))
    return Data(
        n=truth.n,
        weight=np.full(total.size, 1 / total.size),
        total=total,
        squares=squares,
        changed=truth.n - histogram[:, 8],
        gained=histogram @ np.maximum(value, 0),
        lost=histogram @ np.maximum(-value, 0),
        effect=effect,
        dof=dof,
        nets=nets,
        histogram=histogram,
    )


def _histograms(truth: Truth, runs: int, rng: np.random.Generator) -> Data:
    share = (1 - truth.flips) * _same()
    share[0] += truth.shares[0]
    share[16] += truth.shares[1]
    return _from_histogram(truth, rng.multinomial(truth.n, share, runs).astype(np.float64), None, None)


def _same() -> Array:
    """Distribution of 8 d, from -8 to 8, of an item that does not change: both arms draw at the item's own rate."""
    rates = beta.ppf((np.arange(400) + 0.5) / 400, 0.8, 0.4)
    one = binom.pmf(np.arange(9), 8, rates[:, None])
    both = one.T @ one / rates.size
    return np.array([np.trace(both, offset=offset) for offset in range(-8, 9)])


def _all_tables(truth: Truth) -> Data:
    """Every (lost, gained) within 4.5 standard deviations and some, with its probability."""
    n, (lost_share, gained_share) = truth.n, truth.shares
    lost = _range(n, lost_share)
    gained = _range(n, gained_share)
    y, x = (grid.ravel() for grid in np.meshgrid(lost, gained, indexing="ij"))
    possible = x + y <= n
    y, x = y[possible], x[possible]
    weight = binom.pmf(y, n, lost_share) * binom.pmf(x, n - y, gained_share / (1 - lost_share))
    histogram = np.zeros((y.size, 17))
    histogram[:, 0], histogram[:, 16], histogram[:, 8] = y, x, n - x - y
    found = _from_histogram(truth, histogram, None, None)
    return replace(found, weight=weight / weight.sum())


def _range(n: int, share: float) -> NDArray[np.int64]:
    half = _REACH_SD * (n * share) ** 0.5 + _REACH_SD
    return np.arange(max(0, int(n * share - half)), min(n, int(n * share + half)) + 1)


def _joined(n: int, chunks: list[Data]) -> Data:
    def column(name: str) -> Array:
        return np.concatenate([getattr(chunk, name) for chunk in chunks])

    names = [one.name for one in fields(Data) if one.name not in ("n", "weight")]
    runs = sum(chunk.total.size for chunk in chunks)
    return Data(n=n, weight=np.full(runs, 1 / runs), **{name: column(name) for name in names})


def truths(ns: tuple[int, ...], flips: tuple[float, ...]) -> Iterator[Truth]:
    """The whole grid: truth 0, on the margin and twice as far; alone and in clusters; 1 and 8 samples."""
    for icc, samples in ((None, 1), (0.0, 1), (0.1, 1), (0.2, 1), (None, 8), (0.1, 8)):
        for n in ns:
            for share in flips:
                margin = Truth(n, share, 0.0).margin
                yield from (
                    Truth(n, share, -far * margin, icc, samples) for far in (0, 1, 2) if far * margin <= share + 1e-12
                )
