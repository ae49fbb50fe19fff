"""Replicates, samples, bridges and the family named before the run, from records to comparisons and claims."""

import math

import msgspec
import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.verdict import Analysis, Comparison, Verdict
from tests.compare.arms import Scores, answers, choice, flipped, frame, measured, pair, plan_of, quality_cell, suite

TASKS = suite(choice("triage"))
BASELINE, CANDIDATE = quality_cell(TASKS, "f16"), quality_cell(TASKS, "q4_0")


def compared(baseline: list[Scores], candidate: Scores) -> Analysis:
    """One candidate against a baseline and its replicates."""
    again = [quality_cell(TASKS, "f16", replicate=number) for number in range(1, len(baseline))]
    pairs = [pair("quality", CANDIDATE, BASELINE), *(pair("aa", cell, BASELINE) for cell in again)]
    cells = (BASELINE, CANDIDATE, *again)
    scores = (baseline[0], candidate, *baseline[1:])
    records = [measured(cell, frame("triage", {"acc": one})) for cell, one in zip(cells, scores, strict=True)]
    return analyse(plan_of(TASKS, cells, pairs), records)


def quality(found: Analysis) -> Comparison:
    return next(one for one in found.comparisons if one.kind == "quality")


def noisy(rng: np.random.Generator, count: int, n: int = 1_000) -> list[Scores]:
    """Runs of one arm in which a tenth of the items are decided by a coin."""
    steady, coin = answers(rng, n), np.arange(n) % 10 == 0
    return [np.where(coin, rng.random(n) < 0.5, steady).astype(float) for _ in range(count)]


def test_the_difference_is_to_the_mean_of_all_baseline_runs() -> None:
    runs = noisy(np.random.default_rng(1), 5)
    found = quality(compared(runs[:4], runs[4]))
    assert found.delta == pytest.approx(float((runs[4] - np.mean(runs[:4], axis=0)).mean()))
    assert (found.lost, found.gained) == (int((runs[0] > runs[4]).sum()), int((runs[4] > runs[0]).sum()))
    assert found.noise is not None
    assert found.noise.runs == 4


def test_a_candidate_that_is_one_more_run_looks_like_one() -> None:
    rng, unlike, alarms = np.random.default_rng(2), 0, 0
    for _ in range(20):
        runs = noisy(rng, 5, 400)
        found = quality(compared(runs[:4], runs[4]))
        assert found.noise is not None
        assert abs(found.noise.excess_flips) < 0.03
        alarms += found.verdict is Verdict.DEGRADED
        unlike += found.noise.one_more_run < 0.05
    assert unlike <= 4
    assert alarms <= 2  # 2.5 % of 20 are expected


def test_a_real_loss_is_more_than_noise() -> None:
    rng = np.random.default_rng(3)
    runs = noisy(rng, 4)
    found = quality(compared(runs, flipped(rng, runs[0], 0.1, 0.0)))
    assert found.noise is not None
    assert found.noise.excess_flips > 0.02
    assert found.noise.one_more_run < 0.01
    assert found.noise.fixed.high < 0
    assert found.verdict is Verdict.DEGRADED


def test_the_margin_of_noise_stands_beside_the_verdict_and_never_replaces_it() -> None:
    rng = np.random.default_rng(4)
    wild = [np.where(np.arange(600) % 2, answers(rng, 600, 0.8), rng.random(600) < 0.5).astype(float) for _ in range(4)]
    found = quality(compared(wild[:3], wild[3]))
    assert found.noise is not None
    assert found.noise.band > 0.02
    assert found.noise.at_noise.margin == pytest.approx(found.noise.band)
    assert found.margin == 0.02


def test_without_replicates_nothing_is_said_about_noise_and_the_claim_says_so() -> None:
    scores = answers(np.random.default_rng(5), 500)
    found = compared([scores], scores)
    assert quality(found).noise is None
    assert any(one.startswith("no A/A replicate") for one in found.claims[0].qualifiers)


