"""What a night measures: the oldest first, never without its baseline, and everything again within a bound."""

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from harness.core.cell import Cell, LoadWork, QualityWork
from harness.core.config import Artifact, Protocol
from harness.core.errors import NotFound
from harness.core.plan import Pair, Plan
from harness.core.record import Run, RunRecord, Skipped
from harness.core.repetition import Repetition
from harness.plan.rotation import tonight
from harness.store import write
from harness.store.layout import Layout
from harness.store.tries import Tried, tries
from tests.compare.arms import measured, run_of
from tests.plan.points import LOAD, SUITE

_HOUR = 3600.0
Durations = Callable[[Cell], float]


def _cell(quant: str, work: QualityWork | LoadWork, model: str = "m", replicate: int = 0) -> Cell:
    weights = Artifact("builtin", f"{quant}.gguf")
    return Cell("box", model, quant, "llama", "runners.runtimes.fake", weights, "", {}, work, replicate=replicate)


def _plan(candidates: Sequence[str], rounds: int = 0, baseline: str = "f16", model: str = "m") -> Plan:
    """Quality of a baseline with its replicate and of its candidates, and rounds of a load of all of them."""
    asked = QualityWork("tiny", "d", ("t",), None, 1)
    arms = [baseline, *candidates]
    quality = [_cell(arm, asked, model) for arm in arms]
    again = _cell(baseline, asked, model, replicate=1)
    speed = [[_cell(arm, LoadWork(LOAD, 1, number), model) for arm in arms] for number in range(rounds)]
    pairs = [Pair("aa", again.id, quality[0].id, again.arm, quality[0].arm)]
    for kind, cells in (("quality", quality), *(("speed", one) for one in speed)):
        pairs += [Pair(kind, one.id, cells[0].id, one.arm, cells[0].arm) for one in cells[1:]]  # type: ignore[arg-type]
    planned = (*quality, again, *(cell for one in speed for cell in one))
    return Plan("box", planned, tuple(pairs), (), SUITE, Protocol(), night="n")


class _Box:
    """Nights on a box where each cell takes as long as `takes` says; the first is that of January 2nd."""

    def __init__(self, takes: Durations) -> None:
        self.takes, self.tries, self.night = takes, dict[str, tuple[Tried, ...]](), 0

    def measures(self, plan: Plan, completed: Callable[[Cell], bool] = lambda _: True) -> None:
        self.night += 1
        for number, cell in enumerate(plan.cells):
            tried = Tried(f"{date(2026, 1, 1) + timedelta(self.night)}T{number:04}", self.takes(cell), completed(cell))
            self.tries[cell.id] = (tried, *self.tries.get(cell.id, ()))


def _arms(plan: Plan) -> list[str]:
    return list(dict.fromkeys(cell.quant for cell in plan.cells))


def _seconds(plan: Plan, takes: Durations) -> float:
    return sum(takes(cell) for cell in plan.cells)


def test_what_fits_is_measured_whole_and_is_the_same_plan() -> None:
    plan = _plan(["q8_0", "q4_k_m"], rounds=3)
    found = tonight(plan, {}, budget_hours=100)
    assert (found.cells, found.pairs, found.skips, found.id) == (plan.cells, plan.pairs, (), plan.id)
    assert (found.whole, found.budget_hours) == (plan.id, 100)


def test_what_does_not_fit_is_left_to_the_nights_that_follow_and_says_when_it_was_measured() -> None:
    plan, box = _plan(["a", "b", "c"]), _Box(lambda _: _HOUR)
    box.measures(plan)
    seen = []
    for _ in range(4):
        found = tonight(plan, box.tries, budget_hours=3)
        box.measures(found)
        seen.append(_arms(found)[1:])
    assert seen == [["a"], ["b"], ["c"], ["a"]]
    reasons = {skip.what: skip.reason for skip in found.skips}
    assert reasons == {
        "m b llama quality": "not tonight: no room left in 3 h; last measured 2026-01-04",
        "m c llama quality": "not tonight: no room left in 3 h; last measured 2026-01-05",
    }
    first = tonight(plan, {}, budget_hours=1.2)
    assert [skip.reason.partition("; ")[2] for skip in first.skips] == ["never measured as a whole"] * 2


