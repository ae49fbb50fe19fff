"""A log's plain lines, JSON lines, and next to nothing."""

import io
import json

from rich.console import Console

from harness.core.events import Event
from harness.live.lines import JsonLines, Log, Quiet
from tests.live.test_panel import told

__all__ = ["told"]  # a fixture


def written(view: type[Log] | type[Quiet], events: list[Event]) -> list[str]:
    out = io.StringIO()
    form = view(Console(file=out, force_terminal=False, width=40, highlight=False))
    for event in events:
        form.take(event)
    assert not {"\x1b", "\r"} & set(out.getvalue())
    return out.getvalue().splitlines()


def test_a_log_has_a_line_with_the_time_for_whatever_happens(told: list[Event]) -> None:
    lines = written(Log, told)
    assert all(line.startswith("2026-01-02T03:04:05Z ") for line in lines)
    assert [line[21:] for line in lines] == [
        "weights of pocket: fetching f16",
        " 1/10 pocket f16 llama_cpp quality  62.5 %  12.0 s",
        " 2/10 pocket q4_0 llama_cpp quality; takes about 12.0 s; plan: at least 12.0 s left",
        " 2/10 pocket q4_0 llama_cpp quality: 1 of 100 items, triage 1/60, 11.0 s to go, score so far 75.0 %, "
        "plan: at least 11.0 s left",
        " 2/10 pocket q4_0 llama_cpp quality: 60 of 100 items, triage 60/60, 14.8/s, 2.7 s to go, "
        "score so far 75.0 %, plan: at least 2.7 s left",
        " 2/10 pocket q4_0 llama_cpp quality  40.0 %  12.0 s",
        "pocket q4_0 llama_cpp so far: ▼ 1 degraded, ? 1 inconclusive (tiny_passage)",
        " 3/10 pocket f16 llama_cpp speed round 1  1,234 tok/s  10.0 s  invalid: others kept [2] cores busy",
        f" 4/10 pocket q4_0 llama_cpp speed round 1  failed: out of memory: {'bytes ' * 40}[red]end "
        "(python -m harness show r1)",
        " 5/10 pocket f16 llama_cpp speed round 2; closed loop at 1 concurrent; 8 prompt and 8 output tokens, "
        "4 requests each; takes about 10.0 s; plan: 20.0 s to 60.0 s left",
        " 5/10 pocket f16 llama_cpp speed round 2: 15.0 s so far, 61 °C, plan: 10.0 s to 50.0 s left",
    ]


def test_next_to_nothing_is_what_went_wrong(told: list[Event]) -> None:
    (line,) = written(Quiet, told)
    assert line.startswith(" 4/10 pocket q4_0 llama_cpp speed round 1  failed: out of memory")
    assert Quiet(Console()).every_seconds("quality") is None


def test_machines_get_one_object_a_line(told: list[Event]) -> None:
    out = io.StringIO()
    view = JsonLines(out)
    for event in told:
        view.take(event)
    kinds = [json.loads(line)["type"] for line in out.getvalue().splitlines()]
    assert kinds == ["plan", "weights", "cell_ended", "cell_started", "progress", "progress", "cell_ended", "verdict",
                     "cell_ended", "cell_ended", "cell_started", "progress"]
