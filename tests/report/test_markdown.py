"""report.md and summary.md: what GitHub would make of foreign text, length, and tables that hold."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.core.verdict import Analysis
from harness.report import markdown, summary
from harness.report.blocks import Fold, Prose
from harness.report.document import Document
from harness.report.glance import glance
from harness.report.markdown import escaped
from harness.report.render import pictures_of
from harness.report.tables import Cell, Table
from harness.report.view import View
from tests.report.example import analysis


@pytest.mark.parametrize(
    ("text", "alive"),
    [
        ("thanks @octocat and @org/team", r"@\w"),
        ("see #12, GH-7 and owner/repo#3", r"(?<!&)#\d|GH-\d"),
        ("go to https://evil.example/x or www.evil.example", r"https?://|www\."),
        ("[click](javascript:alert(1))", r"\]\("),
        ("[a]: http://evil.example", r"\]:"),
        ("mail someone@example.org, mailto:x@y.z", r"@\w|mailto:"),
        ("<img src=x onerror=alert(1)>", r"<\w"),
        ("$x^2$ `code` *bold* ~~gone~~", r"(?<!\\)[$`*~]"),
        ("_under_ and __two__", r"(?<!\\)_"),
        ("keep_this and_ _this", r"(?<!\\)_(?!this)|(?<![\w\\])_"),
        ("a | b", r"(?<!\\)\|"),
        ("right\u202eto left\u2066", r"[\u202a-\u202e\u2066-\u2069]"),
        ("# a heading", r"^#"),
        ("1. an item", r"^\d+\."),
        ("- an item", r"^-"),
        ("a\n\n# b", r"\n"),
    ],
)
def test_nothing_foreign_is_alive(text: str, alive: str) -> None:
    assert re.search(alive, text)
    assert not re.search(alive, escaped(text))


def test_names_keep_their_underscores() -> None:
    assert escaped("pocket_extract Q4_K_M") == "pocket_extract Q4_K_M"


@given(st.text())
def test_escaping_leaves_one_line_and_no_address(text: str) -> None:
    line = escaped(text)
    assert len(line.splitlines()) <= 1
    assert not re.search(r"@\w|\w://|<[a-z/!]", line)


def test_long_tables_and_folds_are_shown_on_demand() -> None:
    rows = tuple((Cell(str(at), "first\nsecond"),) for at in range(20))
    text = markdown.block(Table("x", "Many", "a note", ("Number",), rows))
    assert text.startswith("<details><summary>Many (20 rows)</summary>\n\n| Number |\n|:--|\n| 0<br>first<br>second |")
    assert text.endswith("a note\n\n</details>")
    assert markdown.block(Fold("k", "Title <b>", "brief", (Prose("text"),))) == (
        "<details><summary>Title &lt;b&gt; (brief)</summary>\n\ntext\n\n</details>"
    )


def test_every_fold_is_closed_and_every_picture_lies_in_the_folder(document: Document) -> None:
    text = markdown.render(document)
    assert text.count("<details>") == text.count("</details>") > 5
    assert set(re.findall(r'<img src="([^"]*)"', text)) == {f"plots/{one.key}.png" for one in pictures_of(document)}
    assert "](" not in text, "no link"


def test_a_summary_fits_a_screen_and_says_the_sentence_the_flags_and_where_the_rest_is(
    measured: Analysis, document: Document
) -> None:
    text = summary.render(document, View(measured))
    assert len(text.splitlines()) < 60
    assert len(text.encode()) < 8_000
    assert escaped(document.headline) in text
    assert "[report.md](report.md)" in text
    assert text.count("\n|") > 3
    assert "loop lag 12.5 % of TPOT" in text


def test_a_summary_of_very_many_arms_still_fits(document: Document) -> None:
    base = analysis()
    arms = tuple(replace(one, arm=f"{one.arm} {at}") for at in range(30) for one in base.arms)
    many = glance(View(replace(base, arms=arms)))
    long = dataclasses.replace(document, opening=dataclasses.replace(document.opening, table=many))
    text = summary.render(long, View(replace(base, claims=base.claims * 5)))
    assert len(text.splitlines()) < 60
    assert f"{len(arms) - 14} more arms in the report's other tables" in text
    assert f"{5 * len(base.claims) - 8} more claims in report.md" in text
