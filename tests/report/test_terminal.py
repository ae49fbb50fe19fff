"""The terminal form: width, order and plain text."""

import io

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from harness.core.verdict import Analysis
from harness.report.terminal import show
from tests.report.example import analysis
from tests.report.pieces import QUANTS, TASKS


def shown(one: Analysis, width: int = 80) -> str:
    stream = io.StringIO()
    show(one, Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(cell_len(line) for line in shown(analysis(), width).splitlines()) <= width


def test_every_arm_and_task_is_named() -> None:
    text = shown(analysis())
    for name in (*(quant.key.upper() for quant in QUANTS), *(task.replace("_", " ") for task in TASKS)):
        assert name in text


def test_it_ends_with_the_sentences() -> None:
    end = " ".join(shown(analysis()).split())
    assert end.endswith(" ".join(claim.sentence for claim in analysis().claims))


def test_a_wide_terminal_gets_the_matrix_in_one_piece() -> None:
    lines = shown(analysis(), 200).splitlines()
    assert any("classify" in line and "arithmetic" in line and "All tasks" in line for line in lines)


def test_markup_and_escapes_in_names_are_printed_as_text() -> None:
    text = shown(analysis(model="[red]m[/red]\x1b[2J"), 200)
    assert "[red]m[/red]" in text
    assert "\x1b" not in text


def test_without_quality_there_is_no_claim() -> None:
    text = shown(replace(analysis(), comparisons=(), claims=()))
    assert "Verdicts" not in text
    assert text.strip().endswith("No quality comparison could be made, so there is no claim.")
