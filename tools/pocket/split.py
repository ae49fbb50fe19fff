"""Which side of the train/test fence a string stands on, and a seeded source of draws that respects it.

Everything that can leak (a name, a frame, a pair of operands) is hashed; one in eight is held out for the
test items and never drawn for training. The fence needs no list and no state: it holds by construction.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

ONSETS = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"]
VOWELS = ["a", "e", "i", "o", "u"]
CODAS = ["l", "n", "r", "s"]


def is_held_out(key: str) -> bool:
    """True for one key in eight, the same on every machine and in every run."""
    return hashlib.sha256(key.encode()).digest()[0] < 32


@dataclass(frozen=True)
class Draw:
    """A random source tied to one side of the fence: `held_out` words and frames only, or none of them."""

    rng: random.Random
    held_out: bool

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, evenly."""
        return options[int(self.rng.random() * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different members of `options`, in random order."""
        return self.rng.sample(list(options), count)

    def number(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return self.rng.randint(low, high)

    def weighted(self, shares: dict[int, float]) -> int:
        """A key of `shares`, drawn by its share."""
        return self.rng.choices(list(shares), weights=list(shares.values()))[0]

    def word(self) -> str:
        """An invented word of two or three syllables, from this side of the fence."""
        while True:
            size = 2 if self.rng.random() < 0.7 else 3
            word = "".join(self.pick(ONSETS) + self.pick(VOWELS) for _ in range(size))
            if self.rng.random() < 0.5:
                word += self.pick(CODAS)
            if is_held_out(word) == self.held_out:
                return word

    def words(self, count: int) -> list[str]:
        """`count` different invented words."""
        found: list[str] = []
        while len(found) < count:
            word = self.word()
            if word not in found:
                found.append(word)
        return found

    def names(self, count: int) -> list[str]:
        """`count` different invented words with a capital letter."""
        return [word.capitalize() for word in self.words(count)]

    def frame(self, kind: str, *sizes: int) -> tuple[int, ...]:
        """One index below each of `sizes`; the combination is from this side of the fence."""
        while True:
            choice = tuple(int(self.rng.random() * size) for size in sizes)
            if is_held_out(frame_id(kind, choice)) == self.held_out:
                return choice


def frame_id(kind: str, choice: Sequence[int]) -> str:
    """The name of a template: the kind and the parts it is put together from; the cluster of its items."""
    return f"{kind}:{'.'.join(str(part) for part in choice)}"
