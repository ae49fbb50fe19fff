"""From plan and records to verdicts and claims, end to end on made-up answers."""

import math

import msgspec
import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.core.config import Protocol
from harness.core.suite import Task
from harness.core.verdict import Analysis, Comparison, Verdict
from harness.stats.planning import items_to_decide
from harness.store.items import LoadedRun
from tests.compare.arms import (
    Arms,
    Scores,
    answers,
    choice,
    failed,
    flipped,
    frame,
    measured,
    plan_of,
    put_off,
    quality_cell,
    suite,
)

NAMES = ("triage", "extract", "passage", "code", "sums")


def five_tasks(rng: np.random.Generator, arms: Arms, loss: dict[str, float], n: int = 1_000) -> list[LoadedRun]:
    """All arms on five tasks: the replicate flips 1 % of items, candidates lose `loss[quant]` of the right answers."""
    before = {name: answers(rng, n) for name in NAMES}
    records = [measured(arms.baseline, *(frame(name, {"acc": before[name]}) for name in NAMES))]
    if arms.replicate:
        again = [frame(name, {"acc": flipped(rng, before[name], 0.005, 0.02)}) for name in NAMES]
        records.append(measured(arms.noise, *again))
    for quant, share in loss.items():
        after = [frame(name, {"acc": flipped(rng, before[name], share, 0.02)}) for name in NAMES]
        records.append(measured(arms.candidate(quant), *after))
    return records


def by_task(analysis: Analysis, quant: str = "q4_k_m") -> dict[str, Comparison]:
    """Quality comparisons of a candidate."""
    return {one.task: one for one in analysis.comparisons if one.kind == "quality" and quant in one.candidate_arm}


def one_task(before: Scores, after: Scores, task: Task | None = None, protocol: Protocol | None = None) -> Comparison:
    """The comparison of one candidate with one baseline on one task."""
    arms = Arms(suite(task or choice("triage")), replicate=False, protocol=protocol or Protocol())
    metric = arms.suite.tasks[0].metric
    records = [measured(arms.baseline, frame("triage", {metric: before}))]
    records.append(measured(arms.candidate(), frame("triage", {metric: after})))
    return by_task(analyse(arms.plan, records))["triage"]


def test_a_gentle_and_a_harsh_quantization_get_different_verdicts_for_good_reasons() -> None:
    arms = Arms(suite(*map(choice, NAMES)), ("q8_0", "q2_k"))
    records = five_tasks(np.random.default_rng(1), arms, {"q8_0": 0.004, "q2_k": 0.2})
    found = analyse(arms.plan, records)
    gentle, harsh = found.claims
    assert gentle.sentence.startswith("Q8_0 is equivalent to F16 within 2 points on 5 of 5 tasks.")
    assert "on most tasks is shown (p < 0.001)" in gentle.sentence
    counts = "Q2_K is equivalent to F16 within 2 points on 0 of 5 tasks, degraded on 5."
    assert harsh.sentence == f"{counts} A loss on most tasks is shown (p < 0.001)."
    assert gentle.share_within is not None
    assert gentle.share_within > 0.95
    assert harsh.share_within is not None
    assert harsh.share_within < 0.05
    assert [one.partition(";")[0] for one in harsh.qualifiers] == ["the baseline was repeated once"]
    assert all(one.note == "beyond the margin" for one in by_task(found, "q2_k").values())
    assert {one.verdict for one in found.comparisons if one.kind == "aa"} == {Verdict.EQUIVALENT}
    assert [arm.arm for arm in found.arms if arm.is_baseline] == ["pocket f16 llama_cpp"]
    assert len(found.inputs) == 4
    assert found.warnings == ()


def test_the_same_records_in_any_order_give_the_same_analysis() -> None:
    arms = Arms(suite(*map(choice, NAMES)))
    records = five_tasks(np.random.default_rng(2), arms, {"q4_k_m": 0.03}, n=90)
    assert repr(analyse(arms.plan, records)) == repr(analyse(arms.plan, records[::-1]))


def test_null_candidates_and_replicates_are_practically_never_called_degraded() -> None:
    """Five tasks, 20 runs, no true difference: Holm keeps the chance of any false alarm in a family under 5 %."""
    arms = Arms(suite(*map(choice, NAMES)))
    alarms = {"quality": 0, "aa": 0}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = analyse(arms.plan, five_tasks(rng, arms, {"q4_k_m": 0.005}, n=250))
        for kind in alarms:
            changed = [
                one.verdict in (Verdict.DEGRADED, Verdict.IMPROVED) for one in found.comparisons if one.kind == kind
            ]
            alarms[kind] += any(changed)
    assert alarms["quality"] <= 3
    assert alarms["aa"] <= 3


