"""What every form of a report says of tasks that ended early, and that it says nothing where none could."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from harness.core.verdict import Analysis
from harness.report import html, markdown, terminal
from harness.report.document import compose
from harness.report.frame import tidy
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.pieces import ITEMS

FORMS = ("markdown", "page", "terminal")


@pytest.fixture(scope="module")
def staged() -> Analysis:
    """Classify ended at a quarter of its 4,000 items, extract went to its end."""
    base = only(analysis(), ("q8_0",), ("classify", "extract"))
    looks = {"classify": (1, 4 * ITEMS), "extract": (3, ITEMS)}
    compared = tuple(replace(c, look=looks[c.task][0], n_planned=looks[c.task][1]) for c in base.comparisons)
    cells = tuple(replace(c, work=replace(c.work, staged=c.kind == "quality")) if c.kind == "quality" else c
                  for c in base.plan.cells)  # fmt: skip
    return replace(base, comparisons=compared, plan=replace(base.plan, cells=cells))


def said(one: Analysis, form: str) -> str:
    if form == "terminal":
        stream = io.StringIO()
        terminal.show(one, Console(file=stream, width=200))
        return " ".join(stream.getvalue().split())
    document = compose(View(one))
    text = markdown.render(document) if form == "markdown" else html.render(document)
    return " ".join(text.split())


@pytest.mark.parametrize("form", FORMS)
def test_a_task_that_ended_early_says_at_which_look_and_after_how_many_items(staged: Analysis, form: str) -> None:
    text = said(staged, form)
    assert "at look 1 of 3, after 1,000 of 4,000 items" in text
    assert "wider boundary" in text
    assert text.count("stopped early") == 1, "one remark for all arms; a task that went to its end has none"


def test_the_method_gives_the_boundary_and_the_protocol_names_the_looks(staged: Analysis) -> None:
    text = said(staged, "markdown")
    assert "a change needs z of 3.96, 2.80, 1.98, equivalence 3.36, 2.37, 1.68" in text
    assert "once settled; looks at 1/4, 1/2 and all items" in text


@pytest.mark.parametrize("form", FORMS)
def test_a_plan_without_looks_does_not_speak_of_them(form: str) -> None:
    text = said(only(analysis(), ("q8_0",), ("classify",)), form).lower()
    assert "stopped early" not in text
    assert "fleming" not in text


def test_the_data_file_holds_look_and_planned_items(staged: Analysis) -> None:
    rows = tidy(View(staged))
    found = rows[(rows.section == "quality") & (rows.task == "classify")]
    assert set(zip(found.look, found.n_items, found.n_planned, strict=True)) == {(1, ITEMS, 4 * ITEMS)}
