"""A suite: frozen content (tasks and items) that every arm answers; its digest is part of every cell."""

from typing import Literal

from msgspec import Struct

Output = Literal["choice", "generate", "rolling"]


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """One lm-eval task as the suite uses it.

    `metric` is the primary metric, in [0, 1] unless `output` is "rolling"; `chance` the score of guessing.
    `items` is the number of items, None where it is known only after lm-eval has loaded the task.
    """

    task: str
    kind: str
    metric: str
    output: Output
    chance: float = 0.0
    num_fewshot: int | None = None
    higher_is_better: bool = True
    apply_chat_template: bool | None = None
    items: int | None = None


class Suite(Struct, frozen=True, forbid_unknown_fields=True):
    """`path` is the suite's YAML file ("" for a bare lm-eval task), `include` its folder of task YAMLs, absolute.

    `folders` are those of lm_eval's own tasks that it names; nothing else of lm_eval's 14,000 tasks is indexed. `limit`
    is how many items of each task are asked where the user sets no limit, None for all.
    """

    name: str
    description: str
    license: str
    tasks: tuple[Task, ...]
    path: str = ""
    include: str = ""
    folders: tuple[str, ...] = ()
    apply_chat_template: bool = False
    limit: int | None = None
    digest: str = ""
