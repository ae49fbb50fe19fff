"""Exactly those items are listed whose score changed, and they are called what the report's counts call them."""

from typing import Any

import numpy as np
import pytest

from harness.compare.analyse import analyse
from harness.report.items.changed import KINDS, find
from harness.report.view import View
from tests.compare.arms import Arms, answers, flipped, frame, measured, suite
from tests.report.items.made import compared, extraction, reader


def _listed(*scores: list[float], **task: Any) -> list[tuple[str, str, float, float]]:
    analysis, runs = compared({"f16": scores[0], "q4_k_m": scores[1]}, extraction(**task))
    return [
        (str(name), KINDS[kind], before, after)
        for one in find(View(analysis), reader(runs))
        for name, kind, before, after in zip(one.names, one.kind, one.before.tolist(), one.after.tolist(), strict=True)
    ]


def test_flips_are_the_items_that_the_comparison_counts() -> None:
    rng = np.random.default_rng(3)
    before = answers(rng, 500)
    scores = {"f16": before, "q8_0": flipped(rng, before, 0.02, 0.1), "q2_k": flipped(rng, before, 0.3, 0.3)}
    analysis, runs = compared(scores)
    found = {one.comparison.candidate_arm: one for one in find(View(analysis), reader(runs))}
    for one in analysis.comparisons:
        kinds = [KINDS[kind] for kind in found[one.candidate_arm].kind]
        assert (kinds.count("lost"), kinds.count("gained")) == (one.lost, one.gained)
        assert len(kinds) == (one.lost or 0) + (one.gained or 0) > 5


def test_a_score_that_is_not_just_right_or_wrong_is_worse_or_better() -> None:
    assert _listed([0.5, 0.5, 1, 0, 0.25], [0.25, 0.5, 0, 1, 1]) == [
        ("i00000", "worse", 0.5, 0.25), ("i00002", "lost", 1.0, 0.0),
        ("i00003", "gained", 0.0, 1.0), ("i00004", "better", 0.25, 1.0),
    ]


def test_where_lower_is_better_a_rising_score_is_a_loss() -> None:
    found = _listed([0, 1, 0.25], [1, 0, 0.5], higher_is_better=False)
    assert found == [("i00000", "lost", 0.0, 1.0), ("i00001", "gained", 1.0, 0.0), ("i00002", "worse", 0.25, 0.5)]


def test_samples_of_an_item_are_one_row_with_their_mean() -> None:
    names = [f"i{number // 2}" for number in range(6)]
    columns: dict[str, Any] = {"item_id": names, "sample": [0, 1] * 3, "prompt_hash": names}
    analysis, runs = compared({"f16": [1, 1, 1, 0, 0, 0], "q4_k_m": [1, 0, 0, 1, 0, 0]}, **columns)
    (found,) = find(View(analysis), reader(runs))
    assert list(found.names) == ["i0"]
    assert (found.before[0], found.after[0], KINDS[found.kind[0]]) == (1.0, 0.5, "worse")


def test_the_baselines_own_replicates_change_nothing() -> None:
    arms = Arms(suite(extraction()), ("q4_k_m",))
    scores = {"f16": [1, 1, 0.0], "noise": [0, 1, 0.0], "q4_k_m": [1, 0, 0.0]}
    runs = {
        name: measured(cell, frame("extract", {"exact_match": scores[name]}))
        for name, cell in (("f16", arms.baseline), ("noise", arms.noise), ("q4_k_m", arms.candidate()))
    }

    found = find(View(analyse(arms.plan, list(runs.values()))), reader(runs))
    assert [(one.comparison.kind, list(one.names)) for one in found] == [("quality", ["i00001"])]


@pytest.mark.parametrize("other", [{"prompt_hash": "another"}, {"item_id": ["x", "y"]}])
def test_arms_that_cannot_be_laid_side_by_side_list_nothing(other: dict[str, object]) -> None:
    arms = Arms(suite(extraction()), ("q4_k_m",), replicate=False)

    runs = {
        "f16": measured(arms.baseline, frame("extract", {"exact_match": [1, 0]})),
        "q4_k_m": measured(arms.candidate(), frame("extract", {"exact_match": [0, 0]}, **other)),
    }
    assert find(View(analyse(arms.plan, list(runs.values()))), reader(runs)) == []


def test_members_of_a_group_are_one_task() -> None:
    arms = Arms(suite(extraction("mmlu")), ("q4_k_m",), replicate=False)

    runs = {
        cell.quant: measured(cell, *(frame(f"mmlu_{name}", {"exact_match": scores}) for name in ("art", "law")))
        for cell, scores in ((arms.baseline, [1, 1]), (arms.candidate(), [1, 0]))
    }
    (found,) = find(View(analyse(arms.plan, list(runs.values()))), reader(runs))
    assert list(found.names) == ["mmlu_art/i00001", "mmlu_law/i00001"]
