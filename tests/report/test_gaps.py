"""What was planned and not judged is told on the first screen, whatever kept it from being judged."""

from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from msgspec.structs import replace

from harness.compare.analyse import analyse
from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.plan import Skip
from harness.core.record import Skipped
from harness.core.verdict import Analysis, Verdict
from harness.report import summary
from harness.report.checks import failures
from harness.report.document import Document
from harness.report.gaps import warnings
from harness.report.glance import glance
from harness.report.opening import Opening, shared
from harness.report.sentence import headline
from harness.report.tables import matrix
from harness.report.view import View
from harness.store.items import LoadedRun
from tests.compare.arms import Arms, answers, choice, failed, frame, measured, pair, plan_of, put_off, run_of, suite
from tests.compare.arms import quality_cell as cell_of
from tests.report.example import analysis, only
from tests.report.loaded import loaded
from tests.report.pieces import arm
from tests.report.test_opening import fields

TASKS = suite(choice("triage"))
SCORES = answers(np.random.default_rng(1), 400)
LEFT_OUT = Skip("pocket leftout llama_cpp", "does not fit")
HOW: dict[str, Callable[[Cell], list[LoadedRun]]] = {
    "failed": lambda cell: [failed(cell)],
    "skipped": lambda cell: [LoadedRun.of(Skipped(run_of(cell), "no kernel"), "results/x", "cd" * 32, None)],
    "putoff": lambda cell: [put_off(cell)],
    "missing": lambda cell: [],
    "broken": lambda cell: [measured(cell, frame("triage", {"acc": SCORES[:-1]}))],
    "bridge": lambda cell: [measured(cell, frame("triage", {"acc": SCORES}))],
}
SOME = [chosen for number in range(len(HOW) + 1) for chosen in combinations(HOW, number)]


@cache
def run_with(chosen: tuple[str, ...]) -> Analysis:
    """Q8_0, which was measured, and arms that share their name with what became of them."""
    cells = {name: cell_of(TASKS, name, runtime="b" if name == "bridge" else "llama_cpp") for name in chosen}
    base, good = cell_of(TASKS, "f16"), cell_of(TASKS, "q8_0")
    pairs = [pair("quality", good, base)]
    pairs += [pair("bridge" if name == "bridge" else "quality", cell, base) for name, cell in cells.items()]
    plan = replace(plan_of(TASKS, (base, good, *cells.values()), pairs), skips=(LEFT_OUT,))
    records = [measured(cell, frame("triage", {"acc": SCORES})) for cell in (base, good)]
    return analyse(plan, [*records, *(one for name, cell in cells.items() for one in HOW[name](cell))])


@pytest.mark.parametrize("chosen", SOME, ids="-".join)
def test_whatever_became_of_an_arm_the_first_screen_and_the_summary_name_it(chosen: tuple[str, ...]) -> None:
    view = View(run_with(chosen))
    first = Opening(headline(view), warnings(view), shared(view), glance(view), None)
    table = " ".join(f"{one.text} {one.detail}" for row in first.table.rows for one in row)
    whole = summary.render(Document("", (), first, ()), view)
    rows = [row[0].text for row in matrix(view).rows]
    for name in chosen:
        label = next(view.label(one.arm) for one in view.arms if one.quant == name)
        assert label in table
        assert label in whole
        assert label in rows
        assert name == "bridge" or label in first.sentence, "a sentence of the others alone would be a false all-clear"
    assert LEFT_OUT.what in " ".join(first.warnings)
    assert LEFT_OUT.what in whole


def test_an_arm_without_a_claim_is_called_not_judged() -> None:
    assert headline(View(run_with(("putoff",)))).endswith("Q8_0 is equivalent on the only task; PUTOFF not judged.")


def test_a_comparison_that_cannot_be_made_says_why_on_the_first_screen() -> None:
    (said,) = (one for one in warnings(View(run_with(("broken",)))) if "cannot be made" in one)
    assert said.startswith("1 comparison cannot be made, BROKEN on triage: ")
    assert "item" in said
    assert not any("cannot be made" in one for one in warnings(View(run_with(("failed", "missing"))))), "cells tell it"


def test_full_precision_that_is_only_a_bridge_was_measured() -> None:
    found = fields(glance(View(run_with(("bridge",)))), "BRIDGE on b")
    assert found["triage"].text == "≈ equivalent"
    assert found["Arm"].detail == "runtime alone"


def test_an_interrupted_run_lists_what_waits() -> None:
    whole = analysis()
    rows = failures(View(replace(whole, records=whole.records[:9]))).rows
    waiting = [row[0].text for row in rows if row[1].text == "not measured yet"]
    assert arm("q8_0") in waiting
    assert not any(row[1].text == "not measured yet" for row in failures(View(whole)).rows)


def explored(protocol: Protocol) -> View:
    arms = Arms(suite(choice("a"), choice("b")), ("q8_0", "q4_k_m"), replicate=False, protocol=protocol)
    items = [frame(name, {"acc": SCORES}) for name in ("a", "b")]
    return View(analyse(arms.plan, [measured(cell, *items) for cell in arms.plan.cells]))


def test_a_run_that_only_explored_denies_none_of_its_verdicts() -> None:
    view = explored(Protocol(family_tasks=("typo",)))
    assert headline(view) == (
        "pocket on cpu: everything compared lies outside the family named before the run, so the verdicts below are "
        "explored and nothing is claimed."
    )
    assert "outside the family" in view.claims[0].sentence


def test_an_explored_quantization_makes_no_column_explored() -> None:
    view = explored(Protocol(family_quants=("q8_0",)))
    assert headline(view).endswith("Q8_0 is equivalent on all 2 tasks; Q4_K_M explored only, which claims nothing.")
    table = glance(view)
    assert table.columns[1:3] == ("a", "b")
    assert [row[0].detail for row in table.rows] == ["baseline", "", "explored"]
    assert glance(explored(Protocol(family_tasks=("a",)))).columns[1:3] == ("a", "b (explored)")


def test_a_figure_that_nobody_could_take_is_no_empty_field() -> None:
    base = loaded()
    lost = replace(base, speed=tuple(one for one in base.speed if one.candidate_arm != arm("q2_k")))
    assert fields(glance(View(lost)), "Q2_K")["Decode, tok/s"].text == "unknown"


def test_of_too_many_arms_those_that_lost_are_shown() -> None:
    base = only(analysis(), ("q8_0", "q2_k"))
    good, bad = base.arms[1:]
    more = tuple(replace(good, arm=f"{good.arm} {at}", quant=f"q{at}") for at in range(20))
    own = [one for one in base.comparisons if one.candidate_arm == good.arm]
    found = tuple(replace(one, candidate_arm=same.arm) for same in more for one in own)
    view = View(replace(base, arms=(*base.arms[:1], *more, bad), comparisons=(*base.comparisons, *found)))
    rows = [row[0].text for row in glance(view).rows]
    assert (len(rows), rows[-1]) == (14, "Q2_K")
    lost = tuple(replace(one, verdict=Verdict.DEGRADED) for one in view.analysis.comparisons)
    assert glance(View(replace(view.analysis, comparisons=lost))).rows[0][0].text == "F16", "what all are held against"
