"""A realistic Analysis made of real records: one baseline, seven quantizations, five scored tasks and perplexity.

The counts are invented but belong together; intervals are Wald's, which is enough to draw. Every verdict occurs, one
task is broken for one arm, one carries no information, one cell failed and one combination was left out.
"""

import math

from msgspec.structs import replace

from harness.core.cell import Cell, Prepared
from harness.core.config import Protocol
from harness.core.digest import text_digest
from harness.core.plan import Pair, Plan, Skip
from harness.core.record import Completed, Failed, Machine, Outcome, Run, RunRecord, Skipped, Source
from harness.core.runtime import Detail, Facts
from harness.core.suite import Suite, Task
from harness.core.verdict import (
    Analysis,
    Arm,
    Claim,
    Comparison,
    Diagnostic,
    Input,
    MarginVerdict,
    Scored,
    SpeedComparison,
    Verdict,
)
from tests.report.pieces import (
    ITEMS,
    LOAD,
    MIB,
    QUANTS,
    SCALES,
    SHOWN,
    TASKS,
    Quant,
    arm,
    cell,
    comparison,
    scored,
)


def records(model: str = "pocket") -> tuple[RunRecord, ...]:
    """Completed quality and load cells, one failed and one skipped."""
    done: list[RunRecord] = [completed(quant, cell(quant.key, model)) for quant in QUANTS]
    done.append(completed(QUANTS[0], cell("f16", model, replicate=1)))
    done += [completed(quant, cell(quant.key, model, round_=round_)) for quant in QUANTS for round_ in range(3)]
    done.append(
        Failed(run(cell("iq2_xs", model)), "memory", "killed at 2.0 GiB of memory", -9, "last words\n/srv/secret")
    )
    done.append(Skipped(run(cell("tq2_0", model)), "no kernel for this type"))
    return tuple(done)


def run(one: Cell) -> Run:
    """What every record of the example has in common."""
    machine = Machine(
        cpu="AMD EPYC 9B14",
        cores=2,
        memory_bytes=8 << 30,
        gpus=(),
        system="Debian GNU/Linux 12, Linux 6.1.0",
        governor="performance",
        load_average=(0.31, 0.42, 0.40),
        python="3.11.2",
        hostname_digest="0123456789abcdef",
        fingerprint="9f86d081884c7d65",
    )
    return Run(
        run_id="0badcafe",
        plan_id="feedfacebeef",
        cell=one,
        machine=machine,
        packages=(Detail("llama-cpp-python", "0.3.36"), Detail("lm-eval", "0.4.13")),
        source=Source("0.1.0", "1f0c3a5be7d90a6b5c4d3e2f1a0b9c8d7e6f5a4b", True),
        started="2026-11-22T09:00:00Z",
        seconds=12.5,
    )


def completed(quant: Quant, one: Cell) -> Completed:
    """A measured cell without readings: what they say is in the comparisons."""
    facts = Facts(
        engine="llama.cpp",
        version="0.3.36",
        device="CPU",
        weights_bytes=int(quant.size * MIB),
        kv_bytes_per_token=2048.0,
        context=1024,
        vocabulary=2048,
        details=(Detail("system info", "AVX512 = 1 | OPENMP = 1"), Detail("type_k", "f32")),
    )
    how = "as is" if quant.key == "f16" else "quantized"
    prepared = Prepared(
        f"/home/someone/.cache/{quant.key}.gguf",
        int(quant.size * MIB),
        digest(quant.key),
        digest("f16"),
        how,  # type: ignore[arg-type]
    )
    return Completed(run(one), prepared, Outcome(facts, ()))


def digest(text: str) -> str:
    """64 hex digits that belong to a text."""
    return text_digest(text) * 4


