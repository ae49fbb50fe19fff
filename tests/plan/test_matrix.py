"""Arms: which weights, which baseline, and what drops out with a reason."""

from pathlib import Path

import pytest
from msgspec import structs

from harness.core.config import Artifact, Fact
from harness.plan.matrix import Arms, arms_of, own_baseline
from tests.plan.points import BOX, FAKE, LLAMA, LOAD, assets, model, point, settings


def names(arms: Arms) -> list[tuple[str, str]]:
    return [(arm.name, arm.baseline) for arm in arms.arms]


def test_the_baseline_is_added_once_before_its_candidates_and_said_so(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q8_0"), point("q4_0")), BOX, assets(tmp_path))
    assert names(arms) == [("m f16 llama", ""), ("m q8_0 llama", "m f16 llama"), ("m q4_0 llama", "m f16 llama")]
    assert arms.added == ("m f16 llama",)
    assert arms.skips == ()


def test_a_baseline_asked_for_is_not_added(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q8_0"), point("f16")), BOX, assets(tmp_path))
    assert arms.added == ()
    assert names(arms) == [("m f16 llama", ""), ("m q8_0 llama", "m f16 llama")]


def test_the_baseline_runs_every_load_of_its_candidates(tmp_path: Path) -> None:
    other = structs.replace(LOAD, key="other")
    arms = arms_of(settings(point("q8_0"), point("q4_0", load=other)), BOX, assets(tmp_path))
    assert [load.key for load in arms.arms[0].loads] == ["small", "other"]


def test_without_baseline_nothing_is_added(tmp_path: Path) -> None:
    assert names(arms_of(settings(point("q8_0"), baseline="none"), BOX, assets(tmp_path))) == [("m q8_0 llama", "")]


def test_a_baseline_may_be_chosen(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q4_0"), baseline="q8_0"), BOX, assets(tmp_path))
    assert names(arms) == [("m q8_0 llama", ""), ("m q4_0 llama", "m q8_0 llama")]


def test_full_precision_is_named_as_its_runtime_reads_it(tmp_path: Path) -> None:
    torch = structs.replace(FAKE, key="torch", formats=("hf",))
    arms = arms_of(settings(point("f16"), point("f16", torch), point("hf_f16", torch)), BOX, assets(tmp_path))
    assert names(arms) == [("m f16 llama", ""), ("m hf_f16 torch", "")]
    assert arms.arms[1].reference == "m f16 llama"
    assert (arms.skips, arms.added) == ((), ())


@pytest.mark.parametrize(
    ("native", "quant", "expected"),
    [
        ("f16", "q4_0", "f16"),
        ("bf16", "q4_0", "bf16"),
        ("bf16", "awq", "hf_bf16"),
        ("f16", "awq", "hf_f16"),
        ("bf16", "mlx_4bit", "mlx_bf16"),
        ("fp8", "nvfp4", "fp8"),
        ("fp8", "q4_0", "bf16"),
    ],
)
def test_the_native_baseline_has_the_candidates_format(native: str, quant: str, expected: str) -> None:
    one = point(quant, FAKE, model(native=native))
    found = own_baseline(one, settings(one))
    assert found is not None
    assert found.quant.key == expected


def test_gguf_quantizations_are_made_from_the_full_precision_file(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q4_0")), BOX, assets(tmp_path)).arms
    assert [arm.scheme for arm in arms] == ["", "Q4_0"]
    assert arms[0].artifact == arms[1].artifact
    assert len(arms[0].artifact.sha256) == 64
    assert arms[0].weights_bytes == 2000
    assert arms[1].weights_bytes == 1000 * 4.5 / 8


def test_mlx_quantizations_are_made_from_the_folder_that_is_their_baseline(tmp_path: Path) -> None:
    reads_mlx = structs.replace(FAKE, formats=("mlx",))
    arms = arms_of(settings(point("mlx_4bit", reads_mlx)), BOX, assets(tmp_path)).arms
    assert [(arm.quant.key, arm.scheme) for arm in arms] == [("mlx_f16", ""), ("mlx_4bit", "4bit")]
    assert arms[0].artifact == arms[1].artifact
    assert arms[0].artifact.location == "hf"


def test_mlx_asked_for_first_is_the_reference_of_the_others(tmp_path: Path) -> None:
    reads_mlx = structs.replace(FAKE, key="apple", formats=("mlx",))
    arms = arms_of(settings(point("mlx_4bit", reads_mlx), point("q8_0")), BOX, assets(tmp_path)).arms
    assert {arm.name: arm.reference for arm in arms}["m q8_0 llama"] == "m mlx_f16 apple"


def test_mlx_without_a_full_precision_folder_is_a_skip_that_says_which(tmp_path: Path) -> None:
    of, reads_mlx = model(native="bf16"), structs.replace(FAKE, formats=("mlx",))
    skips = arms_of(settings(point("mlx_4bit", reads_mlx, of)), BOX, assets(tmp_path)).skips
    assert "set +model.artifacts.hf_bf16" in skips[0].reason


def test_ready_made_weights_win(tmp_path: Path) -> None:
    ready = Artifact("hub", "someone/m-Q4_0", "m-q4_0.gguf")
    arms = arms_of(settings(point("q4_0", of=model(q4_0=ready))), BOX, assets(tmp_path)).arms
    assert (arms[1].artifact, arms[1].scheme) == (ready, "")


def test_a_format_the_runtime_cannot_read_is_a_skip_without_a_baseline(tmp_path: Path) -> None:
    arms = arms_of(settings(point("awq"), point("q8_0")), BOX, assets(tmp_path))
    assert [skip.what for skip in arms.skips] == ["m awq llama"]
    assert "llama reads gguf, awq is hf" in arms.skips[0].reason
    assert "m hf_f16 llama" not in [arm.name for arm in arms.arms]


def test_missing_weights_are_a_skip_that_names_what_to_add(tmp_path: Path) -> None:
    arms = arms_of(settings(point("awq", FAKE)), BOX, assets(tmp_path))
    assert arms.arms == ()
    assert "model.artifacts.awq" in arms.skips[0].reason


def test_a_missing_local_file_is_a_skip_that_names_its_path(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q8_0")), BOX, tmp_path / "empty")
    assert "empty/m.gguf" in arms.skips[0].reason


def test_a_baseline_that_cannot_fit_takes_the_verdicts_with_it_and_not_the_arms(tmp_path: Path) -> None:
    big = structs.replace(model(gguf=Artifact("hub", "x/y", "z.gguf")), params=Fact(7e9, "computed"))
    arms = arms_of(settings(point("q8_0", of=big), point("q4_0", of=big)), BOX, assets(tmp_path))
    assert names(arms) == [("m q8_0 llama", ""), ("m q4_0 llama", "")]
    assert "14 GB exceed the 10 GB of box" in arms.skips[0].reason
    assert arms.skips[1].what == "verdicts on m q8_0 llama, m q4_0 llama"
    assert "baseline=q8_0" in arms.skips[1].reason


def test_each_runtime_gets_its_own_baseline_and_later_ones_a_bridge_to_the_first(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q8_0", LLAMA), point("q8_0", FAKE)), BOX, assets(tmp_path))
    assert [(arm.name, arm.baseline, arm.reference) for arm in arms.arms] == [
        ("m f16 llama", "", ""),
        ("m q8_0 llama", "m f16 llama", ""),
        ("m f16 fake", "", "m f16 llama"),
        ("m q8_0 fake", "m f16 fake", "m f16 llama"),
    ]


def test_a_reference_on_a_runtime_nobody_asked_for_is_added_with_its_bridge(tmp_path: Path) -> None:
    arms = arms_of(settings(point("q8_0", FAKE), baseline="f16@llama"), BOX, assets(tmp_path))
    assert [(arm.name, arm.baseline, arm.reference) for arm in arms.arms] == [
        ("m f16 llama", "", ""),
        ("m f16 fake", "", "m f16 llama"),
        ("m q8_0 fake", "m f16 fake", "m f16 llama"),
    ]
    assert arms.added == ("m f16 llama", "m f16 fake")


def test_without_a_bridge_the_reference_on_the_other_runtime_is_the_baseline(tmp_path: Path) -> None:
    hf_only = structs.replace(FAKE, key="hf", formats=("hf",))
    awq = model(awq=Artifact("hub", "someone/m-awq"))
    awq = structs.replace(awq, artifacts={key: one for key, one in awq.artifacts.items() if key != "hf_f16"})
    arms = arms_of(settings(point("awq", hf_only, of=awq), baseline="f16@llama"), BOX, assets(tmp_path))
    assert [(arm.name, arm.baseline, arm.reference) for arm in arms.arms] == [
        ("m f16 llama", "", ""),
        ("m awq hf", "m f16 llama", ""),
    ]
    assert [skip.what for skip in arms.skips] == ["m hf_f16 hf"]
