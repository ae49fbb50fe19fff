"""The sentence a whole run supports for one candidate, the counts behind it, and what cannot be claimed."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.match import model_note
from harness.compare.runs import Runs
from harness.core.cell import Cell, QualityWork
from harness.core.plan import Pair, Plan
from harness.core.tones import NO_INFORMATION, WORST_FIRST, tone
from harness.core.units import margin
from harness.core.verdict import Claim, Comparison, Verdict
from harness.stats.multiple import partial_conjunction
from harness.stats.pooling import share_within

MOST_NEEDS = 3  # tasks below which "most" is not a word to use
REPLICATES_FOR_BAND = 3


@dataclass(frozen=True)
class _Scene:
    """One candidate beside its baseline."""

    plan: Plan
    runs: Runs
    pair: Pair
    candidate: Cell
    baseline: Cell
    rows: Sequence[Comparison]
    noise: Sequence[Comparison]
    explored: Sequence[str]


def claims(plan: Plan, runs: Runs, comparisons: Sequence[Comparison]) -> list[Claim]:
    """One claim per quality pair of the plan; `comparisons` holds those of both kinds."""
    found = []
    for pair in runs.judged(plan.pairs):
        if pair.kind == "quality":
            compared = [one for one in comparisons if _ids(one) == ("quality", pair.candidate, pair.baseline)]
            rows = [one for one in compared if one.confirmatory]
            noise = [one for one in comparisons if one.kind == "aa" and one.baseline_cell == pair.baseline]
            cells = runs.cell(pair.candidate), runs.cell(pair.baseline)
            explored = [one.task for one in compared if not one.confirmatory]
            found.append(_claim(_Scene(plan, runs, pair, *cells, rows, noise, explored)))
    return found


def _ids(one: Comparison) -> tuple[str, str, str]:
    return one.kind, one.candidate_cell, one.baseline_cell


def _claim(scene: _Scene) -> Claim:
    counts = Counter(tone(one) for one in scene.rows)
    usable = [one for one in scene.rows if tone(one) not in (Verdict.BROKEN.value, NO_INFORMATION)]
    most = _most([_equivalence_pvalue(one) for one in scene.rows])
    worse = _most([_worse_pvalue(one) for one in scene.rows])
    return Claim(
        candidate_arm=scene.pair.candidate_arm,
        baseline_arm=scene.pair.baseline_arm,
        sentence=_sentence(scene, counts, (most, worse)),
        tasks=len(scene.rows),
        equivalent=counts[Verdict.EQUIVALENT.value],
        degraded=counts[Verdict.DEGRADED.value],
        improved=counts[Verdict.IMPROVED.value],
        inconclusive=counts[Verdict.INCONCLUSIVE.value],
        broken=counts[Verdict.BROKEN.value],
        no_information=counts[NO_INFORMATION],
        pvalue_most=most,
        share_within=_share(usable),
        qualifiers=tuple(_qualifiers(scene, most, worse)),
    )


def _equivalence_pvalue(one: Comparison) -> float:
    """TOST at the comparison's own margin; 1 where nothing was or could be tested."""
    if tone(one) in (Verdict.BROKEN.value, NO_INFORMATION):
        return 1.0
    return next(row.pvalue for row in one.margins if row.margin == one.margin)


def _worse_pvalue(one: Comparison) -> float:
    """One-sided test of a loss; 1 where nothing was or could be tested."""
    if tone(one) in (Verdict.BROKEN.value, NO_INFORMATION) or one.delta >= 0:
        return 1.0
    return one.pvalue / 2