def test_a_candidate_is_never_without_its_baseline_and_the_baselines_replicate() -> None:
    plan, box = _plan(["a", "b"], rounds=2), _Box(lambda cell: _HOUR if cell.kind == "quality" else 0.1 * _HOUR)
    for _ in range(6):
        found = tonight(plan, box.tries, budget_hours=3.2)
        box.measures(found)
        kept = {cell.id for cell in found.cells}
        assert all(pair.baseline in kept for pair in plan.pairs if pair.candidate in kept and pair.kind != "aa")
        assert sum(cell.replicate for cell in found.cells) == any(cell.kind == "quality" for cell in found.cells)
        assert {pair.candidate for pair in found.pairs} == {
            pair.candidate for pair in plan.pairs if pair.candidate in kept}


def test_a_reference_on_another_runtime_comes_along_too() -> None:
    own, far = _plan(["a"]), _plan([], baseline="far")
    pairs = (*own.pairs, Pair("bridge", own.cells[0].id, far.cells[0].id, "", ""))
    plan = structs.replace(own, cells=(*far.cells[:1], *own.cells), pairs=pairs)
    found = tonight(plan, {}, budget_hours=100)
    assert _arms(found) == ["far", "f16", "a"]
    box = _Box(lambda _: _HOUR)
    box.measures(plan)
    with pytest.raises(NotFound, match=r"the shortest, m a llama quality, takes 240.0 min"):
        tonight(plan, box.tries, budget_hours=3.9)


def test_a_budget_too_small_for_one_part_says_so_and_measures_the_others() -> None:
    plan, box = _plan(["huge", "b"]), _Box(lambda cell: 9 * _HOUR if cell.quant == "huge" else _HOUR)
    box.measures(plan)
    for _ in range(3):
        found = tonight(plan, box.tries, budget_hours=4)
        box.measures(found)
        assert _arms(found) == ["f16", "b"]
        assert found.skips[0].reason == (
            "not tonight, nor any night: 660.0 min with what it is compared with is more than the budget of 4 h, "
            "raise matrix.budget_hours; last measured 2026-01-02")


def test_a_budget_too_small_for_any_part_is_an_error_that_names_the_shortest() -> None:
    plan, box = _plan(["a", "b"]), _Box(lambda cell: 2 * _HOUR if cell.quant == "a" else _HOUR)
    box.measures(plan)
    with pytest.raises(NotFound, match=r"budget_hours=0\.5: the shortest, m b llama quality, takes 180\.0 min with"):
        tonight(plan, box.tries, budget_hours=0.5)


def test_what_was_never_measured_is_tried_however_long_it_may_take() -> None:
    found = tonight(_plan(["a", "b"]), {}, budget_hours=0.01)
    assert _arms(found) == ["f16", "a"]


def test_what_fails_every_night_takes_turns_with_the_others() -> None:
    plan, box = _plan(["broken", "b"]), _Box(lambda _: _HOUR)
    box.measures(plan)
    seen = []
    for _ in range(4):
        found = tonight(plan, box.tries, budget_hours=3)
        box.measures(found, completed=lambda cell: cell.quant != "broken")
        seen += _arms(found)[1:]
    assert seen == ["broken", "b", "broken", "b"]
    skips = {skip.what: skip.reason for skip in found.skips}
    assert skips["m broken llama quality"].endswith("last measured 2026-01-02")


def test_how_long_a_failure_took_says_nothing() -> None:
    plan = _plan(["hung", "crashed"])
    took = {"hung": (9 * _HOUR, False), "crashed": (0.0, False), "f16": (_HOUR, True)}
    box = _Box(lambda cell: took[cell.quant][0])
    box.measures(plan, completed=lambda cell: took[cell.quant][1])
    assert _arms(tonight(plan, box.tries, budget_hours=4)) == ["f16", "hung", "crashed"]
    assert _arms(tonight(plan, box.tries, budget_hours=3.5)) == ["f16", "hung"], "each as long as what is most alike"


def test_nights_that_put_a_cell_off_hide_none_of_its_attempts(tmp_path: Path) -> None:
    layout, cell = Layout(tmp_path), _cell("a", QualityWork("tiny", "d", ("t",), None, 1))
    later = Skipped(run_of(cell), "not tonight", later=True)
    for day in range(1, 8):
        run = structs.replace(later.run, started=f"2026-01-{day:02}T00:00:00Z", run_id=f"{day:08x}", seconds=60.0)
        write.attempt(layout, measured_in(run) if day == 1 else structs.replace(later, run=run), tmp_path)
    (layout.attempt(cell, "2026-01-08T00:00:00Z", "damaged")).mkdir()
    (layout.attempt(cell, "2026-01-08T00:00:00Z", "damaged") / "record.json").write_text("{}")
    assert tries(layout, [cell]) == {cell.id: (Tried("2026-01-01T00:00:00Z", 60.0, True),)}