def test_an_open_question_says_how_many_items_would_settle_it() -> None:
    rng = np.random.default_rng(3)
    before = answers(rng, 300)
    found = one_task(before, flipped(rng, before, 0.05, 0.15))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.items_needed is not None
    assert found.items_needed > 300
    assert found.smallest_margin == pytest.approx(math.sqrt(8.5638 * found.flip_rate / 300), rel=1e-3)


def test_a_real_loss_inside_the_margin_is_equivalent_with_a_small_real_loss() -> None:
    before = np.r_[np.ones(7_000), np.zeros(3_000)]
    after = before.copy()
    after[:40] = 0
    found = one_task(before, after)
    assert found.margin == 0.01
    assert (found.verdict, found.note) == (Verdict.EQUIVALENT, "small real loss")
    rows = {row.margin: row.verdict for row in found.margins}
    assert rows == {
        0.005: Verdict.DEGRADED,
        0.01: Verdict.EQUIVALENT,
        0.02: Verdict.EQUIVALENT,
        0.03: Verdict.EQUIVALENT,
    }


def test_swapping_the_arms_mirrors_the_comparison() -> None:
    rng = np.random.default_rng(4)
    before = answers(rng, 800)
    after = flipped(rng, before, 0.15, 0.02)
    there, back = one_task(before, after), one_task(after, before)
    assert (there.verdict, back.verdict) == (Verdict.DEGRADED, Verdict.IMPROVED)
    assert (there.delta, there.low, there.high) == (-back.delta, -back.high, -back.low)
    assert (there.lost, there.gained) == (back.gained, back.lost)


@pytest.mark.parametrize(
    ("accuracy", "after", "note"),
    [
        (0.25, 0.25, "no information: baseline at chance"),
        (0.10, 0.10, "no information: baseline below chance"),
        (1.0, 1.0, "no information: baseline at ceiling"),
    ],
)
def test_a_baseline_that_can_show_no_loss_gives_no_information(accuracy: float, after: float, note: str) -> None:
    n = 1_000
    before, second = np.zeros(n), np.zeros(n)
    before[: round(n * accuracy)], second[: round(n * after)] = 1, 1
    found = one_task(before, second)
    assert (found.verdict, found.note, found.items_needed) == (Verdict.INCONCLUSIVE, note, None)
    assert {row.verdict for row in found.margins} == {Verdict.INCONCLUSIVE}