def _most(pvalues: Sequence[float]) -> float:
    """Partial conjunction at floor(K/2) + 1 of K tasks; NaN with too few tasks to speak of most."""
    if len(pvalues) < MOST_NEEDS:
        return math.nan
    return partial_conjunction(pvalues, len(pvalues) // 2 + 1)


def _share(usable: Sequence[Comparison]) -> float | None:
    if len(usable) < MOST_NEEDS:
        return None
    return share_within(
        [one.delta for one in usable], [one.stderr for one in usable], [one.margin for one in usable]
    ).most


def _sentence(scene: _Scene, counts: Counter[str], pvalues: tuple[float, float]) -> str:
    """For example: Q4_K_M is equivalent to F16 within 2 points on 3 of 5 tasks, degraded on 1, inconclusive on 1."""
    names = _name(scene.candidate, scene.plan), _name(scene.baseline, scene.plan)
    if scene.explored and not scene.rows:
        outside = "outside the family named before the run, so nothing is claimed"
        return f"{names[0]} was compared with {names[1]} {outside}."
    if not scene.rows:
        return f"{names[0]} was compared with {names[1]} on no scored task, so nothing is claimed about its quality."
    if scene.candidate.runtime != scene.baseline.runtime:
        opening = (
            f"No claim about quantization: {names[0]} and {names[1]} ran on different runtimes. The two together are"
        )
    else:
        opening = f"{names[0]} is"
    of = f"{counts[Verdict.EQUIVALENT.value]} of {len(scene.rows)} task" + ("s" if len(scene.rows) > 1 else "")
    parts = [f"{opening} equivalent to {names[1]} within {_margins(scene.rows)} on {of}", *_others(counts)]
    return ", ".join(parts) + "." + _on_most(pvalues, scene.plan.protocol.alpha)


def _others(counts: Counter[str]) -> list[str]:
    return [f"{name} on {counts[name]}" for name in WORST_FIRST if counts[name] and name != Verdict.EQUIVALENT]


def _on_most(pvalues: tuple[float, float], alpha: float) -> str:
    for value, what in zip(pvalues, ("Equivalence", "A loss"), strict=True):
        if value < alpha:
            shown = "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
            return f" {what} on most tasks is shown ({shown})."
    return ""


def _margins(rows: Sequence[Comparison]) -> str:
    found = Counter(one.margin for one in rows)
    if len(found) == 1:
        return margin(next(iter(found)))
    return "their margin (" + ", ".join(f"{margin(one)} on {count}" for one, count in sorted(found.items())) + ")"


def _name(cell: Cell, plan: Plan) -> str:
    """The quantization in capitals, with the model or the runtime where the plan has several."""
    models, runtimes = {one.model for one in plan.cells}, {one.runtime for one in plan.cells}
    parts = [cell.model] if len(models) > 1 else []
    parts += [cell.quant.upper()] + ([f"on {cell.runtime}"] if len(runtimes) > 1 else [])
    return " ".join(parts)


def _qualifiers(scene: _Scene, most: float, worse: float) -> list[str]:
    """What the sentence does not say, most important first."""
    found = [_runtime(scene), *_noise(scene), _listed(scene, Verdict.BROKEN.value, "broken")]
    found += [_listed(scene, NO_INFORMATION, "no information from"), _small_losses(scene), _few(scene, most, worse)]
    found += [_other_methods(scene), _explored(scene), _stopped(scene), _limited(scene), _weights(scene)]
    return [one for one in found if one]


def _runtime(scene: _Scene) -> str:
    if scene.candidate.runtime == scene.baseline.runtime:
        return ""
    return (
        "runtime + quantization: the runtimes differ and no full-precision arm bridges them, so no loss or equivalence "
        "can be put down to quantization"
    )


def _noise(scene: _Scene) -> list[str]:
    if not scene.noise:
        return ["no A/A replicate of the baseline: how much of the change is run-to-run noise is not known"]
    broken = dict.fromkeys(one.task for one in scene.noise if one.verdict is Verdict.BROKEN)
    moved = dict.fromkeys(one.task for one in scene.noise if one.verdict in (Verdict.DEGRADED, Verdict.IMPROVED))
    found = [f"an A/A replicate is broken on {', '.join(broken)}"] if broken else []
    if (count := len({one.candidate_cell for one in scene.noise})) < REPLICATES_FOR_BAND:
        often = "once" if count == 1 else "twice"
        found.append(f"the baseline was repeated {often}; 3 repeats would tell how far scores vary between runs "
                     "(matrix.replicates=3)")
    if moved:
        found.append(
            f"the baseline differs from its own replicate on {', '.join(moved)}: the set-up itself is not stable"
        )
    return found


def _listed(scene: _Scene, outcome: str, words: str) -> str:
    tasks = [one.task for one in scene.rows if tone(one) == outcome]
    return f"{words}: {', '.join(tasks)}" if tasks else ""


def _small_losses(scene: _Scene) -> str:
    tasks = [one.task for one in scene.rows if one.note == "small real loss"]
    return f"equivalent, yet with a small real loss: {', '.join(tasks)}" if tasks else ""


def _few(scene: _Scene, most: float, worse: float) -> str:
    if len(scene.rows) < MOST_NEEDS:
        return f"fewer than {MOST_NEEDS} tasks: nothing can be claimed about most tasks"
    if min(most, worse) < scene.plan.protocol.alpha:  # the sentence itself says what is shown
        return ""
    needed = len(scene.rows) // 2 + 1
    return f"equivalence on most tasks is not shown (p = {most:.2f}, {needed} of {len(scene.rows)} needed)"


def _other_methods(scene: _Scene) -> str:
    tasks = [one.task for one in scene.rows if one.second_opinion and one.verdict is not Verdict.BROKEN]
    return f"another method gives another verdict on: {', '.join(tasks)}" if tasks else ""


def _explored(scene: _Scene) -> str:
    if not scene.explored:
        return ""
    return f"outside the family named before the run, so explored and in no claim: {', '.join(scene.explored)}"


def _stopped(scene: _Scene) -> str:
    early = [f"{one.task} ({one.n_items:,} of {one.n_planned:,} items)" for one in scene.rows if one.ended_early]
    return f"stopped early: {', '.join(early)}" if early else ""


def _limited(scene: _Scene) -> str:
    limit = scene.candidate.work.limit if isinstance(scene.candidate.work, QualityWork) else None
    return "" if limit is None else f"only the first {limit:,} items of each task were asked"


def _weights(scene: _Scene) -> str:
    before, after = (scene.runs.completed(cell) for cell in (scene.pair.baseline, scene.pair.candidate))
    return model_note(before, after) if before and after else ""