def measured_in(run: Run) -> RunRecord:
    return structs.replace(measured(run.cell).record, run=run)


def test_rounds_that_run_only_where_they_are_needed_do_not_make_a_part_old() -> None:
    plan, box = structs.replace(_plan(["a", "b"], rounds=4), repetition=Repetition(2, 4, 0.03, 0)), _Box(lambda _: 60.0)
    first = structs.replace(plan, cells=tuple(
        cell for cell in plan.cells if cell.kind == "quality" or getattr(cell.work, "round", 0) < 2))
    box.measures(first)
    found = tonight(plan, box.tries, budget_hours=0.05)
    assert all("never" not in skip.reason for skip in found.skips)
    assert found.skips


def test_a_longer_estimate_comes_from_what_is_most_alike() -> None:
    plan, box = _plan(["a", "b"], rounds=1), _Box(lambda cell: {"f16": 60.0, "a": 120.0}.get(cell.quant, 1.0))
    box.measures(structs.replace(plan, cells=tuple(cell for cell in plan.cells if cell.quant != "b")))
    # Of b nothing is known: it counts as long as the longest of its model, twice 120 s, and with the baselines 420 s.
    with_b = tonight(plan, box.tries, budget_hours=421 / _HOUR)
    assert _arms(with_b) == ["f16", "b"]
    assert [cell.kind for cell in tonight(plan, box.tries, budget_hours=419 / _HOUR).cells].count("load") < 2


_HOURS = st.lists(st.floats(0.1, 1.0), min_size=1, max_size=8)


@given(_HOURS, st.floats(0.1, 1.0), st.floats(1.0, 3.0), st.integers(0, 2))
def test_everything_is_measured_again_and_again_within_the_bound(
    hours: list[float], baseline: float, slack: float, rounds: int
) -> None:
    names = [f"c{number}" for number in range(len(hours))]
    took = dict(zip(names, hours, strict=True)) | {"f16": baseline}

    def takes(cell: Cell) -> float:
        return _HOUR * took[cell.quant] / (1 if cell.kind == "quality" else 2)

    plan, box = _plan(names, rounds), _Box(takes)
    # Each part with its baselines: of quality with the replicate, of a load all rounds of both.
    alone = [hour + 2 * baseline for hour in hours] + [rounds * (hour + baseline) / 2 for hour in hours if rounds]
    budget = slack * max(alone) * 1.000001
    share = max(alone) / budget
    nights = math.ceil(sum(alone) / budget / (1 - share)) if share < 1 - 1e-5 else len(alone)
    nights = min(nights, len(alone))  # at least one part a night
    box.measures(plan)
    seen: list[set[str]] = []
    for _ in range(3 * nights):
        found = tonight(plan, box.tries, budget)
        assert _seconds(found, takes) <= budget * _HOUR * 1.000001
        box.measures(found)
        seen.append({cell.id for cell in found.cells})
    for start in range(len(seen) - nights + 1):
        assert set().union(*seen[start : start + nights]) == {cell.id for cell in plan.cells}


def test_no_order_of_parts_reaches_what_the_budget_divided_by_the_total_would_allow() -> None:
    """Five parts of 0.6 of the budget each are 3 budgets, and take 5 nights: not ceil(3) + 1."""
    plan, box = _plan(["a", "b", "c", "d", "e"]), _Box(lambda cell: 1.0 if cell.quant == "f16" else 0.6 * _HOUR)
    box.measures(plan)
    seen = []
    for _ in range(5):
        found = tonight(plan, box.tries, budget_hours=1)
        box.measures(found)
        seen += _arms(found)[1:]
    assert seen == ["a", "b", "c", "d", "e"]


def test_the_same_history_gives_the_same_night() -> None:
    plan, box = _plan(["a", "b", "c"], rounds=2), _Box(lambda _: _HOUR)
    for _ in range(5):
        found = tonight(plan, box.tries, budget_hours=4)
        assert found == tonight(plan, dict(reversed(box.tries.items())), budget_hours=4)
        box.measures(found)
