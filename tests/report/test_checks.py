"""Remarks that no other table has: arms that computed in another precision than what they are compared with."""

from msgspec.structs import replace

from harness.core.record import Completed
from harness.core.runtime import Detail
from harness.core.verdict import Analysis
from harness.report.checks import guards, precisions
from harness.report.glossary import terms
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.pieces import arm
from tests.report.test_speed import rows


def computed(types: dict[str, str]) -> Analysis:
    """F16 and two candidates, whose engines tell what they compute in."""
    base = only(analysis(), ("q8_0", "q2_k"), ("code",))
    records = tuple(
        replace(one, outcome=replace(one.outcome, facts=replace(one.outcome.facts, details=(Detail("dtype", said),))))
        if isinstance(one, Completed) and (said := types.get(one.run.cell.quant))
        else one
        for one in base.records
    )
    return replace(base, records=records)


def test_a_candidate_computed_in_another_type_than_its_baseline_is_remarked() -> None:
    view = View(computed({"f16": "float32", "q8_0": "bfloat16", "q2_k": "float32"}))
    assert [name for name, _ in precisions(view)] == [arm("q8_0")]
    said = next(row for row in rows(guards(view)) if row["What"] == "computed in another precision")
    assert said["Quantization"] == "Q8_0"
    assert said["Detail"].startswith("bfloat16, the baseline in float32")


def test_where_an_engine_does_not_tell_nothing_is_guessed() -> None:
    assert precisions(View(computed({"q8_0": "bfloat16"}))) == []
    assert precisions(View(computed({"f16": "float32", "q8_0": "float32"}))) == []


def test_the_glossary_has_the_verdicts_and_the_readings_that_were_taken(measured: Analysis) -> None:
    words = {cells[0].text for cells in terms(View(measured)).rows}
    assert {"≈ equivalent", "? inconclusive", "Margin", "TTFT", "Cost"} <= words
    assert "Goodput" not in words