def test_a_baseline_just_above_the_floor_gives_no_information_either() -> None:
    before = np.zeros(1_000)
    before[:15] = 1
    found = one_task(before, np.zeros(1_000), choice("triage", chance=0.0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "losing everything would fit the margin" in found.note


def test_a_fall_from_the_ceiling_is_still_a_loss() -> None:
    before, after = np.ones(500), np.ones(500)
    after[:100] = 0
    found = one_task(before, after)
    assert (found.verdict, found.note) == (Verdict.DEGRADED, "baseline at ceiling")


def test_a_single_item_is_inconclusive_and_says_so_without_a_warning() -> None:
    found = one_task(np.array([1.0]), np.array([0.0]), choice("triage", chance=0.0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.low < found.delta < found.high or found.delta == -1


@pytest.mark.parametrize("cluster", ["", "passage", [f"t{number // 4}" for number in range(60)]])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_no_flips_and_all_flips_have_an_interval_and_no_warning(value: float, cluster: object) -> None:
    """Arms that agree on everything, and arms that differ on everything; alone, in one cluster and in many."""
    arms = Arms(suite(choice("triage", chance=0.0)), replicate=False)
    before = np.tile([1.0, 0.0], 30)
    for after in (before, np.full(60, value), 1 - before):
        frames = [frame("triage", {"acc": scores}, cluster=cluster) for scores in (before, after)]
        found = by_task(analyse(arms.plan, [measured(arms.baseline, frames[0]), measured(arms.candidate(), frames[1])]))
        assert -1 <= found["triage"].low <= found["triage"].delta <= found["triage"].high <= 1
        assert found["triage"].high - found["triage"].low > 0.01
        assert found["triage"].stderr > 0
        assert found["triage"].verdict is not Verdict.EQUIVALENT


def test_partial_scores_go_by_paired_t_with_the_bootstrap_beside_it() -> None:
    rng = np.random.default_rng(5)
    before = rng.uniform(0.3, 1, 400)
    after = np.clip(before - 0.1 + rng.normal(0, 0.1, 400), 0, 1)
    found = one_task(before, after, choice("triage", metric="f1", chance=0.0))
    assert (found.method, found.verdict, found.lost) == ("paired t", Verdict.DEGRADED, None)
    same = one_task(before, before, choice("triage", metric="f1", chance=0.0))
    assert same.verdict is Verdict.EQUIVALENT
    assert same.low < 0 < same.high


def test_a_metric_where_lower_is_better_turns_the_sign_round() -> None:
    before = np.r_[np.ones(100), np.zeros(900)]
    after = np.r_[np.ones(300), np.zeros(700)]
    found = one_task(before, after, choice("triage", chance=0.0, higher_is_better=False))
    assert found.verdict is Verdict.DEGRADED
    assert found.delta == pytest.approx(-0.2)
    assert (found.baseline.score, found.candidate.score) == pytest.approx((0.1, 0.3))


def test_items_in_templates_that_move_together_count_for_fewer() -> None:
    before, after = np.ones(1_000), np.ones(1_000)
    before[900:] = after[900:] = 0
    after[:12], after[900:912] = 0, 1
    clusters = [f"t{number // 12}" for number in range(1_000)]
    arms = Arms(suite(choice("triage")), replicate=False)
    frames = [frame("triage", {"acc": scores}, cluster=clusters) for scores in (before, after)]
    records = [measured(arms.baseline, frames[0]), measured(arms.candidate(), frames[1])]
    found = by_task(analyse(arms.plan, records))["triage"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.method == "Tango score, score t test (84 templates, design effect 10.8)"
    assert (found.lost, found.gained, found.pvalue) == (12, 12, 1.0)
    assert found.items_needed is not None
    assert found.items_needed > 1_000
    alone = [measured(arms.baseline, frame("triage", {"acc": before}))]
    alone.append(measured(arms.candidate(), frame("triage", {"acc": after})))
    assert by_task(analyse(arms.plan, alone))["triage"].verdict is Verdict.EQUIVALENT


def test_several_samples_of_an_item_count_as_one_item() -> None:
    rng = np.random.default_rng(6)
    arms = Arms(suite(choice("triage")), replicate=False)
    ids = [f"i{number // 4}" for number in range(800)]
    columns = {"item_id": ids, "sample": np.arange(800) % 4, "prompt_hash": ids}
    records = [
        measured(cell, frame("triage", {"acc": answers(rng, 800)}, **columns))
        for cell in (arms.baseline, arms.candidate())
    ]
    found = by_task(analyse(arms.plan, records))["triage"]
    assert (found.n_items, found.method) == (200, "paired t")


def test_the_members_of_a_group_task_are_pooled() -> None:
    arms = Arms(suite(choice("mmlu")), replicate=False)
    rng = np.random.default_rng(7)
    scores = {name: answers(rng, 200) for name in ("mmlu_law", "mmlu_anatomy")}
    frames = [frame(name, {"acc": values}) for name, values in scores.items()]
    found = by_task(analyse(arms.plan, [measured(arms.baseline, *frames), measured(arms.candidate(), *frames[::-1])]))
    assert found["mmlu"].n_items == 400
    assert found["mmlu"].flip_rate == 0


def test_a_failed_candidate_breaks_its_comparisons_with_the_reason_and_keeps_its_place_in_the_family() -> None:
    arms = Arms(suite(*map(choice, NAMES)), ("q8_0", "q2_k"), replicate=False)
    records = five_tasks(np.random.default_rng(8), arms, {"q8_0": 0.03})
    found = analyse(arms.plan, [*records, failed(arms.candidate("q2_k"))])
    broken = by_task(found, "q2_k").values()
    assert {one.verdict for one in broken} == {Verdict.BROKEN}
    assert {one.note for one in broken} == {"the candidate failed (memory): killed"}
    assert found.claims[1].broken == 5
    smallest = min(by_task(found, "q8_0").values(), key=lambda one: one.pvalue)
    assert smallest.pvalue_holm == pytest.approx(min(1.0, 10 * smallest.pvalue))


def test_a_candidate_that_the_night_was_too_short_for_is_judged_on_another_night() -> None:
    arms = Arms(suite(*map(choice, NAMES)), ("q8_0", "q2_k"), replicate=False)
    records = five_tasks(np.random.default_rng(8), arms, {"q8_0": 0.03})
    found = analyse(arms.plan, [*records, put_off(arms.candidate("q2_k"))])
    assert by_task(found, "q2_k") == {}
    assert [claim.candidate_arm for claim in found.claims] == [arms.candidate("q8_0").arm]
    alone = min(by_task(found, "q8_0").values(), key=lambda one: one.pvalue)
    assert alone.pvalue_holm == pytest.approx(min(1.0, 5 * alone.pvalue)), "the family is what was measured"


def test_of_several_attempts_the_completed_one_counts() -> None:
    arms = Arms(suite(*map(choice, NAMES)), replicate=False)
    records = five_tasks(np.random.default_rng(9), arms, {"q4_k_m": 0.0})
    late = failed(arms.candidate(), started="2026-01-01T00:00:00Z")
    assert analyse(arms.plan, [*records, late]).claims[0].broken == 0


def test_a_record_of_another_plan_is_left_out_and_counted() -> None:
    arms = Arms(suite(*map(choice, NAMES)), replicate=False)
    stranger = failed(quality_cell(arms.suite, "q3_k_m"))
    found = analyse(arms.plan, [*five_tasks(np.random.default_rng(9), arms, {"q4_k_m": 0.0}), stranger])
    assert "1 records belong to no cell of this plan and were left out" in found.warnings


def test_nothing_measured_yet_is_broken_and_names_the_next_step() -> None:
    arms = Arms(suite(choice("triage")))
    found = analyse(arms.plan, [])
    assert {one.verdict for one in found.comparisons} == {Verdict.BROKEN}
    assert all("run the same command again" in one.note for one in found.comparisons)
    assert found.claims[0].sentence == (
        "Q4_K_M is equivalent to F16 within 2 points on 0 of 1 task, broken on 1."
    )


def test_without_a_replicate_or_many_tasks_the_claim_says_what_it_cannot() -> None:
    arms = Arms(suite(choice("triage")), replicate=False)
    scores = answers(np.random.default_rng(10), 500)
    records = [measured(cell, frame("triage", {"acc": scores})) for cell in (arms.baseline, arms.candidate())]
    claim = analyse(arms.plan, records).claims[0]
    text = " | ".join(claim.qualifiers)
    assert "no A/A replicate" in text
    assert "fewer than 3 tasks" in text
    assert math.isnan(claim.pvalue_most)
    assert claim.share_within is None


def test_another_runtime_carries_no_claim_about_quantization() -> None:
    tasks = suite(choice("triage"))
    baseline, candidate = quality_cell(tasks, "f16"), quality_cell(tasks, "q4_0", runtime="mlx")
    from tests.compare.arms import pair

    plan = plan_of(tasks, [baseline, candidate], [pair("quality", candidate, baseline)])
    scores = answers(np.random.default_rng(11), 500)
    records = [measured(cell, frame("triage", {"acc": scores})) for cell in (baseline, candidate)]
    claim = analyse(plan, records).claims[0]
    assert claim.sentence.startswith("No claim about quantization: Q4_0 on mlx and F16 on llama_cpp")
    assert claim.qualifiers[0].startswith("runtime + quantization")


def test_a_plan_without_a_baseline_claims_nothing_and_still_lists_scores() -> None:
    tasks = suite(choice("triage"))
    cell = quality_cell(tasks, "f16")
    found = analyse(
        plan_of(tasks, [cell], []), [measured(cell, frame("triage", {"acc": answers(np.random.default_rng(1), 99)}))]
    )
    assert (found.claims, found.comparisons) == ((), ())
    assert found.arms[0].scores[0][0] == "triage"
    assert "no baseline" in found.warnings[0]


def test_margins_that_differ_by_size_are_named_in_the_sentence() -> None:
    rng = np.random.default_rng(12)
    arms = Arms(suite(choice("small"), choice("big")), replicate=False)
    frames = [frame("small", {"acc": answers(rng, 500)}), frame("big", {"acc": answers(rng, 5_000)})]
    found = analyse(arms.plan, [measured(cell, *frames) for cell in (arms.baseline, arms.candidate())])
    assert "within their margin (1 point on 1, 2 points on 1) on 2 of 2 tasks" in found.claims[0].sentence


def test_perplexity_is_a_diagnostic_and_never_a_verdict() -> None:
    task = Task("held_out", "perplexity", "word_perplexity", "rolling", higher_is_better=False)
    arms = Arms(suite(task))
    words, logs = np.full(50, 100.0), np.random.default_rng(13).normal(-300, 20, 50)
    shifts = ((arms.baseline, 0.0), (arms.noise, 0.0), (arms.candidate(), -2.0 + np.linspace(-0.1, 0.1, 50)))
    records = [
        measured(cell, frame("held_out", {"loglikelihood": logs + shift, "words": words, "bytes": 5 * words}))
        for cell, shift in shifts
    ]
    found = analyse(arms.plan, records)
    assert found.comparisons == ()
    rows = {(one.name, one.candidate_arm): one for one in found.diagnostics}
    word = rows["word_perplexity", "pocket q4_k_m llama_cpp"]
    assert word.low < math.exp(0.02) < word.high
    assert word.candidate == pytest.approx(word.baseline * word.ratio)
    assert rows["byte_perplexity", "pocket f16 llama_cpp replicate 1"].ratio == 1
    assert found.claims[0].tasks == 0


def test_the_margin_of_the_protocol_overrules_the_rule() -> None:
    scores = answers(np.random.default_rng(14), 300)
    found = one_task(scores, scores, protocol=Protocol(margin=0.05))
    assert found.margin == 0.05
    assert [row.margin for row in found.margins] == [0.005, 0.01, 0.02, 0.03, 0.05]


def test_the_whole_analysis_of_a_big_suite_is_quick() -> None:
    import time

    rng = np.random.default_rng(15)
    arms = Arms(suite(choice("mmlu")), replicate=False)
    scores = answers(rng, 50_000)
    records = [measured(cell, frame("mmlu", {"acc": scores})) for cell in (arms.baseline, arms.candidate())]
    started = time.process_time()
    assert msgspec.json.encode(analyse(arms.plan, records).claims)
    assert time.process_time() - started < 3


def test_a_great_loss_on_all_of_five_templates_is_seen() -> None:
    """Ten templates could show it by their signs alone; five need the size of the loss."""
    arms = Arms(suite(choice("triage", chance=0.0)), replicate=False)
    before, number = np.tile([1.0, 1.0, 1.0, 0.0], 25), np.arange(100)
    after = np.where(number % 5 == 4, before, 0.0)
    columns = {"cluster": [f"t{one % 5}" for one in number // 5]}
    frames = [frame("triage", {"acc": scores}, **columns) for scores in (before, after)]
    found = by_task(analyse(arms.plan, [measured(arms.baseline, frames[0]), measured(arms.candidate(), frames[1])]))
    assert found["triage"].verdict is Verdict.DEGRADED
    assert found["triage"].method.startswith("Tango score, score t test (5 templates")


def test_an_interval_off_zero_that_is_no_verdict_says_why() -> None:
    """Ten comparisons: what one alone would show does not survive Holm's correction, and the interval looks as if."""
    rng = np.random.default_rng(13)
    arms = Arms(suite(*map(choice, NAMES)), ("q8_0", "q4_k_m"), replicate=False)
    before = {name: answers(rng, 400) for name in NAMES}
    lost = before["triage"].copy()
    lost[np.flatnonzero(lost)[:12]] = 0
    gained = np.flatnonzero(before["triage"] == 0)[:2]
    lost[gained] = 1
    records = [measured(arms.baseline, *(frame(name, {"acc": before[name]}) for name in NAMES))]
    for quant in arms.quants:
        scores = {**before, **({"triage": lost} if quant == "q4_k_m" else {})}
        records.append(measured(arms.candidate(quant), *(frame(name, {"acc": scores[name]}) for name in NAMES)))
    found = by_task(analyse(arms.plan, records))["triage"]
    assert found.pvalue < 0.05 < found.pvalue_holm
    assert found.high < 0
    assert (found.verdict, found.note) == (
        Verdict.INCONCLUSIVE,
        "a change taken alone, but not after correction for all tasks and quantizations",
    )


def test_the_items_that_would_decide_count_with_the_correction_for_many_tests() -> None:
    """A loss that alone is significant and after Holm is not needs more than it would alone, not one item more."""
    arms = Arms(suite(*map(choice, NAMES)), replicate=False)
    before = answers(np.random.default_rng(8), 400)
    after = before.copy()
    after[np.flatnonzero(before == 1)[:14]] = 0
    after[np.flatnonzero(before == 0)[:3]] = 1
    same = [frame(name, {"acc": before}) for name in NAMES]
    lost = [frame(NAMES[0], {"acc": after}), *same[1:]]
    records = [measured(arms.baseline, *same), measured(arms.candidate(), *lost)]
    one = by_task(analyse(arms.plan, records))[NAMES[0]]
    assert one.pvalue < 0.05 < one.pvalue_holm
    assert one.items_needed is not None
    assert one.items_needed > 1.2 * items_to_decide(400, one.flip_rate, one.delta, one.margin)
