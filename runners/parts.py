"""Which of a task's items are asked at a look: the first of an order that hangs on suite and task alone.

Every arm draws the same order, and a later look asks all that an earlier one asked. Of a group (mmlu) each member is
cut by itself, so that every look is a stratified part of it.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.core.cell import QualityWork
from harness.core.digest import text_digest
from harness.core.look import Asked, items_at


class Parts:
    """The looks of a job, put on lm_eval's tasks; `asked` tells afterwards how many items that made."""

    def __init__(self, work: QualityWork, looks: tuple[int, ...]) -> None:
        self._digest = work.suite_digest
        self._looks = dict(zip(work.tasks, looks, strict=True)) if looks else {}
        self._counts: dict[str, dict[str, tuple[int, int]]] = {task: {} for task in self._looks}

    @property
    def asked(self) -> tuple[Asked, ...]:
        """How far each task went, in the work's order; empty where everything was asked at once."""
        found = ((task, look, self._counts[task].values()) for task, look in self._looks.items())
        return tuple(
            Asked(task, look, sum(items for items, _ in counts), sum(planned for _, planned in counts))
            for task, look, counts in found
        )

    def of(self, task: str, items: int) -> int:
        """How many of a task's items are asked."""
        return items_at(self._looks[task], items) if task in self._looks else items

    def cut(self, tasks: Mapping[str, Any]) -> None:
        """Let each of lm_eval's tasks, by name, ask and score only the items of its look.

        lm_eval's own `samples` numbers the documents anew and draws other examples for them; here every document gets
        the prompt and the number it has in a whole run.
        """
        for name, task in tasks.items():
            owners = [one for one in self._looks if name == one or name.startswith(f"{one}_")]
            if owners:
                self._cut(name, task, max(owners, key=len))

    def _cut(self, name: str, task: Any, owner: str) -> None:
        build, walk = task.build_all_requests, task.doc_iterator

        def build_part(**options: Any) -> None:
            build(**options)
            documents = sorted({request.doc_id for request in task.instances})
            chosen = self._first(documents, owner, name)
            task._instances = [request for request in task.instances if request.doc_id in chosen]
            task.doc_iterator = lambda **how: _among(chosen, walk, how)

        task.build_all_requests = build_part

    def _first(self, documents: list[int], owner: str, name: str) -> frozenset[int]:
        count = items_at(self._looks[owner], len(documents))
        self._counts[owner][name] = count, len(documents)
        order = random.Random(int(text_digest(f"{self._digest} {name}"), 16)).sample(documents, len(documents))
        return frozenset(order[:count])


def _among(
    chosen: frozenset[int], walk: Callable[..., Iterable[tuple[int, Any]]], how: dict[str, Any]
) -> Iterable[tuple[int, Any]]:
    return ((number, document) for number, document in walk(**how) if number in chosen)
