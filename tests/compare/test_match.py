"""Guards: what must agree before two arms may be compared, each failing loudly and dropping nothing."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from harness.compare.analyse import analyse
from harness.core.verdict import Comparison, Verdict
from tests.compare.arms import Arms, choice, frame, measured, pair, plan_of, quality_cell, suite

N = 200
SCORES = (np.arange(N) % 5 > 0).astype(float)


def plain(**columns: object) -> pd.DataFrame:
    """One arm's items."""
    return frame("triage", {"acc": SCORES}, **columns)


def compared(before: pd.DataFrame, after: pd.DataFrame) -> Comparison:
    """Baseline and candidate with these items."""
    arms = Arms(suite(choice("triage")), replicate=False)
    return analyse(arms.plan, [measured(arms.baseline, before), measured(arms.candidate(), after)]).comparisons[0]


def _scores(value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(items: pd.DataFrame) -> pd.DataFrame:
        changed = items.copy()
        changed.loc[3, "score"] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda items: items.iloc[1:], "1 items are missing in the candidate (first: i00000)"),
        (lambda items: items.assign(item_id=items.item_id + "x"), "200 items are missing in the candidate"),
        (lambda items: pd.concat([items, items.iloc[:2]]), "2 item ids are repeated in the candidate"),
        (lambda items: items.assign(prompt_hash="p"), "prompts differ on 200 of 200 items"),
        (lambda items: items.assign(first_tokens="1,1,7"), "the first token ids differ on 200 items (1,7,9 and 1,1,7"),
        (lambda items: items.assign(metric="f1"), "metric acc is not in the candidate's items (found: f1)"),
        (lambda items: pd.concat([items, items.iloc[:1].assign(sample=1)]), "from 1 to 2 samples"),
        (_scores(float("nan")), "acc of item i00003 in the candidate is nan"),
        (_scores(42.0), "acc of item i00003 in the candidate is 42, not a score from 0 to 1"),
        (lambda items: items.assign(task="other"), "the candidate has no items of triage"),
    ],
)
def test_what_does_not_match_is_broken_with_the_reason(
    change: Callable[[pd.DataFrame], pd.DataFrame], reason: str
) -> None:
    found = compared(plain(), change(plain()))
    assert found.verdict is Verdict.BROKEN
    assert reason in found.note
    assert {row.verdict for row in found.margins} == {Verdict.BROKEN}


def test_the_order_of_items_does_not_matter() -> None:
    shuffled = plain().sample(frac=1, random_state=1)
    assert compared(plain(), shuffled).flip_rate == 0


def test_first_tokens_that_one_arm_does_not_know_are_not_held_against_it() -> None:
    assert compared(plain(), plain(first_tokens="")).verdict is not Verdict.BROKEN


def test_answers_cut_off_more_often_are_broken_and_keep_their_numbers() -> None:
    cut = np.where(np.arange(N) < 30, "length", "stop")
    worse = frame("triage", {"acc": SCORES * (np.arange(N) >= 30)}, finish_reason=cut)
    found = compared(plain(), worse)
    assert found.verdict is Verdict.BROKEN
    assert found.cap_hits == (0.0, 0.15)
    assert "0.0 % of the baseline's and 15.0 % of the candidate's answers hit a limit; raise" in found.note
    assert found.delta < -0.1
    assert found.second_opinion == "without the 30 items cut off in either arm: +0.0 points on 170"


def test_a_loss_that_cut_off_answers_cannot_explain_stands_with_conservative_numbers() -> None:
    """An arm that loops for ever hits any limit; raising it would not bring back what the other answers lost."""
    number = np.arange(N)
    cut = np.where(number < 30, "length", "stop")
    worse = frame("triage", {"acc": SCORES * (number >= 90)}, finish_reason=cut)
    found = compared(plain(), worse)
    assert found.verdict is Verdict.DEGRADED
    assert found.note.startswith("beyond the margin; at least this much")
    assert "(0.0 % and 15.0 %)" in found.note
    assert "as scored the difference is −36.0 points" in found.note
    assert found.delta == pytest.approx((6 - 48) / N)  # of 30 cut off 6 count as gained, of the other 60 lost are 48
    assert found.candidate.score == pytest.approx(found.baseline.score + found.delta)


def test_a_gain_that_only_cut_off_answers_make_is_still_broken() -> None:
    cut = np.where(np.arange(N) < 60, "length", "stop")
    found = compared(plain(), plain(finish_reason=cut))
    assert found.verdict is Verdict.BROKEN
    assert found.delta == 0
    assert math.isnan(found.pvalue_holm)


def test_answers_cut_off_equally_often_are_compared() -> None:
    cut = np.where(np.arange(N) < 30, "context", "stop")
    assert compared(plain(finish_reason=cut), plain(finish_reason=cut[::-1])).verdict is not Verdict.BROKEN


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"suite_digest": "other"}, "suites differ"),
        ({"limit": 5}, "item limits differ: None and 5"),
        ({"seed": 9}, "seeds differ: 1 and 9"),
    ],
)
def test_cells_that_ask_other_questions_are_not_compared(changes: dict[str, object], reason: str) -> None:
    tasks = suite(choice("triage"))
    baseline, candidate = quality_cell(tasks, "f16"), quality_cell(tasks, "q4_0", **changes)  # type: ignore[arg-type]
    plan = plan_of(tasks, [baseline, candidate], [pair("quality", candidate, baseline)])
    found = analyse(plan, [measured(baseline, plain()), measured(candidate, plain())]).comparisons[0]
    assert found.verdict is Verdict.BROKEN
    assert reason in found.note
