"""Results on disk as a run leaves them, with prompts, targets and replies made up by a test, and their report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from harness.core.digest import storable, text_digest
from harness.core.record import ItemResult, ItemText
from harness.core.suite import Task
from harness.store import write
from harness.store.layout import Layout
from harness.verbs import Arguments, publish, report
from tests.browser.hostile import names, replies
from tests.compare.arms import Arms, answers, flipped, measured, suite
from tools.simulated_nights import Nights, Planted, write_nights

SEED = 7
QUANTS = {"q4_k_m": (0.05, 0.10), "q2_k": (1.0, 1.0)}
"""Shares of right answers lost and of wrong ones gained; of the second, every item is one of those that changed."""
WORDS = "the pump of line seven stopped at noon because its seal was worn and nobody had written down when"


@dataclass(frozen=True)
class Said:
    """One item: what was asked, what would be right, and for each arm its reply and score."""

    task: str
    item_id: str
    prompt: str
    target: str
    replies: dict[str, tuple[str, float]]


def many(folder: Path, items: int = 50_000, tasks: int = 5) -> Path:
    """The report over so many items in so many tasks, answered by f16 and two quantizations."""
    return published(folder, lambda: _ordinary(items // tasks, tasks), tuple(QUANTS))


def some(folder: Path) -> Path:
    """The same over as many as make a list that scrolls."""
    return many(folder, items=2_000)


def hostile_replies(folder: Path) -> Path:
    """The report over a thousand items whose prompts, targets, replies and names are the hostile corpus; all flip."""
    return published(folder, _hostile, ("q4_k_m",))


def published(folder: Path, said: Callable[[], Iterator[Said]], quants: Sequence[str]) -> Path:
    """Store the items of f16 and `quants`, and report them as a user does; the report's folder."""
    counts: dict[str, int] = {}
    for one in said():
        counts[one.task] = counts.get(one.task, 0) + 1
    tasks = [Task(task, "extraction", "exact_match", "generate", items=count) for task, count in counts.items()]
    plan = Arms(suite(*tasks), tuple(quants), replicate=False).plan
    layout = Layout(folder / "results")
    write.plan(layout, plan, "2025-01-01T00:00:00Z")
    scratches = {cell.quant: layout.scratch / cell.id for cell in plan.cells}
    _write(scratches, said())
    for cell in plan.cells:
        write.attempt(layout, measured(cell).record, scratches[cell.quant])
    report.main(Arguments((f"results={layout.root}", f"reports={folder / 'reports'}")))
    return next((folder / "reports").iterdir())


def _write(scratches: dict[str, Path], said: Iterator[Said]) -> None:
    with ExitStack() as stack:
        files = {}
        for quant, scratch in scratches.items():
            scratch.mkdir(parents=True)
            files[quant] = [
                stack.enter_context((scratch / f"{name}.jsonl").open("wb")) for name in ("items", "texts")
            ]
        for one in said:
            for quant, (items, texts) in files.items():
                reply, score = one.replies[quant]
                items.write(msgspec.json.encode(_result(one, reply, score)) + b"\n")
                texts.write(msgspec.json.encode(_text(one, reply)) + b"\n")


def _result(one: Said, reply: str, score: float) -> ItemResult:
    digests = text_digest(one.prompt), text_digest(reply)
    return ItemResult(storable(one.task), storable(one.item_id), {"exact_match": score}, *digests, 9, 9, "stop", (1, 2))


def _text(one: Said, reply: str) -> ItemText:
    task, item_id, prompt, target, said = map(storable, (one.task, one.item_id, one.prompt, one.target, reply))
    return ItemText(task, item_id, prompt, target, said)


def _ordinary(items: int, tasks: int) -> Iterator[Said]:
    rng = np.random.default_rng(SEED)
    for task in range(tasks):
        before = answers(rng, items)
        scores = {"f16": before} | {quant: flipped(rng, before, *shares) for quant, shares in QUANTS.items()}
        words = rng.choice(WORDS.split(), size=(items, 60))
        for at in range(items):
            prompt, target = " ".join(words[at, :50]), " ".join(words[at, 50:])
            wrong = " ".join(words[at, 40:])
            replies_ = {quant: (target if found[at] else wrong, float(found[at])) for quant, found in scores.items()}
            yield Said(f"task_{task}", f"item-{at:05d}", f"Complete: {prompt}", target, replies_)


def _hostile() -> Iterator[Said]:
    found = replies()
    for at, text in enumerate(found):
        other = found[at - 1]
        right = float(at % 2)
        task = "gsm8k" if at % 3 else "<img src=x onerror=window.__pwned=1>"
        name = f"{at} {text[:60]}"
        yield Said(task, name, text, other[:2000], {"f16": (other, right), "q4_k_m": (text, 1 - right)})


def site(folder: Path) -> Path:
    """A published site of eight nights on two boxes, of which the last three were slower."""
    slower = Planted(5, "decode", 0.9, hw="dgx_spark")
    return _site(folder, Nights(8, ("dgx_spark", "cpu"), planted=(slower,)))


def hostile_site(folder: Path) -> Path:
    """A published site of models whose names want out."""
    models = tuple(storable(name) for name in names()[::2])
    return _site(folder, Nights(2, ("cpu",), models, items=40, rounds=2))


def _site(folder: Path, nights: Nights) -> Path:
    write_nights(Layout(folder / "results"), nights)
    words = (f"results={folder / 'results'}", f"reports={folder / 'reports'}")
    publish.main(Arguments(words, flags={"to": str(folder / "site")}))
    return folder / "site"
