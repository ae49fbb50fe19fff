"""Answer quality, item by item, by EleutherAI's lm-evaluation-harness: the only place that imports lm_eval.

lm_eval builds the prompts and scores the replies; `SessionLM` answers its requests from the journal or from the
runtime's session; `items` turns its samples into our records.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

import msgspec
import numpy as np
from lm_eval import utils as lm_eval_utils
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.defaults import DEFAULT_OTHER_SEED, DEFAULT_RANDOM_SEED
from lm_eval.evaluator import evaluate
from lm_eval.tasks import TaskManager

from harness.core.cell import QualityWork
from harness.core.digest import canonical, text_digest
from harness.core.errors import UserError
from harness.core.runtime import GenerateRequest, Generation, Sampling, Score, ScoreRequest, Session
from harness.core.suite import Suite, Task
from runners import items
from runners.journal import Journal
from runners.parts import Parts
from runners.progress import Reporter

R = TypeVar("R", Score, Generation)
_DEFAULT_MAX_TOKENS = 256  # lm_eval's own default where a task names none
# lm_eval compiles the same few Jinja templates anew for every document and field, a millisecond each.
lm_eval_utils.env.from_string = cache(lm_eval_utils.env.from_string)


class SessionLM(LM):  # type: ignore[misc]  # lm_eval is untyped
    """Our session seen as an lm_eval model. `replies` collects what was answered, by (task, document)."""

    def __init__(self, session: Session, journal: Journal, work: QualityWork, progress: Reporter) -> None:
        super().__init__()
        self._session, self._journal, self._work, self.progress = session, journal, work, progress
        self.replies: items.Replies = {}
        self.resumed = self.answered = self.sample = 0

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """(log-probability in nats, greedy) of each continuation."""
        asked = [ScoreRequest(*request.args) for request in requests]
        replies = self._answer(requests, Score, lambda some: self._session.score([asked[i] for i in some]))
        return [(reply.logprob, reply.is_greedy) for reply in replies]

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Log-probability in nats of each whole text."""
        texts = [request.args[0] for request in requests]
        replies = self._answer(requests, Score, lambda some: self._session.roll([texts[i] for i in some]))
        return [reply.logprob for reply in replies]

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """The reply to each prompt, without its stop string."""
        asked = [self._generate_request(r, k) for r, k in zip(requests, _keys(requests, self.sample), strict=True)]
        replies = self._answer(requests, Generation, lambda some: self._session.generate([asked[i] for i in some]))
        return [reply.text for reply in replies]

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The model's own template over the messages."""
        return self._session.render([(m["role"], m["content"]) for m in chat_history], add_generation_prompt)

    @property
    def tokenizer_name(self) -> str:
        """Names the chat template; lm_eval wants one."""
        return text_digest(self._session.template())

    def _generate_request(self, request: Instance, key: str) -> GenerateRequest:
        prompt, options = request.args
        if self._work.temperature is not None:
            options = {**options, "temperature": self._work.temperature, "do_sample": self._work.temperature > 0}
        stop = options.get("until") or ()
        sampled = options.get("do_sample", float(options.get("temperature", 0)) > 0)
        fields = {k: options[k] for k in ("temperature", "top_p", "top_k", "min_p") if k in options}
        # The seed hangs on the request alone, so a resumed or reordered run draws the same numbers.
        seed = int(text_digest(f"{self._work.seed} {key}")[:8], 16)
        return GenerateRequest(
            prompt=prompt,
            max_tokens=int(options.get("max_gen_toks", _DEFAULT_MAX_TOKENS)),
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            sampling=msgspec.convert(fields, Sampling, strict=False) if sampled else Sampling(),
            seed=seed,
        )

    def _answer(
        self, requests: list[Instance], kind: type[R], ask: Callable[[Sequence[int]], Iterator[tuple[int, R]]]
    ) -> list[R]:
        """Replies in request order: from the journal where it has them, else asked and journalled as they arrive."""
        keys = _keys(requests, self.sample)
        found: dict[int, R] = {}
        for index, key in enumerate(keys):
            if (reply := self._journal.get(key, kind)) is not None:
                found[index] = reply
        self.resumed += len(found)
        self.progress.ask()
        for index, reply in found.items():
            self.progress.saw(requests[index], reply, _answer(requests[index], reply), resumed=True)
        missing = [index for index in range(len(requests)) if index not in found]
        if self._work.order_seed:
            random.Random(self._work.order_seed).shuffle(missing)
        for place, reply in ask(missing) if missing else ():
            self._journal.put(keys[missing[place]], reply)
            found[missing[place]] = reply
            self.answered += 1
            request = requests[missing[place]]
            self.progress.saw(request, reply, _answer(request, reply))
        for index, request in enumerate(requests):
            self.replies.setdefault((request.task_name, request.doc_id), []).append((request.idx, found[index]))
        return [found[index] for index in range(len(requests))]


