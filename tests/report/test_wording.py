"""Numbers and foreign text as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.units import margin
from harness.core.verdict import Scored
from harness.report.markdown import escaped
from harness.report.wording import percent, points, public, pvalue, quantity, quantity_range, significant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loaded /home/me/models/x.gguf in 3 s", "loaded …/x.gguf in 3 s"),
        ("C:\\Users\\me\\x.gguf", "…/x.gguf"),
        ("~/models/a/x.gguf", "…/x.gguf"),
        ("path=/srv/suites/pocket.yaml", "path=…/pocket.yaml"),
        ("file:///home/me/x.gguf", "…/x.gguf"),
        ("Qwen/Qwen3-8B-GGUF at 12 tok/s, p50/p95/p99", "Qwen/Qwen3-8B-GGUF at 12 tok/s, p50/p95/p99"),
        ("cpu/abc/record.json", "cpu/abc/record.json"),
        ("https://host.example/a/b/c", "https://host.example/a/b/c"),
        ("bell\x07", "bell�"),
    ],
)
def test_paths_are_cut_and_other_slashes_kept(text: str, expected: str) -> None:
    assert public(text) == expected


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=2, max_size=6))
def test_no_folder_of_an_absolute_path_survives(parts: list[str]) -> None:
    folders = [f"zz{part}" for part in parts]
    text = public(f"cannot open /{'/'.join(folders)}/file.bin: gone")
    assert text == "cannot open …/file.bin: gone"


def test_points_carry_a_sign_and_zero_has_none() -> None:
    assert [points(-0.0213), points(0.0087), points(-0.0001), points(math.nan)] == ["−2.1", "+0.9", "0.0", "n/a"]


def test_ties_are_rounded_as_one_reads_them() -> None:
    """7 of 400 items are 1.75 points, whichever way the binary fraction leans."""
    assert {points(sign * share) for sign in (-1, 1) for share in (0.0175, 0.9125 - 0.895, 0.85 - 0.8325)} == {
        "−1.8", "+1.8"}
    assert (percent(0.8425), points(0.0025), points(-0.0004)) == ("84.3 %", "+0.3", "0.0")


def test_a_quantity_has_three_digits_and_a_unit() -> None:
    assert quantity(1934.4, "tok/s") == "1,934 tok/s"
    assert quantity(0.0214, "s") == "21.4 ms"
    assert quantity(61 * 2**20, "B") == "61.0 MiB"
    assert quantity(math.inf, "s") == "n/a"


def test_an_interval_is_in_the_unit_of_its_value() -> None:
    assert quantity_range(Scored(0.9, 0.8, 1.1), "s") == "[800, 1,100]"
    assert quantity_range(Scored(2.0**30, 2.0**29, 2.0**31), "B") == "[0.500, 2.00]"
    assert quantity_range(Scored(1.0, math.nan, math.nan), "s") == ""


@given(st.floats(min_value=1e-4, max_value=1e7))
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    assert float(significant(value).replace(",", "")) == pytest.approx(value, rel=0.006)


def test_small_words() -> None:
    assert [margin(0.01), margin(0.005)] == ["1 point", "0.5 points"]
    assert [pvalue(0.0004), pvalue(0.04), pvalue(math.nan)] == ["<0.001", "0.040", "n/a"]
    assert percent(0.8213) == "82.1 %"


@given(st.text())
def test_escaped_markdown_is_one_line_without_bare_borders_or_tags(text: str) -> None:
    safe = escaped(text)
    assert "\n" not in safe
    assert "<" not in safe
    assert "|" not in safe.replace("\\\\", "").replace("\\|", "")