def comparisons(model: str = "pocket") -> tuple[Comparison, ...]:
    """35 quality comparisons (one broken, one without information) and 5 of the baseline with itself."""
    found = [
        comparison(quant.key, task, lost, gained, model)
        for quant in QUANTS[1:]
        for task, (lost, gained) in zip(TASKS, quant.flips, strict=True)
    ]
    broken = "prompt hashes differ in 12 of 1,000 items"
    nan = math.nan
    found[22] = replace(
        found[22],
        **dict.fromkeys(
            ("delta", "stderr", "low", "high", "low90", "high90", "flip_rate", "pvalue", "pvalue_holm"), nan
        ),
        **dict.fromkeys(("baseline", "candidate"), Scored(nan, nan, nan)),
        n_items=0,
        lost=None,
        gained=None,
        method="none",
        verdict=Verdict.BROKEN,
        margins=tuple(MarginVerdict(share, Verdict.BROKEN, nan) for share in SHOWN),
        note=broken,
    )
    found[29] = replace(found[29], note="no information: baseline at chance", verdict=Verdict.INCONCLUSIVE)
    found[26] = replace(found[26], second_opinion="Newcombe: inconclusive", cap_hits=(0.004, 0.031))
    return (*found, *(comparison("f16", task, 1, index % 2, model, aa=True) for index, task in enumerate(TASKS)))


def speed(model: str = "pocket") -> tuple[SpeedComparison, ...]:
    """Latency and speed at concurrency 1 and 8, peak memory and load time; one reading could not be taken."""
    found = []
    for index, quant in enumerate(QUANTS[1:]):
        for concurrency in LOAD.concurrency:
            for name, (value, unit) in SCALES.items():
                gain = quant.speed if name in ("decode", "prefill") else 1 / quant.speed
                base = (
                    value * (1 if unit == "tok/s" else concurrency**0.5) / (concurrency**0.4 if unit == "tok/s" else 1)
                )
                found.append(reading(name, unit, concurrency, quant.key, base, gain * (1 + 0.01 * (index % 3)), model))
        found.append(reading("peak_memory", "B", 0, quant.key, 61.0 * MIB, (54 + quant.size) / 61, model))
        found.append(reading("load_time", "s", 0, quant.key, 0.131, 0.9, model))
    missing = SpeedComparison(
        "energy", "J/tok", "lower", 0, arm("f16", model), arm("q8_0", model), 0, None, None, None, "no sensor"
    )
    return (*found, missing)


def reading(name: str, unit: str, at: int, quant: str, base: float, gain: float, model: str) -> SpeedComparison:
    """A reading of 3 rounds with 3 % of spread."""
    better = "higher" if unit == "tok/s" else "lower"
    own, ratio = base * gain, gain
    return SpeedComparison(
        name=name,
        unit=unit,
        better=better,  # type: ignore[arg-type]
        concurrency=at,
        baseline_arm=arm("f16", model),
        candidate_arm=arm(quant, model),
        rounds=3,
        baseline=Scored(base, 0.97 * base, 1.03 * base),
        candidate=Scored(own, 0.97 * own, 1.03 * own),
        ratio=Scored(ratio, 0.96 * ratio, 1.04 * ratio),
    )


def claim(quant: str, found: list[Comparison], model: str = "pocket") -> Claim:
    """Counts of the verdicts as a sentence."""
    usable = [one for one in found if "no information" not in one.note]
    count = {verdict: sum(one.verdict is verdict for one in usable) for verdict in Verdict}
    words = f"{quant.upper()} is equivalent to F16 within 2 points on {count[Verdict.EQUIVALENT]} of {len(found)} tasks"
    for verdict in (Verdict.DEGRADED, Verdict.INCONCLUSIVE, Verdict.IMPROVED):
        words += f", {verdict} on {count[verdict]}" if count[verdict] else ""
    return Claim(
        candidate_arm=arm(quant, model),
        baseline_arm=arm("f16", model),
        sentence=words + ".",
        tasks=len(found),
        equivalent=count[Verdict.EQUIVALENT],
        degraded=count[Verdict.DEGRADED],
        improved=count[Verdict.IMPROVED],
        inconclusive=count[Verdict.INCONCLUSIVE],
        broken=count[Verdict.BROKEN],
        no_information=len(found) - len(usable),
        pvalue_most=0.001 if count[Verdict.EQUIVALENT] > 3 else 0.4,
        share_within=0.99 if count[Verdict.EQUIVALENT] > 3 else 0.21,
        qualifiers=("1 task broken",) if count[Verdict.BROKEN] else (),
    )


