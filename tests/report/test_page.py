"""The frame of every page: what its policy allows, and that its own style can be read in light and in dark."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from harness.report.page import asset, environment, policy

TONES = ("equivalent", "degraded", "improved", "inconclusive", "nothing", "broken")
WORDS = [("ink", "paper"), ("quiet", "paper"), ("ink", "raised"), ("quiet", "raised")]
WORDS += [(f"{tone}-ink", tone) for tone in TONES]
WORDS += [(f"c{colour}", "paper") for colour in ("0072b2", "d55e00", "009e73", "85898e", "cc79a7")]
DRAWN = [("axis", "paper"), ("focus", "paper"), ("ce69f00", "paper"), ("c56b4e9", "paper")]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2.2 defines it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG 2.2 asks to be 4.5 for text and 3 for graphics."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(scope="module")
def colours() -> dict[str, tuple[str, str]]:
    """Name -> its colours in light and in dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", asset("style.css"))
    return {name: (light, dark) for name, light, dark in found}


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("ink", "paper"), WORDS)
def test_text_has_a_contrast_of_four_and_a_half_in_light_and_dark(
    colours: dict[str, tuple[str, str]], ink: str, paper: str
) -> None:
    for one, other in zip(colours[ink], colours[paper], strict=True):
        assert contrast(one, other) >= 4.5


@pytest.mark.parametrize(("ink", "paper"), DRAWN)
def test_lines_that_carry_meaning_have_a_contrast_of_three(
    colours: dict[str, tuple[str, str]], ink: str, paper: str
) -> None:
    for one, other in zip(colours[ink], colours[paper], strict=True):
        assert contrast(one, other) >= 3


def test_the_style_names_no_colour_outside_its_list() -> None:
    _, _, rules = str(asset("style.css")).partition("[data-scheme")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []


def test_a_policy_allows_exactly_the_texts_it_is_given() -> None:
    digest = b64encode(sha256(b"body{}").digest()).decode()
    found = policy(["body{}"], [])
    assert found == (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'none'; base-uri 'none'; form-action 'none'"
    )
    assert "unsafe" not in found


def test_a_policy_can_be_given_more_sources() -> None:
    found = policy([], [], {"script-src": "'self'", "img-src": "data:"}).split("; ")
    assert "script-src 'self'" in found
    assert "img-src data:" in found


def test_what_a_template_prints_is_escaped_and_holds_no_path() -> None:
    text = environment().from_string("{{ one }}").render(one="<b onclick='x'>/home/someone/model\x1b</b>")
    assert "<" not in text
    assert "someone" not in text
    assert "\x1b" not in text
