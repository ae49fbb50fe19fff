"""How far a child of a quality cell is: what it leaves for its parent about once a second, in SCRATCH/progress.json."""

from msgspec import Struct

FILE = "progress.json"


class TaskProgress(Struct, frozen=True, forbid_unknown_fields=True):
    """A task of the suite: `done` of `planned` items are answered (0 where nobody knows before lm-eval loads it).

    `scored` of them were scored in passing, and `score` is the sum of their primary metric. It is a hint: what is not
    scored in passing, or costs too much, is scored at the end like all others, and only that is kept.
    """

    task: str
    done: int = 0
    planned: int = 0
    scored: int = 0
    score: float = 0.0

    @property
    def mean(self) -> float | None:
        """The score so far, None where nothing was scored."""
        return self.score / self.scored if self.scored else None


class Progress(Struct, frozen=True, forbid_unknown_fields=True):
    """`task` was answered last; `resumed` of the items done came from an earlier attempt.

    Tokens are those of this process's own answers: read (prompts and scored texts, cached ones too) and written.
    """

    task: str
    tasks: tuple[TaskProgress, ...]
    resumed: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0

    @property
    def done(self) -> int:
        """Items answered, of all tasks."""
        return sum(one.done for one in self.tasks)

    @property
    def planned(self) -> int:
        """Items there are, as far as is known."""
        return sum(max(one.planned, one.done) for one in self.tasks)