def analysis(model: str = "pocket") -> Analysis:
    """The whole example; `model` goes into every arm's name."""
    found, kept = comparisons(model), records(model)
    tasks = tuple(Task(task, "choice", "acc", "choice", 0.25, items=ITEMS) for task in TASKS)
    where = "/srv/suites/pocket.yaml"
    suite = Suite("pocket", "six small tasks", "Apache-2.0", tasks, where, "/srv/suites", digest="5d1c0ffee5d1")
    cells = tuple(record.run.cell for record in kept)
    pairs = tuple(
        Pair("quality", cell(quant.key, model).id, cells[0].id, arm(quant.key, model), arm("f16", model))
        for quant in QUANTS[1:]
    )
    skips = (Skip("pocket awq llama_cpp", "llama_cpp reads gguf, awq is a Hugging Face format"),)
    overrides = ("model=pocket", "quant=[q8_0,q6_k,q5_k_m,q4_k_m,q4_0,q3_k_m,q2_k]", "results=/home/someone/results")
    return Analysis(
        plan=Plan("cpu", cells, pairs, skips, suite, Protocol(), overrides),
        arms=tuple(described(quant, found, model) for quant in QUANTS),
        comparisons=found,
        diagnostics=tuple(perplexity(quant.key, model, ratio) for quant, ratio in zip(QUANTS[1:], RATIOS, strict=True)),
        speed=speed(model),
        claims=tuple(claim(quant.key, of_candidate(found, arm(quant.key, model)), model) for quant in QUANTS[1:]),
        records=kept,
        inputs=tuple(
            Input(one.id, one.label, f"cpu/{one.id}/20261122T090000Z-0badcafe/record.json", digest(one.id))
            for one in cells
        ),
        warnings=("load average was above 0.5 in 2 of 27 records",),
    )


RATIOS = (1.0003, 1.0011, 1.0032, 1.0094, 1.0191, 1.0423, 1.2137)


def perplexity(quant: str, model: str, ratio: float) -> Diagnostic:
    """A candidate's perplexity as a ratio to the baseline's."""
    return Diagnostic(
        task="perplexity",
        name="perplexity",
        unit="per token",
        baseline_arm=arm("f16", model),
        candidate_arm=arm(quant, model),
        baseline=6.213,
        candidate=6.213 * ratio,
        ratio=ratio,
        low=ratio - 0.002,
        high=ratio + 0.002,
        n_items=ITEMS,
    )


def of_candidate(found: tuple[Comparison, ...], name: str) -> list[Comparison]:
    """A candidate's quality comparisons."""
    return [one for one in found if one.kind == "quality" and one.candidate_arm == name]


def described(quant: Quant, found: tuple[Comparison, ...], model: str) -> Arm:
    """An arm with its scores as the comparisons have them; a broken task has none."""
    own = tuple((one.task, one.candidate) for one in of_candidate(found, arm(quant.key, model)))
    baseline = tuple((task, scored(score)) for task, score in TASKS.items())
    return Arm(
        arm=arm(quant.key, model),
        model=model,
        quant=quant.key,
        runtime="llama_cpp",
        is_baseline=quant.key == "f16",
        weights_bytes=int(quant.size * MIB),
        sha256=digest(quant.key),
        source_sha256=digest("f16"),
        engine="llama.cpp 0.3.36",
        scores=baseline if quant.key == "f16" else tuple(one for one in own if one[1].score == one[1].score),
    )


def only(base: Analysis, quants: tuple[str, ...], tasks: tuple[str, ...] = tuple(TASKS)) -> Analysis:
    """The part of an analysis about these candidates and tasks, which is quicker to draw."""
    arms = tuple(one for one in base.arms if one.is_baseline or one.quant in quants)
    names = {one.arm for one in arms}
    return replace(
        base,
        arms=tuple(replace(one, scores=tuple(score for score in one.scores if score[0] in tasks)) for one in arms),
        comparisons=tuple(one for one in base.comparisons if one.candidate_arm in names and one.task in tasks),
        diagnostics=tuple(one for one in base.diagnostics if one.candidate_arm in names),
        speed=tuple(one for one in base.speed if one.candidate_arm in names),
        claims=tuple(one for one in base.claims if one.candidate_arm in names),
    )
