"""Analyses with parts missing: the report says what is not there and does not fall over."""


from msgspec.structs import replace

from harness.core.record import Failed
from harness.core.verdict import Analysis
from harness.report import html, markdown
from harness.report.document import compose
from harness.report.frame import tidy
from harness.report.sentence import headline
from harness.report.view import View
from tests.report.example import analysis, only, run
from tests.report.pieces import cell


def rendered(one: Analysis) -> str:
    """Both forms, since both have to hold."""
    document = compose(View(one))
    return markdown.render(document) + html.render(document)


def test_a_run_without_speed_says_so() -> None:
    text = rendered(replace(only(analysis(), ("q8_0", "q2_k"), ("code",)), speed=()))
    assert "Speed was not measured in this run." in text
    assert "Decode speed" not in text
    assert "Q8_0 is equivalent on all 5 tasks; Q2_K degraded on all 5." in text


def test_a_run_without_quality_says_so() -> None:
    text = rendered(replace(analysis(), comparisons=(), claims=(), diagnostics=()))
    assert "Q8_0 decodes 1.22× as fast as F16" in text
    assert "Quality was not compared." in text
    assert "Quality was not compared in this run." in text
    assert "704 tok/s" in text


def test_a_run_in_which_every_cell_failed_names_each_reason() -> None:
    records = tuple(
        Failed(run(cell(quant)), "timeout", f"{quant} took too long", None, "") for quant in ("f16", "q8_0")
    )
    arms = tuple(replace(one, weights_bytes=None, sha256="", scores=()) for one in analysis().arms[:2])
    base = analysis()
    text = rendered(
        replace(base, records=records, arms=arms, comparisons=(), claims=(), diagnostics=(), speed=(), inputs=())
    )
    assert "nothing could be compared; 0 of 35 cells measured. 2 failed, first with timeout: f16 took too long." in text
    assert "f16 took too long" in text
    assert "q8_0 took too long" in text
    assert "0 of 35 planned cells were measured." in text


def test_nothing_at_all_still_gives_a_report() -> None:
    base = analysis()
    empty = Analysis(replace(base.plan, cells=(), pairs=(), skips=()), (), (), (), (), (), (), ())
    assert "nothing could be compared" in rendered(empty)
    assert tidy(View(empty)).empty


def test_a_single_candidate_and_task_are_enough() -> None:
    text = rendered(only(analysis(), ("q2_k",), ("code",)))
    assert "Q2_K" in text
    assert "▼ −8.5" in text
    assert "Q4_K_M" not in text


def test_a_claim_across_runtimes_is_not_made_in_the_headline() -> None:
    base = analysis()
    arms = tuple(replace(one, runtime=one.runtime if one.is_baseline else "mlx") for one in base.arms)
    text = headline(View(replace(base, arms=arms)))
    assert "equivalent" not in text
    assert "no claim for Q8_0 on mlx, Q6_K on mlx" in text
    assert text.endswith("since the runtimes differ.")


def test_a_time_that_no_calendar_holds_in_utc_is_no_day() -> None:
    base = only(analysis(), ("q8_0",))
    first = base.records[0]
    odd = replace(first, run=replace(first.run, started="0001-01-01T00:00:00+05:00"))
    assert View(replace(base, records=(odd,))).day is None
