"""The whole plan: order, pairs, identity."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from msgspec import structs

from harness.core.cell import LoadWork, QualityWork
from harness.core.config import Protocol
from harness.core.digest import canonical
from harness.core.errors import NotFound
from harness.core.plan import Plan
from harness.core.repetition import Repetition
from harness.plan.build import build
from tests.plan.points import BOX, FAKE, LLAMA, LOAD, MATRIX, QUANTS, SUITE, assets, model, point, settings

GGUF = sorted(key for key, quant in QUANTS.items() if quant.format == "gguf")


def plan_of(folder: Path, *quants: str) -> Plan:
    return build(settings(*map(point, quants)), BOX, SUITE, assets(folder)).plan


def test_equal_settings_give_the_same_plan_in_any_folder(tmp_path: Path) -> None:
    first, second = plan_of(tmp_path / "a", "q8_0", "q4_0"), plan_of(tmp_path / "b", "q8_0", "q4_0")
    assert first == second
    assert first.id == second.id


def test_stopping_early_is_decided_with_the_plan_and_renames_nothing_else(tmp_path: Path) -> None:
    asked = settings(point("q8_0"))
    never, decided = (
        build(structs.replace(asked, stop=stop), BOX, SUITE, assets(tmp_path)).plan for stop in ("never", "decided")
    )
    assert (never.staged, decided.staged) == (False, True)
    assert never.id != decided.id
    assert [cell.whole.id for cell in decided.cells] == [cell.id for cell in never.cells]
    assert [cell.id for cell in decided.cells if cell.kind == "load"] == [c.id for c in never.cells if c.kind == "load"]
    assert b"staged" not in canonical(never.cells), "names of cells that ask everything are those of before"


def test_other_weights_give_another_plan(tmp_path: Path) -> None:
    before = plan_of(tmp_path, "q8_0")
    weights = assets(tmp_path) / "m.gguf"
    weights.write_bytes(b"v" * 2000)
    after = build(settings(point("q8_0")), BOX, SUITE, tmp_path).plan
    assert before.id != after.id


def test_quality_comes_first_and_each_round_visits_every_arm_in_turn(tmp_path: Path) -> None:
    cells = plan_of(tmp_path, "q8_0", "q4_0").cells
    assert [cell.kind for cell in cells] == ["quality"] * 4 + ["load"] * 9
    assert [cell.quant for cell in cells[:4]] == ["f16", "q8_0", "q4_0", "f16"]
    rounds = [cell.quant for cell in cells[4:]]
    assert rounds == ["f16", "q8_0", "q4_0", "q8_0", "q4_0", "f16", "q4_0", "f16", "q8_0"]


def test_the_replicate_changes_order_and_batch_and_nothing_else(tmp_path: Path) -> None:
    baseline, replicate = (cell for cell in plan_of(tmp_path, "q8_0").cells[:3] if cell.quant == "f16")
    assert isinstance(replicate.work, QualityWork)
    assert (replicate.replicate, replicate.work.order_seed) == (1, 1)
    assert replicate.options == {"n_ctx": 1000, "n_batch": 128, "n_threads": 4}
    assert replicate.variation == "batch size and order: n_batch 128, order 1"
    restored = structs.replace(
        replicate, replicate=0, variation="", options=LLAMA.options, work=structs.replace(replicate.work, order_seed=0)
    )
    assert restored == baseline


def test_three_replicates_change_one_thing_each(tmp_path: Path) -> None:
    matrix = structs.replace(MATRIX, replicates=3, speed=False)
    plan = build(settings(point("q8_0"), matrix=matrix), BOX, SUITE, assets(tmp_path)).plan
    baseline = plan.cells[0]
    changed = []
    for cell in plan.cells[2:]:
        assert isinstance(cell.work, QualityWork)
        assert isinstance(baseline.work, QualityWork)
        options = {name for name in cell.options if cell.options[name] != baseline.options[name]}
        fields = {"order_seed", "seed"}
        changed.append(options | {one for one in fields if getattr(cell.work, one) != getattr(baseline.work, one)})
    assert changed == [{"n_batch", "order_seed"}, {"n_threads"}, {"seed"}]
    assert [pair.kind for pair in plan.pairs] == ["quality", "aa", "aa", "aa"]


def test_several_runtimes_are_bridged_and_measured_side_by_side(tmp_path: Path) -> None:
    plan = build(settings(point("q8_0"), point("q8_0", FAKE)), BOX, SUITE, assets(tmp_path)).plan
    quality = [(one.kind, one.candidate_arm, one.baseline_arm) for one in plan.pairs if one.kind != "speed"]
    assert quality == [
        ("quality", "m q8_0 llama", "m f16 llama"),
        ("bridge", "m f16 fake", "m f16 llama"),
        ("quality", "m q8_0 fake", "m f16 fake"),
        ("total", "m q8_0 fake", "m f16 llama"),
        ("aa", "m f16 llama", "m f16 llama"),
        ("aa", "m f16 fake", "m f16 fake"),
    ]
    first_round = [cell.arm for cell in plan.cells if cell.kind == "load"][:4]
    assert sorted(first_round) == ["m f16 fake", "m f16 llama", "m q8_0 fake", "m q8_0 llama"]


@given(quants=st.lists(st.sampled_from(GGUF), min_size=1, max_size=5, unique=True), rounds=st.integers(1, 4))
@budget(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_every_pair_asks_both_sides_the_same(tmp_path: Path, quants: list[str], rounds: int) -> None:
    asked = settings(*map(point, quants), matrix=structs.replace(MATRIX, rounds=rounds))
    plan = build(asked, BOX, SUITE, assets(tmp_path)).plan
    cells = {cell.id: cell for cell in plan.cells}
    assert len(cells) == len(plan.cells)
    for pair in plan.pairs:
        candidate, baseline = cells[pair.candidate], cells[pair.baseline]
        assert (candidate.arm, baseline.arm) == (pair.candidate_arm, pair.baseline_arm)
        assert baseline.quant == "f16"
        if pair.kind == "aa":
            assert (candidate.arm, candidate.replicate > 0) == (baseline.arm, True)
        else:
            assert candidate.work == baseline.work
            assert candidate.arm != baseline.arm
    candidates = len(set(quants) - {"f16"})
    kinds = [pair.kind for pair in plan.pairs]
    assert kinds.count("quality") == candidates
    assert kinds.count("speed") == candidates * rounds
    assert kinds.count("aa") == (1 if candidates else 0)


def test_loads_are_paired_apart(tmp_path: Path) -> None:
    other = structs.replace(LOAD, key="other", concurrency=(4,))
    plan = build(settings(point("q8_0"), point("q8_0", load=other)), BOX, SUITE, assets(tmp_path)).plan
    cells = {cell.id: cell for cell in plan.cells}
    speed = [pair for pair in plan.pairs if pair.kind == "speed"]
    assert len(speed) == 6
    works = [(cells[pair.candidate].work, cells[pair.baseline].work) for pair in speed]
    assert all(isinstance(one, LoadWork) and one == two for one, two in works)


@pytest.mark.parametrize(("quality", "speed", "kinds"), [(True, False, {"quality"}), (False, True, {"load"})])
def test_a_matrix_may_leave_out_a_half(tmp_path: Path, quality: bool, speed: bool, kinds: set[str]) -> None:
    matrix = structs.replace(MATRIX, quality=quality, speed=speed)
    plan = build(settings(point("q8_0"), matrix=matrix), BOX, SUITE, assets(tmp_path)).plan
    assert {cell.kind for cell in plan.cells} == kinds


def test_without_a_baseline_there_are_no_pairs_and_no_replicates(tmp_path: Path) -> None:
    plan = build(settings(point("q8_0"), baseline="none"), BOX, SUITE, assets(tmp_path)).plan
    assert plan.pairs == ()
    assert not any(cell.replicate for cell in plan.cells)


def test_two_models_are_measured_one_after_the_other(tmp_path: Path) -> None:
    points = [point(quant, of=model(key)) for quant in ("q8_0", "q4_0") for key in ("a", "b")]
    plan = build(settings(*points), BOX, SUITE, assets(tmp_path)).plan
    order = [cell.model for cell in plan.cells if cell.kind == "load"]
    assert order == ["a"] * 9 + ["b"] * 9


def test_nothing_to_run_is_an_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to run: m awq llama: llama reads gguf"):
        build(settings(point("awq")), BOX, SUITE, assets(tmp_path))


def test_a_plan_with_adaptive_rounds_holds_all_that_may_be_measured_and_the_rule(tmp_path: Path) -> None:
    adaptive = structs.replace(MATRIX, quality=False, max_rounds=7, precision=0.02, budget_minutes=5.0)
    plan = build(settings(point("q8_0"), matrix=adaptive), BOX, SUITE, assets(tmp_path)).plan
    assert len(plan.cells) == 2 * 7
    assert plan.repetition == Repetition(rounds=3, max_rounds=7, precision=0.02, budget_minutes=5.0)
    stricter = structs.replace(adaptive, precision=0.01)
    assert build(settings(point("q8_0"), matrix=stricter), BOX, SUITE, assets(tmp_path)).plan.id != plan.id
    fixed = build(settings(point("q8_0"), matrix=structs.replace(adaptive, max_rounds=2)), BOX, SUITE, assets(tmp_path))
    assert (len(fixed.plan.cells), fixed.plan.repetition) == (2 * 3, None)


@pytest.mark.parametrize(
    ("family", "said"),
    [
        (Protocol(family_tasks=("typo",)), "tasks names typo"),
        (Protocol(family_quants=("q4_k_m",)), "quants names q4_k_m"),
        (Protocol(family_quants=("f16",)), "quants names f16"),
    ],
)
def test_a_family_of_what_the_plan_does_not_have_is_refused(tmp_path: Path, family: Protocol, said: str) -> None:
    with pytest.raises(NotFound, match=f"protocol.family_{said}, of which no verdict is asked for"):
        build(structs.replace(settings(point("q8_0")), protocol=family), BOX, SUITE, assets(tmp_path))


def test_a_family_of_the_plan_is_taken(tmp_path: Path) -> None:
    family = Protocol(family_tasks=(SUITE.tasks[0].task,), family_quants=("q8_0",))
    asked = structs.replace(settings(point("q8_0"), point("q4_0")), protocol=family)
    assert build(asked, BOX, SUITE, assets(tmp_path)).plan.protocol == family
