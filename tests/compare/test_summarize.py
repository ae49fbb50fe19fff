"""The summary of a plan: what its analysis found, in a form that JSON keeps."""

from dataclasses import replace

import msgspec
import numpy as np

from harness.compare.analyse import analyse
from harness.compare.summarize import summarize
from harness.core.record import Flag
from harness.core.summary import Summary
from harness.core.verdict import Verdict
from tests.compare.arms import Arms, answers, choice, failed, frame, measured, suite
from tests.compare.test_speed import decode, plan


def test_verdicts_and_scores_are_those_of_the_analysis_and_survive_json() -> None:
    arms = Arms(suite(choice("triage")), ("q8_0", "q2_k"), replicate=False)
    right = answers(np.random.default_rng(1), 1_000)
    records = [measured(arms.baseline, frame("triage", {"acc": right}))]
    records += [measured(arms.candidate("q8_0"), frame("triage", {"acc": right})), failed(arms.candidate("q2_k"))]
    analysis = analyse(arms.plan, records)
    summary = summarize(analysis)
    by = {arm.quant: arm for arm in summary.arms}
    assert [one.verdict for one in by["q8_0"].verdicts] == [Verdict.EQUIVALENT]
    assert [one.verdict for one in by["q2_k"].verdicts] == [Verdict.BROKEN]
    assert by["q2_k"].verdicts[0].delta is None, "what is unknown is not NaN, which JSON has not"
    assert by["q8_0"].scores[0].score == by["f16"].scores[0].score == right.mean()
    assert by["f16"].is_baseline
    assert (by["q8_0"].baseline_arm, by["f16"].baseline_arm) == (by["f16"].arm, "")
    assert (summary.planned, summary.measured, summary.failed) == (3, 2, 1)
    assert len(summary.reasons) == 1
    assert msgspec.json.decode(msgspec.json.encode(summary), type=Summary) == summary


def test_what_ran_on_another_box_than_the_one_asked_for_is_marked() -> None:
    of, both = plan(2)
    records = [measured(cell, readings=decode(10.0)) for pair in both for cell in pair]
    assert not summarize(analyse(of, records)).elsewhere
    run = msgspec.structs.replace(records[1].record.run, hw_matches=False)
    records[1] = replace(records[1], record=msgspec.structs.replace(records[1].record, run=run))
    assert summarize(analyse(of, records)).elsewhere


def test_invalid_rounds_are_left_out_of_a_metric_and_shown_where_there_is_no_other() -> None:
    of, both = plan(3)
    bad = (Flag("invalid", "other work"),)
    records = [measured(before, readings=decode(10.0 + n), flags=bad) for n, (before, _) in enumerate(both)]
    after = [measured(cell, readings=decode(20.0 + 2 * n)) for n, (_, cell) in enumerate(both[:2])]
    records += [*after, measured(both[2][1], readings=decode(99.0), flags=bad)]
    none_left, kept = (arm.metrics[0] for arm in summarize(analyse(of, records)).arms)
    assert (kept.values, kept.value, kept.validity) == ((20.0, 22.0), 21.0, "valid")
    assert kept.low is not None
    assert kept.low < 21.0
    assert (none_left.values, none_left.validity) == ((10.0, 11.0, 12.0), "invalid")
