"""The pareto picture: what lies on the front, and what is hollow or crossed out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.core.record import Completed, Flag
from harness.core.verdict import Analysis, Scored
from harness.report.pareto import Spot, marked_front, pareto_panels
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.loaded import SWEEP
from tests.report.pieces import arm

NOTHING = "no information: baseline at chance"


def spot(name: str, cost: float, change: float, state: str = "", model: str = "m") -> Spot:
    return Spot(name, model, Scored(cost, cost, cost), Scored(change, change, change), state)


def front(spots: list[Spot], more: bool) -> set[str]:
    return {one.arm for one in marked_front(spots, more) if one.front}


SPOTS = [spot("f16", 7, 0.0, "baseline"), spot("q8", 4, 0.0), spot("q4", 2, -0.01), spot("bad", 3, -0.2)]


@pytest.mark.parametrize(("more", "names"), [(False, {"q8", "q4"}), (True, {"f16"})])
def test_on_the_front_is_what_none_beats_in_both(more: bool, names: set[str]) -> None:
    assert front(SPOTS, more) == names


def test_an_invalid_cost_is_on_no_front_and_beats_none() -> None:
    spots = [*SPOTS, spot("odd", 1, 0.1, "invalid")]
    assert front(spots, False) == {"q8", "q4"}


def test_models_have_fronts_of_their_own() -> None:
    other = [replace_model(one) for one in SPOTS]
    assert front([*SPOTS, *other], False) == {"q8", "q4", "q8 n", "q4 n"}


def replace_model(one: Spot) -> Spot:
    return Spot(f"{one.arm} n", "n", Scored(one.cost.score + 9, 0, 0), one.change, one.state)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-9, 0)), min_size=1, max_size=9), st.booleans())
def test_every_spot_is_on_the_front_or_beaten_by_one_that_is(pairs: list[tuple[int, int]], more: bool) -> None:
    spots = marked_front([spot(str(at), *pair) for at, pair in enumerate(pairs)], more)
    best = [one for one in spots if one.front]
    assert best
    side = 1 if more else -1
    for one in spots:
        beaten = any(
            side * other.cost.score >= side * one.cost.score and other.change.score >= one.change.score
            for other in best
        )
        assert beaten


def test_each_cost_has_a_panel_that_tells_the_front(measured: Analysis) -> None:
    panels = pareto_panels(View(measured))
    titles = [panel.title for panel in panels]
    assert titles == ["Decode, single stream", "Peak memory", "Energy, single stream", "Weights"]
    assert "Q4_K_M −0.5 points at 911 tok/s (on the front)" in panels[0].alt
    assert panels[0].alt.endswith("Q2_K −18.6 points at 882 tok/s.")
    assert {(one.arm, one.part) for one in panels[3].drawn} >= {(arm("q2_k"), "front"), (arm("f16"), "")}


def test_inconclusive_and_invalid_points_are_told(measured: Analysis) -> None:
    slow = Flag("invalid", "the client lags", SWEEP[0])
    flagged = tuple(
        replace(one, outcome=replace(one.outcome, flags=(slow,)))
        if isinstance(one, Completed) and one.run.cell.arm == arm("q8_0") and one.run.cell.kind == "load"
        else one
        for one in measured.records
    )
    open_ones = tuple(
        replace(one, note=NOTHING) if one.candidate_arm == arm("q4_k_m") and at % 2 else one
        for at, one in enumerate(measured.comparisons)
    )
    panel = pareto_panels(View(replace(measured, records=flagged, comparisons=open_ones)))[0]
    states = {one.arm: one.state for one in panel.drawn}
    assert states[arm("q8_0")] == "invalid"
    assert states[arm("q4_k_m")] == "inconclusive"
    assert states[arm("q2_k")] == ""


def test_without_quality_or_cost_there_is_no_panel() -> None:
    base = only(analysis(), ("q8_0",), ("code",))
    assert pareto_panels(View(replace(base, comparisons=()))) == []
    bare = replace(base, speed=(), arms=tuple(replace(one, weights_bytes=None) for one in base.arms))
    assert pareto_panels(View(bare)) == []
    assert all(math.isfinite(one.x.score) for panel in pareto_panels(View(base)) for one in panel.drawn)
