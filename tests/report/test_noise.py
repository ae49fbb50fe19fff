"""The noise tables, over analyses computed from records."""

import msgspec
import numpy as np

from harness.core.verdict import Analysis
from harness.report import noise
from harness.report.frame import tidy
from harness.report.sentence import headline
from harness.report.tables import Table
from harness.report.view import View
from tests.compare.arms import answers
from tests.compare.test_noise import bridged, compared, noisy


def texts(table: Table) -> list[dict[str, str]]:
    """Rows by column, main text and second line together."""
    rows = ([f"{cell.text} {cell.detail}".strip() for cell in row] for row in table.rows)
    return [dict(zip(table.columns, row, strict=True)) for row in rows]


def example(replicates: int) -> Analysis:
    runs = noisy(np.random.default_rng(1), replicates + 2)
    return compared(runs[:-1], runs[-1])


def test_every_replicate_has_a_row_that_says_what_was_changed() -> None:
    rows = texts(noise.replicates(View(example(3))))
    assert [row["Changed"] for row in rows] == ["order", "orderorder", "orderorderorder"]
    assert all(row["Flip rate"] != "0.00 %" for row in rows)


def test_a_candidate_stands_beside_the_noise_with_the_second_margin() -> None:
    (row,) = texts(noise.beside(View(example(3))))
    assert row["One more run"].startswith("p 0.")
    assert row["Band"].startswith("±")
    assert "points" in row["At noise"] or "point" in row["At noise"]
    assert row["Same items"].count("[") == 1


def test_what_is_not_known_stays_empty() -> None:
    (row,) = texts(noise.beside(View(example(0))))
    assert (row["A/A flips"], row["Band"], row["One more run"], row["At noise"]) == ("", "", "", "")
    assert row["Flips"].endswith("%")


def test_bridges_show_runtime_quantization_and_their_sum() -> None:
    (row,) = texts(noise.bridges(View(bridged())))
    assert row["Arms"] == "Q4_0 on b against F16 on a"
    assert "degraded" in row["Runtime"]
    assert "equivalent" in row["Quantization"]
    assert row["Both"].startswith("−")
    assert noise.bridges(View(example(1))).rows == ()


def test_a_bridge_without_candidates_is_shown_alone() -> None:
    found = bridged()
    only = [one for one in found.comparisons if one.kind == "bridge"]
    view = View(msgspec.structs.replace(found, comparisons=tuple(only), claims=()))
    (row,) = texts(noise.bridges(view))
    assert row["Arms"] == "F16 on b against F16 on a"
    assert "degraded" in row["Runtime"]
    assert (row["Quantization"], row["Both"]) == ("", "")
    assert "full precision only" in headline(view)
    assert headline(view).endswith("No quantization was compared.")


def test_replicates_that_change_nothing_are_one_sentence() -> None:
    scores = answers(np.random.default_rng(2), 300)
    assert noise.silence(View(compared([scores] * 3, scores))).endswith("None of 600 answers changed its score.")
    assert noise.silence(View(example(1))) == ""
    assert noise.silence(View(example(0))) == ""


def test_the_noise_beside_a_comparison_is_flat_in_the_tidy_table() -> None:
    found = tidy(View(example(3)))
    row = found[found["section"] == "quality"].iloc[0]
    assert row["noise_runs"] == 4
    assert row["noise_fixed_low"] < row["noise_fixed"] < row["noise_fixed_high"]
    assert row["noise_at_noise"] in {"equivalent", "inconclusive", "degraded", "improved"}
    assert row["noise_margin"] >= 0.01
    assert "noise" not in found.columns
