"""The sentence of every kind of run: true, with counts, and with what is not known in it."""

import math

from msgspec.structs import replace

from harness.core.verdict import Analysis, Comparison, Scored, SpeedComparison
from harness.report.sentence import headline, kind, title
from harness.report.view import View
from tests.compare.test_noise import bridged
from tests.report.example import analysis, only
from tests.report.loaded import SWEEP, loaded
from tests.report.pieces import arm


def said(one: Analysis) -> str:
    return headline(View(one))


def fast(one: Analysis) -> Analysis:
    """Without any quality."""
    return replace(one, comparisons=(), claims=(), diagnostics=())


def sped(quant: str, **changes: object) -> Analysis:
    """Speed of one quantization, its decode at the lightest step changed."""
    base = fast(only(loaded(), (quant,)))
    found = [
        replace(one, **changes) if (one.name, one.step) == ("decode", SWEEP[0]) else one
        for one in base.speed
    ]
    return replace(base, speed=tuple(found))


def test_quality_names_every_candidate_with_its_counts() -> None:
    assert said(analysis()) == (
        "pocket on cpu, against F16 within 2 points: Q8_0, Q6_K and Q5_K_M are equivalent on all 5 tasks; "
        "Q4_K_M equivalent on 2 of 5 (2 inconclusive, 1 improved); Q4_0 degraded on 2 of 5 (1 broken, 2 equivalent); "
        "Q3_K_M degraded on 2 of 5 (2 inconclusive, 1 no information); Q2_K degraded on all 5."
    )


def test_the_first_clause_says_what_is_counted() -> None:
    text = said(only(analysis(), ("q4_k_m", "q2_k")))
    assert "Q4_K_M is equivalent on 2 of 5 tasks (2 inconclusive, 1 improved); Q2_K degraded on all 5." in text


def test_of_many_candidates_the_rest_is_counted() -> None:
    base = analysis()
    one = base.claims[0]
    claims = tuple(replace(one, tasks=20, equivalent=at, inconclusive=20 - at) for at in range(11))
    text = said(replace(base, claims=claims))
    assert text.count("inconclusive") == 8
    assert text.endswith("3 more in the table.")


def test_speed_alone_has_the_ratio_and_its_interval() -> None:
    text = said(fast(only(loaded(), ("q4_k_m",))))
    assert text.startswith("pocket on cpu, single stream: Q4_K_M decodes 1.38× as fast as F16, [1.3")
    assert text.endswith("(flagged). Quality was not compared.")


def test_a_ratio_that_may_be_nothing_is_called_inconclusive() -> None:
    text = said(sped("q8_0", ratio=Scored(0.91, 0.06, 13.2), verdict="inconclusive"))
    assert "Q8_0 decodes 0.91× as fast as F16, [0.06, 13.20] (inconclusive)" in text


def test_a_ratio_within_the_margin_is_called_the_same() -> None:
    text = said(sped("q8_0", ratio=Scored(1.0, 0.99, 1.01), verdict="same"))
    assert "1.00× as fast as F16, [0.99, 1.01] (the same within 3 %)" in text


def test_a_ratio_of_one_round_has_no_interval_and_says_so() -> None:
    assert "as fast as F16, no interval" in said(sped("q8_0", ratio=Scored(1.3, math.nan, math.nan), verdict=""))


def test_an_invalid_speed_is_no_figure_and_comes_last() -> None:
    base = fast(only(loaded(), ("q4_k_m", "q2_k")))
    lag = "loop lag 12.5 % of TPOT"
    records = tuple(_everywhere(one, lag) for one in base.records)
    text = said(replace(base, records=records))
    assert "no valid decode speed is known of Q2_K. Quality" in text
    assert "Q4_K_M decodes 1.38× as fast as F16" in text


def _everywhere(record: object, reason: str) -> object:
    """The flag with this reason holds at every step."""
    outcome = getattr(record, "outcome", None)
    if outcome is None:
        return record
    flags = tuple(replace(one, step=None) if one.reason == reason else one for one in outcome.flags)
    return replace(record, outcome=replace(outcome, flags=flags))  # type: ignore[type-var]


