"""Nights that never were: plans and records as `run matrix=nightly` stores them, with made-up numbers.

    python -m tools.simulated_nights DIR [NIGHTS]

Real types, written by harness.store.write, so that whatever reads results/ reads these. Readings are log-normal about
a level of their arm: a night moves all of them together, a round each by itself. Answers are those of a fixed skill by
item, of which a few per cent fall otherwise in every run. What is planted holds from its night on.
"""

import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs

from harness.core.cell import Cell, LoadWork, Prepared, QualityWork
from harness.core.config import Artifact, Load, Protocol
from harness.core.digest import short_id
from harness.core.plan import Pair, Plan
from harness.core.record import Completed, ItemResult, Machine, Outcome, Reading, Run, Source, Step
from harness.core.runtime import Detail, Facts
from harness.core.suite import Suite, Task
from harness.store import write
from harness.store.layout import Layout

PARAMETERS = 4_000_000_000
QUANTS = {"bf16": (16.0, 1.0, 0.0), "q8_0": (8.5, 1.7, 0.002), "q4_k_m": (4.8, 2.6, 0.012)}
"""Quantization -> bits per weight, speed and share of right answers lost, against the first one."""
FULL = next(iter(QUANTS))
TASKS = {"triage": 0.86, "extraction": 0.78, "arithmetic": 0.62}
"""Task -> score of full precision."""
BOXES = {"dgx_spark": 1.0, "rtx_4090": 3.4, "mac_studio": 2.2, "cpu": 0.12}
"""Box -> its speed."""
LOAD = Load("single", (1, 8), prompt_tokens=128, output_tokens=64, requests=20, warmup_requests=2)
STEPS = tuple(Step(concurrency=at, prompt_tokens=128, output_tokens=64) for at in LOAD.concurrency)


@dataclass(frozen=True)
class Planted:
    """From `night` (0 is the first) on: a reading is multiplied by `factor`, or of a task's right answers that share
    stays right. "decode" takes throughput and energy with it. Of every box, model or quantization where that is "".
    """

    night: int
    what: str
    factor: float
    hw: str = ""
    model: str = ""
    quant: str = ""

    def holds(self, night: int, what: str, cell: Cell) -> bool:
        """Whether it moves this reading or task of the cell in this night."""
        wanted = ((self.hw, cell.hw), (self.model, cell.model), (self.quant, cell.quant))
        return self.what == what and night >= self.night and all(one in ("", other) for one, other in wanted)


@dataclass(frozen=True)
class Nights:
    """What is made: every box measures every model each night, three quantizations in `rounds` rounds of `loads`.

    `quality` false: speed alone. `context` is an option of the engine, and part of every cell's name. `night_sd` and
    `round_sd` are shares of a reading; `redrawn` is the share of an item's answers that fall anew.
    """

    count: int
    boxes: tuple[str, ...] = ("dgx_spark",)
    models: tuple[str, ...] = ("qwen3",)
    planted: tuple[Planted, ...] = ()
    items: int = 200
    rounds: int = 3
    quality: bool = True
    context: int = 4096
    loads: tuple[str, ...] = ("single",)
    night_sd: float = 0.008
    round_sd: float = 0.006
    redrawn: float = 0.02
    first: datetime = datetime(2026, 9, 1, 2, tzinfo=UTC)
    seed: int = 1

    @property
    def suite(self) -> Suite:
        """Three tasks of `items` items."""
        tasks = tuple(Task(name, "classification", "acc", "choice", 0.25, items=self.items) for name in TASKS)
        return Suite("nightly", "made up", "CC0-1.0", tasks, digest=short_id(("made up", self.items)) * 4)

    def factor(self, night: int, what: str, cell: Cell) -> float:
        """The product of all that is planted there."""
        return math.prod(one.factor for one in self.planted if one.holds(night, what, cell))


def write_nights(layout: Layout, made: Nights, start: int = 0) -> list[str]:
    """Store the nights from `start` on, and return the ids of their plans in order, night by night.

    Equal arguments write equal numbers, whatever `start` is.
    """
    layout.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=layout.root, prefix=".made-") as scratch:
        return [
            _write(layout, made, night, _plan(made, night, box, model), Path(scratch))
            for night in range(start, made.count)
            for box in made.boxes
            for model in made.models
        ]


def _plan(made: Nights, night: int, box: str, model: str) -> Plan:
    tasks = tuple(TASKS)
    asked = QualityWork(made.suite.name, made.suite.digest, tasks, None, 1)
    quality = {quant: _cell(made, box, model, quant, asked) for quant in QUANTS if made.quality}
    speed = [
        {quant: _cell(made, box, model, quant, LoadWork(structs.replace(LOAD, key=load), 1, n)) for quant in QUANTS}
        for load in made.loads for n in range(made.rounds)
    ]
    pairs = [_pair("quality", cell, quality[FULL]) for quant, cell in quality.items() if quant != FULL]
    pairs += [_pair("speed", one[quant], one[FULL]) for one in speed for quant in QUANTS if quant != FULL]
    cells = (*quality.values(), *(cell for one in speed for cell in one.values()))
    night_name = f"{made.first + timedelta(days=night):%Y-%m-%d}"
    words = (f"hw={box}", f"model={model}", "matrix=nightly")
    return Plan(
        box, cells, tuple(pairs), (), made.suite, Protocol(), words, night=night_name
    )


