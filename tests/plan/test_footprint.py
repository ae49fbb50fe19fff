"""Sizes and ceilings against hand calculations."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from harness import bundle
from harness.core.config import Fact, Hardware, Model
from harness.plan.footprint import cache_scale, footprint
from harness.plan.matrix import Arm, arms_of
from tests.plan.points import BOX, LLAMA, assets, point, settings


def arm_of(folder: Path, model: Model | None = None) -> Arm:
    return arms_of(settings(point("q8_0", of=model), baseline="none"), BOX, assets(folder)).arms[0]


def test_bytes_and_ceiling_follow_the_formula(tmp_path: Path) -> None:
    found = footprint(arm_of(tmp_path), BOX)
    assert found.weights_bytes == 1000 * 8.5 / 8
    assert found.kv_bytes == 100 * 1000
    assert found.fits is True
    assert found.decode_ceiling == pytest.approx(100e9 / (1062.5 + 100 * 80))  # 60 tokens in, 40 / 2 out
    assert found.notes == ("memory bandwidth of box from memory, unverified",)


def test_only_active_experts_are_read(tmp_path: Path) -> None:
    arm = arm_of(tmp_path)
    sparse = replace(arm, model=structs.replace(arm.model, active_params=Fact(100, "computed")))
    assert footprint(sparse, BOX).decode_ceiling == pytest.approx(100e9 / (106.25 + 100 * 80))


def test_a_cache_beyond_memory_does_not_fit(tmp_path: Path) -> None:
    arm = arm_of(tmp_path)
    assert (
        footprint(replace(arm, model=structs.replace(arm.model, kv_bytes_per_token=Fact(1e8, "memory"))), BOX).fits
        is False
    )


def test_what_is_unknown_stays_unknown_and_is_named(tmp_path: Path) -> None:
    nothing = Fact(None, "measured")
    box = structs.replace(BOX, memory_gb=nothing, bandwidth_gbs=nothing)
    arm = arm_of(tmp_path)
    blank = replace(arm, weights_bytes=None, model=structs.replace(arm.model, kv_bytes_per_token=nothing))
    found = footprint(blank, box)
    assert (found.weights_bytes, found.kv_bytes, found.fits, found.decode_ceiling) == (None,) * 4
    assert len(found.notes) == 4
    assert all(note.endswith("not known") for note in found.notes)


@pytest.mark.parametrize(
    ("kinds", "scale"),
    [({}, 1), ({"type_k": "f32", "type_v": "f32"}, 2), ({"type_k": "q8_0", "type_v": "F16"}, 0.765625)],
)
def test_the_cache_type_scales_the_cache(kinds: dict[str, str], scale: float) -> None:
    assert cache_scale({**kinds}) == scale


def test_without_a_context_option_the_models_window_counts(tmp_path: Path) -> None:
    arm = replace(arm_of(tmp_path), runtime=structs.replace(LLAMA, options={}))
    assert footprint(arm, BOX).context == 2048


def test_a_70b_model_in_bf16_on_a_dgx_spark_is_bound_to_two_tokens_a_second(tmp_path: Path) -> None:
    spark = bundle.catalogue("hw", Hardware)["dgx_spark"]
    llama = bundle.catalogue("model", Model)["llama3_3_70b"]
    arm = replace(arm_of(tmp_path), model=llama, weights_bytes=(llama.params.value or 0) * 2)
    ceiling = footprint(arm, spark).decode_ceiling
    assert ceiling == pytest.approx(1.93, abs=0.01)
