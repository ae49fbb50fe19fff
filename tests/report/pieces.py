"""Cells and comparisons of the example; the counts are invented, the intervals Wald's, which is enough to draw."""

import math
from dataclasses import dataclass

from harness.core.cell import Cell, LoadWork, QualityWork
from harness.core.config import Artifact, Load
from harness.core.verdict import (
    Comparison,
    MarginVerdict,
    Scored,
    Verdict,
)

MIB = 1 << 20
ITEMS = 1000
MARGIN = 0.02
SHOWN = (0.005, 0.01, 0.02, 0.03)
TASKS = {"classify": 0.871, "extract": 0.824, "passage_qa": 0.763, "code": 0.902, "arithmetic": 0.649}
LOAD = Load("closed", (1, 8), 128, 64, 32, 4)
SCALES = {"ttft": (0.0214, "s"), "tpot": (0.00142, "s"), "decode": (704.0, "tok/s"), "prefill": (5981.0, "tok/s")}


@dataclass(frozen=True)
class Quant:
    """An invented quantization: size, speed against f16, and (lost, gained) per task."""

    key: str
    size: float
    speed: float
    flips: tuple[tuple[int, int], ...]


QUANTS = (
    Quant("f16", 7.21, 1.0, ((0, 0),) * 5),
    Quant("q8_0", 3.92, 1.22, ((2, 2), (3, 1), (1, 2), (0, 0), (2, 3))),
    Quant("q6_k", 3.10, 1.29, ((4, 3), (3, 4), (5, 5), (1, 1), (6, 4))),
    Quant("q5_k_m", 2.74, 1.31, ((8, 6), (10, 5), (9, 9), (2, 4), (13, 9))),
    Quant("q4_k_m", 2.41, 1.38, ((14, 8), (19, 6), (22, 17), (4, 21), (31, 15))),
    Quant("q4_0", 2.19, 1.41, ((21, 12), (44, 11), (38, 20), (9, 6), (58, 19))),
    Quant("q3_k_m", 1.98, 1.36, ((39, 17), (88, 14), (71, 28), (22, 9), (127, 24))),
    Quant("q2_k", 1.66, 1.33, ((116, 24), (302, 9), (188, 41), (97, 12), (331, 19))),
)


def arm(quant: str, model: str = "pocket") -> str:
    """The arm's name as `Cell.arm` builds it."""
    return f"{model} {quant} llama_cpp"


def cell(quant: str, model: str = "pocket", replicate: int = 0, round_: int | None = None) -> Cell:
    """A quality cell, or a load cell where a round is given."""
    tasks = (*TASKS, "perplexity")
    quality = QualityWork("pocket", "5d1c0ffee5d1", tasks, None, 7, order_seed=replicate)
    return Cell(
        hw="cpu",
        model=model,
        quant=quant,
        runtime="llama_cpp",
        module="runners.runtimes.llama_cpp",
        artifact=Artifact("path", "/home/someone/models/pocket-f16.gguf", sha256="ab" * 32),
        scheme="" if quant == "f16" else quant.upper(),
        options={"n_batch": 512, "flash_attention": False},
        work=quality if round_ is None else LoadWork(LOAD, 7, round_),
        replicate=replicate,
        variation="batch size and request order" if replicate else "",
    )


def scored(score: float, items: int = ITEMS) -> Scored:
    """A share with its Wald interval."""
    half = 1.96 * math.sqrt(score * (1 - score) / items)
    return Scored(score, max(0.0, score - half), min(1.0, score + half))


def tail(z: float) -> float:
    """P(Z > z)."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def comparison(quant: str, task: str, lost: int, gained: int, model: str = "pocket", aa: bool = False) -> Comparison:
    """One comparison with verdicts at every margin; `aa` makes it one of the baseline with itself."""
    delta = (gained - lost) / ITEMS
    stderr = math.sqrt(max(lost + gained - (gained - lost) ** 2 / ITEMS, 1)) / ITEMS
    pvalue = min(1.0, 2 * tail(abs(delta) / stderr))
    shown = tuple(MarginVerdict(m, judged(delta, stderr, m), tail((m - abs(delta)) / stderr)) for m in SHOWN)
    verdict = judged(delta, stderr, MARGIN)
    real = delta + 1.96 * stderr < 0
    note = (
        {Verdict.EQUIVALENT: "small real loss", Verdict.DEGRADED: "beyond the margin"}.get(verdict, "") if real else ""
    )
    base = TASKS[task]
    return Comparison(
        kind="aa" if aa else "quality",
        task=task,
        task_kind="choice",
        metric="acc",
        baseline_arm=arm("f16", model),
        candidate_arm=arm(quant, model),
        baseline_cell=cell("f16", model).id,
        candidate_cell=cell(quant, model, replicate=int(aa)).id,
        n_items=ITEMS,
        baseline=scored(base),
        candidate=scored(base + delta),
        delta=delta,
        stderr=stderr,
        low=delta - 1.96 * stderr,
        high=delta + 1.96 * stderr,
        low90=delta - 1.645 * stderr,
        high90=delta + 1.645 * stderr,
        lost=lost,
        gained=gained,
        flip_rate=(lost + gained) / ITEMS,
        method="Tango",
        pvalue=pvalue,
        pvalue_holm=min(1.0, 35 * pvalue),
        margin=MARGIN,
        verdict=verdict,
        margins=shown,
        items_needed=int(8.56 * (lost + gained) / ITEMS / MARGIN**2) if verdict is Verdict.INCONCLUSIVE else None,
        smallest_margin=0.012,
        note=note,
    )


def judged(delta: float, stderr: float, margin: float) -> Verdict:
    """The verdict rules of the method section, on Wald intervals."""
    if abs(delta) + 1.645 * stderr < margin:
        return Verdict.EQUIVALENT
    if delta + 3 * stderr < 0:
        return Verdict.DEGRADED
    return Verdict.IMPROVED if delta - 3 * stderr > 0 else Verdict.INCONCLUSIVE
