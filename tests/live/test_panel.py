"""The panel: what it says, that it fits, and that it leaves nothing behind."""

import io
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from harness.core.events import Event
from harness.core.record import Flag, Reading, Sample
from harness.live.box import SAMPLES
from harness.live.panel import Board, Panel
from tests.live.feed import LOADS, QUALITY, Scene, completed, failure, items
from tests.live.screen import Screen
from tests.live.test_tell import say


@pytest.fixture
def told(tmp_path: Path) -> list[Event]:
    """Two quality cells, a load that is invalid, one that failed, and one under way."""
    scene = Scene(tmp_path)
    scene.teller.begin()
    scene.teller.preparing(QUALITY[0])
    scene.end(completed(QUALITY[0]), *items("tiny_triage", 30), *items("tiny_passage", 20))
    scene.teller.started(QUALITY[1], 2, 10)
    for scene.clock.now, done in ((1.0, 1), (5.0, 60)):
        say(tmp_path, done, tokens=done)
        scene.teller.ticked(tmp_path)
    scene.end(completed(QUALITY[1]), *items("tiny_triage", 30), *items("tiny_passage", 2))
    reading = Reading("decode", "tok/s", "higher", (1234.0,))
    scene.end(completed(LOADS[0], 10.0, (reading,), Flag("invalid", "others kept [2] cores busy")))
    scene.end(failure(LOADS[1], "out of memory: " + "bytes " * 40 + "[red]end"))
    scene.teller.started(LOADS[2], 5, 10)
    (tmp_path / SAMPLES).write_bytes(msgspec.json.encode(Sample(1, "gpu0_temperature", 61.0, "C")) + b"\n")
    scene.clock.now = 20.0
    scene.teller.ticked(tmp_path)
    return scene.view.events


class Terminal:
    """A panel on a terminal of that size; `screen` is what stands on it."""

    def __init__(self, width: int, height: int) -> None:
        self.out = io.StringIO()
        self.console = Console(file=self.out, force_terminal=True, width=width, height=height, color_system=None,
                               highlight=False)
        self.panel = Panel(self.console)

    @property
    def screen(self) -> Screen:
        return Screen(self.console.width).feed(self.out.getvalue())

    def take(self, events: Sequence[Event]) -> "Terminal":
        for event in events:
            self.panel.take(event)
        return self


def test_a_running_quality_cell_says_how_far_how_fast_and_how_right(told: list[Event]) -> None:
    terminal = Terminal(80, 24)
    with terminal.panel:
        terminal.take(told[:6])
        text = terminal.screen.text
    assert text.splitlines() == [
        " 1/10 pocket f16 llama_cpp quality  62.5 %  12.0 s",
        f"1 of 6 to 10 cells  at least 2.7 s left  plan {told[0].plan} on cpu",  # type: ignore[union-attr]
        " 2/10 pocket q4_0 llama_cpp quality  5.0 s so far",
        "  items    ━━━━━━━━━━╌╌╌╌╌╌ 60 of 100  14.8/s, 2.7 s to go",
        "  task     triage 60/60, 148 tok/s read, 15 tok/s written",
        "  so far   triage 75.0 %",
    ]


def test_a_load_under_way_shows_the_box_the_verdicts_and_what_went_wrong(told: list[Event]) -> None:
    terminal = Terminal(100, 24)
    with terminal.panel:
        text = terminal.take(told).screen.text
    for part in ("5/10 pocket f16 llama_cpp speed round 2", "takes about 10.0 s", "box      61 °C",
                 "verdict  q4_0 so far: ▼ 1 degraded, ? 1 inconclusive (tiny_passage)",
                 "invalid  1 cell, the last: others kept [2] cores busy",
                 "failed   1 cell, the last: pocket q4_0 llama_cpp speed round 1",
                 "1,234 tok/s  10.0 s  invalid: others kept [2] cores busy"):
        assert part in text, part


@pytest.mark.parametrize(("width", "height"), [(30, 10), (60, 24), (80, 6), (200, 60)])
def test_no_line_is_folded_but_that_of_a_failure_and_no_panel_outgrows_the_screen(
    told: list[Event], width: int, height: int
) -> None:
    terminal = Terminal(width, height)
    with terminal.panel:
        for event in told:
            before = len(terminal.screen.rows)
            terminal.take([event])
            assert len(terminal.screen.rows) - before <= height + 14
    assert max(map(len, terminal.screen.rows)) <= width
    said = " ".join(terminal.screen.text.split())
    assert "[red]end" in said, "why a cell failed is read to its end"


def test_nothing_of_the_panel_is_left_behind_and_the_cursor_is_back(told: list[Event]) -> None:
    terminal = Terminal(80, 24)
    with terminal.panel:
        terminal.take(told)
        assert not terminal.screen.cursor_shown
    lines = terminal.screen.text.splitlines()
    assert [line.split()[0] for line in lines if "/10 " in line] == ["1/10", "2/10", "3/10", "4/10"]
    assert not any(line.startswith("  ") and "verdict" in line for line in lines)
    assert terminal.screen.cursor_shown


def test_a_narrower_terminal_is_drawn_anew(told: list[Event]) -> None:
    terminal = Terminal(100, 24)
    with terminal.panel:
        terminal.take(told[:-1])
        terminal.console.width = 50
        terminal.take(told[-1:])
        text = terminal.screen.text
    assert text.count("cells  ") == 1, "one panel"
    assert "1/10 pocket f16" in text, "what is over stands there again"
    assert max(map(len, text.splitlines())) <= 50


def test_without_colours_the_same_is_said(told: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    with Panel(Console(file=out, force_terminal=True, width=80, height=24, color_system="truecolor")) as panel:
        for event in told:
            panel.take(event)
    assert "\x1b[3" not in out.getvalue()
    assert "degraded" in Screen(80).feed(out.getvalue().replace("\x1b[1A", "")).text


def test_a_cell_that_begins_again_for_its_next_look_is_not_done(tmp_path: Path) -> None:
    scene, board = Scene(tmp_path), Board()
    scene.teller.begin()
    record = completed(QUALITY[0])
    folder = scene.keep(record, *items("tiny_triage", 30), *items("tiny_passage", 20))
    for _ in range(2):
        scene.teller.started(QUALITY[0], 1, 10)
        scene.teller.ended(record, folder)
    heads = []
    for event in scene.view.events:
        board.take(event)
        heads.append(board.lines(1)[0].plain.partition(" of ")[0])
    assert heads == ["0", "0", "1", "0", "1"]
