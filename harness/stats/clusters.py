"""Items that share a template, passage or document: what they are worth in independent items, and a test by cluster.

Design effect (Kish 1965; for tables Rao and Scott 1981): the variance of a mean over clusters divided by that over as
many independent items, 1 + (m - 1) rho with m = sum m_g^2 / n the size of cluster that an item finds itself in, and rho
the correlation of two differences in one cluster. rho is estimated from the cluster-robust sum of squares,

  rho = [(G/(G-1) sum_g S_g^2 - sum_i r_i^2) / (m - 1) + K rho_0] / (sum_i r_i^2 + K),

r_i = D_i - mean D, S_g the sum of r_i in cluster g. The prior is worth K = 4 flips at rho_0 = 0.15: with few flips
nothing can be seen of rho, and 0 is the one guess that is never safe. The effect is not let below 1. Limits are t with
min(G - 1, 2/3 C / w^2) degrees of freedom: C = (sum S_g^2)^2 / sum S_g^4 is how many clusters the estimate rests on, w
the share of it that comes from the data. With clusters of one item all this vanishes. The constants were chosen, and
the error rates are shown, by benchmarks/coverage.py.

Test: under "the arms are exchangeable" each cluster's net gain is as likely as its negative, which gives an exact test
of any change (Fisher 1935); with clusters of one item it is McNemar's.
"""

import math

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from harness.core.errors import InvalidScores
from harness.stats.means import Estimate
from harness.stats.table import Array, differences

PRIOR_CORRELATION, PRIOR_FLIPS, DOF_PER_CLUSTER = 0.15, 4.0, 2 / 3
EXACT_FLIPS = 200_000  # sum of net gains above which the normal curve is exact enough (and memory is not free)
_ROUNDING = 1e-12


class Design(Struct, frozen=True):
    """`groups` clusters make n items worth n / `effect`; quantiles are t with `dof` degrees of freedom."""

    groups: int
    effect: float
    dof: float


INDEPENDENT = Design(0, 1.0, math.inf)


class Sums(Struct, frozen=True):
    """Sums that the design effect is made of, each a number or an array over many data sets on the same clusters."""

    residuals: Array
    clusters: Array
    clusters_fourth: Array


def design(values: ArrayLike, clusters: NDArray[np.int64] | None) -> Design:
    """What `values`, differences (n,) in [-1, 1] in clusters numbered from 0 (n,), are worth; None: independent.

    Raises InvalidScores for input no statistic can be computed from.
    """
    d = differences(values)
    if clusters is None:
        return INDEPENDENT
    if clusters.shape != d.shape:
        raise InvalidScores(f"clusters name the group of each of {d.size} items, but {clusters.size} were given")
    sizes = np.bincount(clusters).astype(np.float64)
    sizes, groups = sizes[sizes > 0], int((sizes > 0).sum())
    if groups == d.size:
        return INDEPENDENT
    if groups == 1:
        return Design(1, float(d.size), math.inf)
    residuals = d - d.mean()
    sums = np.bincount(clusters, residuals)
    found = Sums(*(np.asarray(one) for one in (residuals @ residuals, sums @ sums, (sums**4).sum())))
    effect, dof = effect_and_dof(found, sizes)
    return Design(groups, float(effect), float(dof))


def effect_and_dof(sums: Sums, sizes: Array) -> tuple[Array, Array]:
    """Design effect and degrees of freedom, for one data set or many on clusters of these sizes (G,), G at least 2."""
    groups, size = sizes.size, float((sizes**2).sum() / sizes.sum())
    between = groups / (groups - 1) * sums.clusters - sums.residuals
    counted = sums.residuals + PRIOR_FLIPS
    correlation = (between / (size - 1) + PRIOR_FLIPS * PRIOR_CORRELATION) / counted
    effect = np.clip(1 + (size - 1) * correlation, 1.0, sizes.sum())
    share = (1 - 1 / size) * sums.residuals / counted
    seen = np.maximum(sums.clusters**2 / np.maximum(sums.clusters_fourth, _ROUNDING), 1.0)
    dof = np.minimum(groups - 1, DOF_PER_CLUSTER * seen / np.maximum(share, 1e-6) ** 2)
    return np.asarray(effect), np.asarray(dof)


def widened(estimate: Estimate, found: Design, confidence: float) -> Estimate:
    """An estimate over independent items as one over clusters; unchanged for INDEPENDENT."""
    if found.effect == 1 and found.dof >= estimate.dof:
        return estimate
    from scipy.special import stdtrit

    stderr, dof = estimate.stderr * math.sqrt(found.effect), min(estimate.dof, found.dof)
    half = float(stdtrit(dof, (1 + confidence) / 2)) * stderr
    return Estimate(estimate.delta, stderr, estimate.delta - half, estimate.delta + half, dof, estimate.method)


def sign_flip(values: ArrayLike, clusters: NDArray[np.int64]) -> float:
    """Exact two-sided p-value of "the arms are exchangeable" from differences (n,) of -1, 0 or 1, signs by cluster."""
    nets = np.asarray(np.bincount(clusters, differences(values)), dtype=np.float64)
    if (nets != np.round(nets)).any():
        raise InvalidScores("the exact test by cluster needs scores of 0 or 1")
    return sign_flip_of(nets)


def sign_flip_of(nets: Array) -> float:
    """The same from each cluster's net gain (G,), whole numbers."""
    sizes, counts = np.unique(np.abs(nets[nets != 0]).astype(np.int64), return_counts=True)
    if not sizes.size:
        return 1.0
    reach, seen = int(sizes @ counts), abs(int(nets.sum()))
    if reach > EXACT_FLIPS:
        return math.erfc((seen - 1) / math.sqrt(2 * float(sizes**2 @ counts))) if seen else 1.0
    # Sums of signed sizes have the characteristic function prod cos(size t)^count, and live on -reach .. reach.
    angles = 2 * np.pi * np.arange(reach + 1) / (2 * reach + 1)
    spectrum = np.prod([np.cos(size * angles) ** count for size, count in zip(sizes, counts, strict=True)], axis=0)
    weights = np.fft.irfft(spectrum, 2 * reach + 1)
    tail = float(weights[seen : reach + 1].sum())
    return min(1.0, 2 * max(tail, math.ldexp(1.0, -int(counts.sum()))))
