"""The panels of speed: which are drawn of what, what their text alternatives say, and why others are not there."""

import pytest
from msgspec.structs import replace

from harness.core.verdict import Analysis
from harness.report.bars import energy_panels, memory_panels, roofline_panels
from harness.report.blocks import Prose
from harness.report.chapters import of_speed
from harness.report.curves import depth_panels, distribution_panels, load_panels, round_panels
from harness.report.panels import Panel
from harness.report.plots import pictures
from harness.report.strokes import strokes
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.loaded import loaded


@pytest.fixture(scope="module")
def view() -> View:
    return View(loaded())


def titles(panels: list[Panel]) -> list[str]:
    return [panel.title for panel in panels]


def test_a_sweep_is_drawn_as_latency_against_throughput(view: View) -> None:
    panels = load_panels(view)
    assert titles(panels) == ["TTFT", "TPOT", "Throughput"]
    assert "F16 21." in panels[0].alt
    assert "at 64 concurrent" in panels[0].alt
    assert "Q2_K" in panels[0].alt
    assert "(1 invalid)" in panels[0].alt


def test_an_invalid_end_is_in_no_curve(view: View) -> None:
    said = next(part for part in load_panels(view)[2].alt.split(";") if "Q2_K" in part)
    assert "at 32 concurrent (1 invalid)" in said


def test_other_panels_name_what_they_show(view: View) -> None:
    assert titles(distribution_panels(view)) == [f"{name}, {at}" for at in ("single stream", "64 concurrent")
                                                 for name in ("TTFT", "TPOT")]  # fmt: skip
    assert "Q2_K ✕ invalid" in distribution_panels(view)[2].alt
    assert titles(depth_panels(view)) == ["Decode, single stream"]
    assert titles(round_panels(view)) == ["Decode, single stream", "TTFT, single stream", "Throughput, 64 concurrent"]
    assert "round 2 flagged" in round_panels(view)[0].alt


def test_the_parts_of_memory_add_up_to_what_was_measured(view: View) -> None:
    (panel,) = memory_panels(view)
    assert "F16 Weights 7.2 MiB, KV cache 12.0 MiB, Activations 5.5 MiB, rest of the process 43.5 MiB" in panel.alt


def test_energy_and_roofline_say_what_is_invalid(view: View) -> None:
    whole = ["Energy, single stream", "Energy, 64 concurrent"]
    assert titles(energy_panels(view)) == [*whole, "Prefill energy, single stream", "Decode energy, single stream"]
    assert "Q2_K invalid" in energy_panels(view)[1].alt
    assert "F16 62 % and 41 %" in roofline_panels(view)[0].alt


def test_arms_are_told_apart_without_colour() -> None:
    looks = [(one.marker, str(one.dashes)) for one in strokes(View(analysis())).values()]
    assert len(set(looks)) == len(looks) == 8


def test_where_a_picture_is_missing_one_line_says_why() -> None:
    sections = of_speed(View(only(analysis(), ("q8_0",))), {})
    said = [block.text for section in sections for block in section.blocks if isinstance(block, Prose)]
    starts = ["No curve of latency against", "No curves of latencies over", "No curve of decode speed"]
    starts += [f"No picture {what}" for what in ("round by round", "of where memory", "of energy", "of bandwidth")]
    for start in starts:
        assert sum(text.startswith(start) for text in said) == 1, start


def test_the_same_figures_come_out_to_the_byte() -> None:
    small = _small(loaded())
    first, again = (pictures(View(small)) for _ in range(2))
    assert {one.key for one in first} == {"memory", "roofline"}
    assert [(one.svg, one.png, one.panels) for one in first] == [(one.svg, one.png, one.panels) for one in again]


def _small(base: Analysis) -> Analysis:
    """Two figures, which is quick to draw."""
    wanted = ("weights_memory", "kv_memory", "peak_memory", "bandwidth_share", "bandwidth_share_nominal")
    kept = tuple(one for one in base.speed if one.name in wanted)
    arms = tuple(replace(one, scores=(), weights_bytes=None) for one in base.arms)
    return replace(base, comparisons=(), speed=kept, rounds=(), latencies=(), arms=arms)


def test_nothing_is_drawn_of_arms_that_are_all_invalid(view: View) -> None:
    only_bad = tuple(one for one in view.analysis.arms if one.quant == "q2_k")
    kept = View(replace(view.analysis, arms=only_bad))
    assert titles(distribution_panels(kept)) == ["TTFT, single stream", "TPOT, single stream"]