def _cell(made: Nights, box: str, model: str, quant: str, work: QualityWork | LoadWork) -> Cell:
    artifact = Artifact("hub", f"made-up/{model}", f"{model}-{quant}.gguf", revision="0" * 40)
    engine = "llama_cpp", "runners.runtimes.llama_cpp"
    return Cell(box, model, quant, *engine, artifact, "", {"n_ctx": made.context}, work)


def _pair(kind: Literal["quality", "speed"], candidate: Cell, baseline: Cell) -> Pair:
    return Pair(kind, candidate.id, baseline.id, candidate.arm, baseline.arm)


def _write(layout: Layout, made: Nights, night: int, plan: Plan, scratch: Path) -> str:
    started = made.first + timedelta(days=night)
    write.plan(layout, plan, f"{started:%Y-%m-%dT%H:%M:%SZ}")
    for number, cell in enumerate(plan.cells):
        draw = random.Random(f"{made.seed} {night} {cell.id}")
        (scratch / "items.jsonl").unlink(missing_ok=True)
        readings: tuple[Reading, ...] = ()
        if isinstance(cell.work, QualityWork):
            lines = (msgspec.json.encode(one) + b"\n" for one in _answers(made, night, cell, draw))
            (scratch / "items.jsonl").write_bytes(b"".join(lines))
        else:
            readings = tuple(_readings(made, night, cell, draw))
        when = f"{started + timedelta(minutes=2 * number):%Y-%m-%dT%H:%M:%SZ}"
        run_id, source = f"{draw.getrandbits(32):08x}", Source("0", "", False)
        run = Run(run_id, plan.id, cell, _machine(cell.hw), (), source, when, 90.0, night=plan.night)
        write.attempt(layout, Completed(run, _weights(cell), Outcome(_facts(cell, night), readings)), scratch)
    return plan.id


def _answers(made: Nights, night: int, cell: Cell, draw: random.Random) -> Iterator[ItemResult]:
    """Whether an item is right hangs on numbers of its own, the same in all arms and nights but for what is redrawn."""
    for task, score in TASKS.items():
        kept = (1 - QUANTS[cell.quant][2]) * made.factor(night, task, cell)
        fixed = random.Random(f"{made.seed} {cell.model} {task}")
        for number in range(made.items):
            ease, strength = fixed.random(), fixed.random()
            if draw.random() < made.redrawn:
                ease = draw.random()
            right = ease < score and strength < kept
            yield ItemResult(task, f"{number:05d}", {"acc": float(right)}, f"{number:016x}", "", 120, 1, "stop", (1, 7))


def _readings(made: Nights, night: int, cell: Cell, draw: random.Random) -> Iterator[Reading]:
    bits, speed, _ = QUANTS[cell.quant]
    shared = random.Random(f"{made.seed} {night} {cell.hw} {cell.model} {cell.quant}").gauss(0, made.night_sd)

    def about(name: str, unit: str, better: Literal["higher", "lower"], level: float, step: Step) -> Reading:
        spread = math.exp((shared if better == "higher" else -shared) + draw.gauss(0, made.round_sd))
        return Reading(name, unit, better, (level * spread * made.factor(night, name, cell),), step=step)

    decode = 18.0 * BOXES[cell.hw] * speed * made.factor(night, "decode", cell)
    own = made.factor(night, "decode", cell)
    for step in STEPS:
        users = step.concurrency
        yield about("ttft", "s", "lower", 0.24 / BOXES[cell.hw] * users**0.8, step)
        yield about("decode", "tok/s", "higher", decode / own / (1 + 0.06 * (users - 1)), step)
        yield about("throughput", "tok/s", "higher", 0.93 * decode * users / (1 + 0.06 * (users - 1)), step)
        yield about("energy", "J/tok", "lower", 95 / decode / users**0.5, step)
    yield Reading("peak_memory", "B", "lower", (math.ceil(PARAMETERS * bits / 8 + 9e8),), step=Step())
    yield about("load_time", "s", "lower", 2.4 * bits / 16, Step())


def _machine(box: str) -> Machine:
    return Machine(f"made-up {box}", 8, 1 << 37, (), "Linux", "performance", (0.1, 0.1, 0.1), "3.11", "x", f"fp-{box}")


def _weights(cell: Cell) -> Prepared:
    size = int(PARAMETERS * QUANTS[cell.quant][0] / 8)
    return Prepared(cell.artifact.file, size, short_id(cell.artifact.file) * 5, "0" * 64, "as is")


def _facts(cell: Cell, night: int) -> Facts:
    """A new build of the engine every week."""
    size = int(PARAMETERS * QUANTS[cell.quant][0] / 8)
    details = (Detail("parameters", str(PARAMETERS)),)
    return Facts("llama.cpp", f"b{5000 + 40 * (night // 7)}", "made up", size, 4096.0, 4096, 151_936, details)


def main(words: Sequence[str]) -> int:
    """Write NIGHTS (30) of two boxes and two models into DIR; decode of one arm is 8 % slower from two thirds on."""
    folder, count = Path(words[0]), int(words[1]) if len(words) > 1 else 30
    slower = Planted(2 * count // 3, "decode", 0.92, hw="dgx_spark", model="qwen3", quant="q4_k_m")
    made = Nights(count, ("dgx_spark", "rtx_4090"), ("qwen3", "gemma3"), (slower,))
    plans = write_nights(Layout(folder), made)
    sys.stdout.write(json.dumps({"plans": len(plans), "slower_from": slower.night}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
