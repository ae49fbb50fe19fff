"""The steps of loads in words, and the rows of steps that differ in one thing only, along which curves are drawn."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import asdict

from harness.core.record import Step


class At(NamedTuple):
    """Where a reading was taken: under which load, at which of its steps; Step() is the whole cell."""

    load: str = ""
    step: Step = Step()

    @property
    def whole(self) -> bool:
        """Whether it belongs to a whole cell and no step of it."""
        return self.step == Step()

    @property
    def pressure(self) -> float:
        """How hard it drives: its rate, or its concurrency."""
        return self.step.rate or self.step.concurrency


def order(at: At) -> tuple[object, ...]:
    """Sorting key: by load, closed loops by concurrency, then open ones by rate; whole cells last."""
    one = at.step
    return (at.whole, at.load, one.rate, one.concurrency, one.depth, one.prompt_tokens, one.output_tokens)


def lightness(at: At) -> tuple[object, ...]:
    """Sorting key: what drives least first, whatever its load is called; of equals the first load, whole cells last."""
    one = at.step
    return (at.whole, one.rate, one.concurrency, one.depth, at.load, one.prompt_tokens, one.output_tokens)


def words(at: At, among: Iterable[At] = ()) -> str:
    """A step as a heading; its lengths, and the load's name, only where they differ `among` those shown beside it."""
    others = [one for one in among if one.load != at.load or not one.whole]
    said = [at.load] if len({one.load for one in others}) > 1 else []
    if at.whole:
        return ", ".join([*said, "whole run"])
    said.append(_drive(at.step))
    for name, word in (("prompt_tokens", "in"), ("output_tokens", "out")):
        values = {getattr(one.step, name) for one in others if not one.whole}
        said += [f"{getattr(at.step, name):,} {word}"] if len(values) > 1 else []
    return ", ".join([*said, *([f"depth {at.step.depth:,}"] if at.step.depth else [])])


def _drive(step: Step) -> str:
    if step.rate:
        return f"{step.rate:g} req/s"
    return f"{step.concurrency} concurrent" if step.concurrency > 1 else "single stream"


def rows(found: Iterable[At], along: tuple[str, ...], least: int) -> list[tuple[At, ...]]:
    """Groups of at least `least` steps that differ only in the fields `along`, each in order, the longest first.

    Loads are kept apart, and so are closed and open loops.
    """
    groups: dict[tuple[object, ...], list[At]] = {}
    for at in sorted(set(found), key=order):
        if not at.whole:
            same = tuple(value for name, value in asdict(at.step).items() if name not in along)
            groups.setdefault((at.load, at.step.rate > 0, *same), []).append(at)
    return sorted((tuple(one) for one in groups.values() if len(one) >= least), key=len, reverse=True)
