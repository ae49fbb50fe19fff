"""One training sample or test item: a user message, the right answer, and what it was made from."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """What a generator returns; `template` is the cluster of items that share a wording."""

    task: str
    level: int
    template: str
    prompt: str
    answer: str
    choices: tuple[str, ...] = ()
    held: tuple[str, ...] = field(default=())  # the entities or operands that must never cross the fence