def test_one_replicate_shows_flips_but_no_band() -> None:
    runs = noisy(np.random.default_rng(6), 3)
    found = compared(runs[:2], runs[2])
    noise = quality(found).noise
    assert noise is not None
    assert noise.flip_rate > 0
    assert math.isnan(noise.band)
    assert noise.at_noise.margin == 0.01
    assert any(one.startswith("the baseline was repeated once;") for one in found.claims[0].qualifiers)
    twice = compared([*runs[:2], runs[0]], runs[2])
    assert any(one.startswith("the baseline was repeated twice;") for one in twice.claims[0].qualifiers)


def test_a_replicate_over_other_items_is_broken_and_leaves_the_comparison_alone() -> None:
    scores = answers(np.random.default_rng(7), 300)
    found = compared([scores, scores[:-1]], scores)
    replicate = next(one for one in found.comparisons if one.kind == "aa")
    assert replicate.verdict is Verdict.BROKEN
    assert (quality(found).verdict, quality(found).noise) == (Verdict.EQUIVALENT, None)
    assert any("an A/A replicate is broken on triage" in one for one in found.claims[0].qualifiers)


def bridged() -> Analysis:
    """Full precision on runtime a, and on b, which loses; q4_0 on b, which adds next to nothing."""
    rng = np.random.default_rng(8)
    reference, bridge, candidate = (
        quality_cell(TASKS, quant, runtime=runtime) for quant, runtime in (("f16", "a"), ("f16", "b"), ("q4_0", "b"))
    )
    first = answers(rng, 2_000)
    second = flipped(rng, first, 0.08, 0.0)
    scores = {reference.id: first, bridge.id: second, candidate.id: flipped(rng, second, 0.002, 0.008)}
    cells: tuple[Cell, ...] = (reference, bridge, candidate)
    pairs = [pair("bridge", bridge, reference), pair("quality", candidate, bridge)]
    pairs.append(pair("total", candidate, reference))
    records = [measured(cell, frame("triage", {"acc": scores[cell.id]})) for cell in cells]
    return analyse(plan_of(TASKS, cells, pairs), records)


def test_a_bridge_tells_the_runtime_from_the_quantization() -> None:
    found = bridged()
    by = {one.kind: one for one in found.comparisons}
    assert by["bridge"].verdict is Verdict.DEGRADED
    assert by["quality"].verdict is Verdict.EQUIVALENT
    assert by["total"].delta == pytest.approx(by["bridge"].delta + by["quality"].delta)
    assert [claim.candidate_arm for claim in found.claims] == ["pocket q4_0 b"]
    assert found.claims[0].equivalent == 1


def test_what_lies_outside_the_family_is_explored_and_carries_no_claim() -> None:
    rng = np.random.default_rng(9)
    tasks = suite(*map(choice, ("a", "b", "c", "d")))
    baseline, candidate = quality_cell(tasks, "f16"), quality_cell(tasks, "q2_k")
    before = {task.task: answers(rng, 500) for task in tasks.tasks}
    after = {name: flipped(rng, scores, 0.06, 0.0) for name, scores in before.items()}
    records = [
        measured(cell, *(frame(name, {"acc": scores}) for name, scores in arm.items()))
        for cell, arm in ((baseline, before), (candidate, after))
    ]
    named = Protocol(family_tasks=("a", "b"))
    plan = plan_of(tasks, (baseline, candidate), [pair("quality", candidate, baseline)], named)
    found = analyse(plan, records)
    by = {one.task: one for one in found.comparisons}
    assert [name for name, one in by.items() if one.confirmatory] == ["a", "b"]
    assert by["a"].pvalue_holm <= 2 * by["a"].pvalue * (1 + 1e-9)
    assert found.claims[0].tasks == 2
    assert any("c, d" in one for one in found.claims[0].qualifiers)
    assert plan.id != msgspec.structs.replace(plan, protocol=Protocol()).id


def test_arms_with_other_numbers_of_samples_are_not_compared() -> None:
    other = quality_cell(TASKS, "q4_0", samples=8, temperature=0.6)
    scores = answers(np.random.default_rng(10), 100)
    records = [measured(cell, frame("triage", {"acc": scores})) for cell in (BASELINE, other)]
    found = analyse(plan_of(TASKS, (BASELINE, other), [pair("quality", other, BASELINE)]), records)
    assert found.comparisons[0].note == "samples or temperature differ"