def _answer(request: Instance, reply: Score | Generation) -> object:
    """A reply as lm_eval takes it."""
    if isinstance(reply, Generation):
        return reply.text
    return reply.logprob if request.request_type == "loglikelihood_rolling" else (reply.logprob, reply.is_greedy)


def _keys(requests: list[Instance], sample: int) -> list[str]:
    """One name per request that no other request of the cell has; repeats of one instance are told apart by count."""
    again = f" sample {sample}" if sample else ""
    seen: dict[bytes, int] = {}
    keys = []
    for request in requests:
        name = canonical([request.request_type, request.task_name, request.doc_id, request.idx, list(request.args)])
        seen[name] = seen.get(name, 0) + 1
        keys.append(text_digest(f"{name.decode()} {seen[name]}{again}"))
    return keys


def measure(lm: SessionLM, suite: Suite, work: QualityWork, parts: Parts | None = None) -> Iterator[items.Answer]:
    """Run the work's tasks and yield every item's scores and texts; raises UserError for a task lm_eval does not know.

    `parts` cuts the tasks to the items of a look.
    """
    tasks = [task for task in suite.tasks if task.task in work.tasks]
    lm.progress.plan({task: _planned(task, work, parts) for task in tasks})
    if suite.include:
        # Data files are named relative to the task's YAML; the child may change its folder, the parent never does.
        os.chdir(suite.include)
    folders = [folder for folder in (suite.include, *suite.folders) if folder]
    manager = TaskManager(include_path=folders, include_defaults=False)
    for lm.sample in range(work.samples):
        # Choices and whole texts are scored, not drawn: one sample says it all.
        drawn = [task for task in tasks if not lm.sample or task.output == "generate"]
        for setup, group in groupby(drawn, key=lambda task: _setup(suite, task)):
            lm.replies.clear()
            loaded = _loaded(manager, [task.task for task in group], setup[1])
            if parts is not None:
                parts.cut(loaded["tasks"])
            lm.progress.load(loaded["tasks"])
            results = _evaluate(lm, loaded, work, setup[0])
            for task, samples in results["samples"].items():  # of a group (mmlu): its member tasks
                yield from items.results(task, samples, lm.replies, lm.sample)


def _planned(task: Task, work: QualityWork, parts: Parts | None) -> int:
    """Items to be answered, as far as the suite knows; lm_eval's own tasks are counted when they are loaded."""
    items = min(task.items or 0, work.limit or task.items or 0)
    return (parts.of(task.task, items) if parts else items) * (work.samples if task.output == "generate" else 1)


def _setup(suite: Suite, task: Task) -> tuple[bool, int | None]:
    templated = suite.apply_chat_template if task.apply_chat_template is None else task.apply_chat_template
    return templated and task.output != "rolling", task.num_fewshot


def _evaluate(lm: SessionLM, loaded: dict[str, Any], work: QualityWork, templated: bool) -> dict[str, Any]:
    """What simple_evaluate does, without its import of torch and its inspection of the machine (4 s a child)."""
    random.seed(DEFAULT_RANDOM_SEED)
    np.random.seed(DEFAULT_OTHER_SEED)
    found: dict[str, Any] = evaluate(
        lm=lm, task_dict=loaded, limit=work.limit, apply_chat_template=templated, bootstrap_iters=0, log_samples=True
    )
    return found


def _loaded(manager: TaskManager, names: list[str], shots: int | None) -> dict[str, Any]:
    """lm_eval's tasks and groups of these names, the tasks with `shots` examples each (None: as many as they say)."""
    try:
        loaded: dict[str, Any] = manager.load(names)
    except FileNotFoundError as error:
        what = f"data of {', '.join(names)} is missing: {error}"
        raise UserError(what, "check data_files in the task's YAML") from error
    for task in loaded["tasks"].values():
        if task.get_config("num_fewshot") != 0 and shots is not None:
            task.set_config(key="num_fewshot", value=shots)
        elif task.get_config("num_fewshot") is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=DEFAULT_OTHER_SEED)
    return loaded