def test_without_a_baseline_nothing_is_said_of_what_quantization_costs() -> None:
    base = fast(only(analysis(), ("q8_0",)))
    speed: list[SpeedComparison] = []
    for one in base.speed:
        speed.append(replace(one, baseline_arm="", baseline=None, ratio=None))
    text = said(replace(base, arms=base.arms[1:], speed=tuple(speed)))
    assert text.startswith("pocket on cpu: Q8_0 measured without a baseline, so nothing is said")
    assert text.endswith("Decode: Q8_0 859 tok/s, [833, 885].")


def test_runtimes_alone_are_told_from_quantization() -> None:
    base = bridged()
    found: tuple[Comparison, ...] = tuple(one for one in base.comparisons if one.kind == "bridge")
    text = said(replace(base, comparisons=found, claims=()))
    assert "full precision only: F16 on b is equivalent to F16 on a within 2 points on none of" in text
    assert text.endswith("No quantization was compared.")


def test_imported_results_are_not_put_on_a_box() -> None:
    base = analysis()
    text = said(replace(base, plan=replace(base.plan, hw="imported")))
    assert text.startswith("pocket measured elsewhere (imported), against F16")


def test_perplexity_alone_carries_no_verdict() -> None:
    base = replace(only(analysis(), ("q8_0",)), comparisons=(), speed=())
    empty = tuple(replace(one, tasks=0, equivalent=0) for one in base.claims)
    text = said(replace(base, claims=empty))
    assert "perplexity and divergence of Q8_0 are shown, which carry no verdict" in text
    assert "nothing is claimed about answers" in text


def test_a_run_cut_short_says_so_first() -> None:
    base = analysis()
    text = said(replace(base, records=base.records[:9]))
    assert text.startswith("Not finished, 9 of 35 cells so far: pocket on cpu, against F16")


def test_rounds_that_were_not_needed_are_not_missing() -> None:
    base = loaded()
    last = base.records[-1].run.cell.id
    ended = tuple(replace(one, not_needed=(last,)) for one in base.repeats)
    assert "Not finished" not in said(replace(base, records=base.records[:-1], repeats=ended))


def test_the_title_says_what_the_run_is_about() -> None:
    assert title(View(analysis())) == "What quantization costs: pocket on cpu"
    assert title(View(fast(analysis()))) == "How fast the quantizations run: pocket on cpu"
    assert kind(View(bridged())) == "quality"


def test_every_verdict_of_an_arm_is_in_its_counts() -> None:
    base = only(analysis(), ("q4_0",))
    text = said(base)
    claim = next(one for one in base.claims if one.candidate_arm == arm("q4_0"))
    assert f"degraded on {claim.degraded} of {claim.tasks} tasks" in text
    for count, word in ((claim.equivalent, "equivalent"), (claim.broken, "broken")):
        assert f"{count} {word}" in text


def test_where_only_the_baseline_failed_the_candidate_keeps_its_valid_figure() -> None:
    text = said(sped("q8_0", ratio=None, baseline=None))
    assert "no ratio is known of Q8_0: the baseline has no valid rounds beside it. Quality" in text
    assert "no valid decode speed" not in text


def test_a_candidate_whose_load_failed_is_in_the_sentence() -> None:
    base = fast(only(loaded(), ("q8_0", "q2_k")))
    text = said(replace(base, speed=tuple(one for one in base.speed if one.candidate_arm != arm("q2_k"))))
    assert "Q8_0 decodes" in text
    assert text.endswith("no valid decode speed is known of Q2_K. Quality was not compared.")


def test_of_many_clauses_those_that_lost_are_said() -> None:
    base = analysis()
    claims = tuple(
        replace(one, tasks=20, equivalent=20 - at, degraded=at)
        for at, one in enumerate(base.claims[:1] * 10 + base.claims[-1:])
    )
    assert "Q2_K" in said(replace(base, claims=claims))
