"""The noise floor of a box, learned night by night, and a night held against it.

A series is the logarithm of one figure over nights. It falls into eras: within one nothing is known to have changed, at
the start of one (another engine, another driver, an accepted change) the level may. The floor is the standard deviation
about the eras' means, pooled over them; eras that end keep their share of it. An era's level is the mean of its first
nights only (at most `LEVEL_NIGHTS`), so that a creep over weeks is seen in full and never becomes its own reference.

A night teaches where it lies within the floor's own prediction limits. One that lies outside is kept aside: if the next
night is back inside, it was noise and teaches with the limit it passed; if not, it was a change, and a change must not
widen the floor that shows it. Until `LEAST_DOF` degrees of freedom are known every night teaches.

A new night of n earlier ones is predicted with the t distribution, standard error s sqrt(1 + 1/m) about a level of m
nights (Hahn and Meeker 1991, section 4.2). What holds of this under heavy tails, nights that hang together and eras is
shown by benchmarks/gate.py, which runs these functions.

Arrays (...) hold as many series as one likes, each by itself; NaN is a night without a usable figure.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.table import Array

LEAST_DOF, LEVEL_NIGHTS = 7, 8
OUTSIDE, RESOLUTION = 0.002, 1e-3
"""Two-sided probability beyond which a night counts as outside, when the floor learns; the least spread (a share) that
is believed of any figure, of those too that came out the same every night."""


@dataclass(frozen=True, eq=False)
class Floor:
    """What the nights so far taught; arrays (...) of one shape.

    `nights` and `mean` are those of this era, `squares` and `dof` those of all; `level` is the mean of the era's first
    `level_nights`. `aside` is how far a night that has not come back yet counts (0: none; infinite: a change).
    """

    nights: Array
    mean: Array
    squares: Array
    dof: Array
    level: Array
    level_nights: Array
    aside: Array

    @property
    def spread(self) -> Array:
        """Standard deviation of a night's logarithm, no less than RESOLUTION; NaN where nothing is known of it."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.maximum(np.sqrt(self.squares / self.dof), RESOLUTION)

    @property
    def learned(self) -> Array:
        """Whether enough nights stand behind `spread`."""
        return np.asarray(self.dof >= LEAST_DOF)


@dataclass(frozen=True, eq=False)
class Shift:
    """How far a night lies from a level (a difference of logarithms), its standard error, and t degrees of freedom."""

    deviation: Array
    stderr: Array
    dof: Array

    def above(self) -> Array:
        """One-sided p-value against "not above the level"."""
        from scipy.special import stdtr

        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(stdtr(self.dof, -self.deviation / self.stderr))

    def half(self, confidence: float) -> Array:
        """Half the two-sided interval."""
        from scipy.special import stdtrit

        return np.asarray(stdtrit(self.dof, (1 + confidence) / 2) * self.stderr)


def nothing(shape: tuple[int, ...] = ()) -> Floor:
    """Before the first night."""
    return Floor(*(np.zeros(shape) for _ in range(7)))


def new_era(floor: Floor) -> Floor:
    """The level may have changed; the floor stays."""
    zero = np.zeros_like(floor.nights)
    return replace(floor, nights=zero, mean=zero, level=zero, level_nights=zero, aside=zero)


def learn(floor: Floor, night: ArrayLike) -> Floor:
    """With one more night of this era."""
    value = np.asarray(night, dtype=np.float64)
    known, limit = np.isfinite(value), _limit(floor)
    gap = np.where(known, value - floor.level, 0.0)
    inside = known & ((floor.nights == 0) | (floor.dof < LEAST_DOF) | (np.abs(gap) <= limit))
    outside = known & ~inside
    back = inside & (floor.aside > 0) & np.isfinite(floor.aside)
    nights = floor.nights + inside
    step = np.where(inside, value - floor.mean, 0.0)
    mean = floor.mean + step / np.maximum(nights, 1)
    taught = np.where(inside, step * (value - mean), 0.0) + np.where(back, floor.aside**2, 0.0)
    forms = inside & (floor.level_nights < LEVEL_NIGHTS)
    level_nights = floor.level_nights + forms
    return Floor(
        nights=nights,
        mean=mean,
        squares=floor.squares + taught,
        dof=floor.dof + (inside & (nights > 1)) + back,
        level=floor.level + np.where(forms, gap, 0.0) / np.maximum(level_nights, 1),
        level_nights=level_nights,
        aside=np.where(inside, 0.0, np.where(outside, np.where(floor.aside > 0, np.inf, limit), floor.aside)),
    )


def _limit(floor: Floor) -> Array:
    """How far from its level a night of this era may lie and still teach."""
    from scipy.special import stdtrit

    of_new = np.sqrt(1 + 1 / np.maximum(floor.level_nights, 1))
    return np.asarray(stdtrit(np.maximum(floor.dof, 1), 1 - OUTSIDE / 2) * np.nan_to_num(floor.spread) * of_new)


def shift(
    floor: Floor, tonight: ArrayLike, level: ArrayLike, level_nights: ArrayLike, within: ArrayLike = 0.0
) -> Shift:
    """A night against a level of `level_nights` nights.

    `within` is the standard error that the night's own rounds show; where it is the larger one it stands for the floor
    in the night's part: a night may be worse measured than those before it. NaN where the floor knows nothing.
    """
    spread, nights = floor.spread, np.maximum(np.asarray(level_nights, dtype=np.float64), 1)
    own = np.fmax(spread, np.nan_to_num(np.asarray(within, dtype=np.float64)))
    stderr = np.sqrt(own**2 + spread**2 / nights)
    return Shift(np.asarray(tonight) - np.asarray(level), np.asarray(stderr), floor.dof)
