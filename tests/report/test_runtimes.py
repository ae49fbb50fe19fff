"""Runtimes side by side: what an arm is called there, its true bits, and runtime told from quantization."""

from msgspec.structs import replace

from harness.core.record import Completed
from harness.core.runtime import Detail
from harness.core.verdict import Analysis
from harness.report.contents import sections
from harness.report.runtimes import side_by_side
from harness.report.view import View
from tests.compare.test_noise import bridged
from tests.report.example import analysis, only
from tests.report.test_speed import rows


def across() -> Analysis:
    """F16 and Q8_0, the latter on MLX, which names its scheme."""
    base = only(analysis(), ("q8_0",), ("code",))
    bits = {"f16": 16.0, "q8_0": 8.7}
    arms = tuple(replace(one, bits_per_weight=bits[one.quant]) for one in base.arms)
    arms = tuple(one if one.is_baseline else replace(one, runtime="mlx") for one in arms)
    said = (Detail("model", "llama"), Detail("quantization", "8 bit, group 32"))
    records = tuple(
        replace(one, outcome=replace(one.outcome, facts=replace(one.outcome.facts, details=said)))
        if isinstance(one, Completed) and one.run.cell.quant == "q8_0"
        else one
        for one in base.records
    )
    return replace(base, arms=arms, records=records)


def test_one_runtime_has_no_such_table() -> None:
    assert side_by_side(View(analysis())).rows == ()


def test_an_arm_has_its_runtimes_words_and_true_bits() -> None:
    full, eight = rows(side_by_side(View(across())))
    assert eight["Arm"] == "Q8_0 on mlx"
    assert eight["Stored as"] == "8 bit, group 32"
    assert eight["Bits per weight"] == "8.70 3.9 MiB"
    assert "Runtime" not in eight, "no bridge was compared, so it has no column"
    assert full["Bits per weight"].startswith("16.0")
    assert "Decode" not in eight, "it stands in the first table"
    assert eight["Load time"].startswith("118 ms")
    assert eight["Score"] == "90.2 % 1 task"


def test_bits_are_unknown_where_no_engine_counts_parameters() -> None:
    changed = replace(across(), arms=tuple(replace(one, bits_per_weight=None) for one in across().arms))
    assert all(row["Bits per weight"] == "unknown parameters not told" for row in rows(side_by_side(View(changed))))


def test_runtime_and_quantization_are_told_apart() -> None:
    _, bridge, candidate = rows(side_by_side(View(bridged())))
    assert (bridge["Arm"][:8], candidate["Arm"][:9]) == ("F16 on b", "Q4_0 on b")
    assert candidate["Both"].startswith("−")
    assert candidate["Quantization"]
    assert candidate["Runtime"] == bridge["Runtime"], "what full precision on its runtime changes"
    assert bridge["Runtime"].startswith("−")
    assert bridge["Quantization"] == ""


def test_it_comes_first_where_there_are_several_runtimes() -> None:
    bare = [replace(one, comparisons=(), claims=(), speed=()) for one in (across(), analysis())]
    assert [sections(View(one))[0].key for one in bare] == ["runtimes", "verdicts"]
