"""How far a quality cell is, for its parent to show: a small file written anew at most once a second.

Items are also scored in passing, with lm_eval's own filters and metric of the task, so that a bad run shows while it
can still be stopped. This changes nothing: scoring works on copies, the random state is put back, and what is recorded
is scored at the end, all at once. It may take `SCORING_SECONDS` of each second; a task whose single item takes longer
than `DEAREST_SECONDS`, or that cannot be scored item by item, is left to the end.
"""

import copy
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harness.core.progress import Progress, TaskProgress
from harness.core.runtime import Generation, Score
from harness.core.suite import Task

SCORING_SECONDS, DEAREST_SECONDS = 0.01, 0.05
_PERIOD_SECONDS = 1.0
_QUEUE = 1_000  # of more unscored items the oldest are let go: the hint is then that of the others
_NOT_BY_ITEM = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Key = tuple[str, int]


class Reporter:
    """Counts items by task; told of every answer. `path` holds a harness.core.progress.Progress as JSON."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._suite: dict[str, Task] = {}
        self._standing: dict[str, TaskProgress] = {}
        self._tasks: Mapping[str, Any] = {}
        self._missing: dict[Key, int] = {}
        self._got: dict[Key, list[tuple[Any, Any]]] = {}
        self._unscored: deque[Key] = deque()
        self._too_dear: set[str] = set()
        self._last, self._resumed, self._tokens = "", 0, [0, 0]
        self._written_at = self._clock()

    def plan(self, items: Mapping[Task, int]) -> None:
        """The tasks to come, and how many items each has as far as is known."""
        self._suite = {task.task: task for task in items}
        self._standing = {task.task: TaskProgress(task.task, planned=count) for task, count in items.items()}

    def load(self, tasks: Mapping[str, Any]) -> None:
        """lm_eval's tasks by name, before they build their requests: they are asked next, and a sample of each item."""
        self._tasks = tasks
        self._missing, self._got = {}, {}
        self._unscored.clear()

    def ask(self) -> None:
        """Requests are built: now it is known how many items there are."""
        if self._missing or self._got:
            return
        found: dict[str, int] = {}
        for name, task in self._tasks.items():
            for instance in task.instances:
                key = name, instance.doc_id
                found[self._owner(name)] = found.get(self._owner(name), 0) + (key not in self._missing)
                self._missing[key] = self._missing.get(key, 0) + (instance.repeats or 1)
        for owner, count in found.items():
            before = self._standing.get(owner, TaskProgress(owner))
            known = max(before.planned, before.done + count)
            self._standing[owner] = msgspec.structs.replace(before, planned=known)

    def saw(self, request: Any, reply: Score | Generation, answer: object, resumed: bool = False) -> None:
        """A reply to one of lm_eval's requests, and what lm_eval is given for it; `resumed`: by an earlier attempt."""
        key = request.task_name, request.doc_id
        self._got.setdefault(key, []).append((request, answer))
        self._last = self._owner(request.task_name)
        if not resumed:
            written = isinstance(reply, Generation)
            read = reply.prompt_tokens if isinstance(reply, Generation) else reply.context_tokens + reply.tokens
            self._tokens[0] += read
            self._tokens[1] += reply.tokens if written else 0
        self._missing[key] = self._missing.get(key, 1) - 1
        if self._missing[key] == 0:
            self._complete(key, resumed)
        if self._clock() - self._written_at > _PERIOD_SECONDS:
            self._write()

    def _complete(self, key: Key, resumed: bool) -> None:
        before = self._standing.get(self._last, TaskProgress(self._last))
        self._standing[self._last] = msgspec.structs.replace(before, done=before.done + 1)
        self._resumed += resumed
        if key[0] in self._too_dear or self._last not in self._suite:
            del self._got[key]
            return
        self._unscored.append(key)
        if len(self._unscored) > _QUEUE:
            del self._got[self._unscored.popleft()]

    def _write(self) -> None:
        self._score_some()
        shown = Progress(self._last, tuple(self._standing.values()), self._resumed, *self._tokens)
        self._path.write_bytes(msgspec.json.encode(shown))
        self._written_at = self._clock()

    def _score_some(self) -> None:
        """As many items as fit the time for it, newest first: those of the task that runs."""
        states = random.getstate(), np.random.get_state()
        begun = self._clock()
        while self._unscored and self._clock() - begun < SCORING_SECONDS:
            started, key = self._clock(), self._unscored.pop()
            owner, pairs = self._owner(key[0]), self._got.pop(key)
            if key[0] in self._too_dear:
                continue
            value = scored(self._tasks[key[0]], pairs, self._suite[owner].metric)
            if value is None or self._clock() - started > DEAREST_SECONDS:
                self._too_dear.add(key[0])
            if value is not None:
                old = self._standing[owner]
                now = msgspec.structs.replace(old, scored=old.scored + 1, score=old.score + value)
                self._standing[owner] = now
        random.setstate(states[0])
        np.random.set_state(states[1])

    def _owner(self, name: str) -> str:
        """The suite's task a name belongs to: "mmlu" of "mmlu_anatomy"."""
        if name in self._standing:
            return name
        return max((one for one in self._standing if name.startswith(f"{one}_")), key=len, default=name)


def scored(task: Any, pairs: Sequence[tuple[Any, Any]], metric: str) -> float | None:
    """An item's value of a metric, from lm_eval's (request, answer) pairs; None where it has none of its own."""
    name, _, wanted = metric.partition(",")
    answers: dict[int, list[Any]] = {}
    requests: dict[int, Any] = {}
    for request, answer in pairs:
        answers.setdefault(request.idx, []).append(answer)
        requests.setdefault(request.idx, request)
    copies = []
    for number in sorted(requests):
        one = copy.copy(requests[number])
        one.resps, one.filtered_resps = answers[number], {}
        copies.append(one)
    try:
        for ensemble in task._filters:
            ensemble.apply(copies)
        chosen = wanted or next(iter(copies[0].filtered_resps))
        found = task.process_results(copy.deepcopy(copies[0].doc), [one.filtered_resps[chosen] for one in copies])
        return float(found[name])
    except _NOT_BY_ITEM:
        return None
