"""The forms without a panel: a log's plain lines, JSON lines for machines, and next to nothing."""

from typing import Literal, TextIO

import msgspec
from rich.console import Console

from harness.core.events import (
    CellEnded,
    CellStarted,
    Event,
    Looked,
    ProgressEvent,
    RoundsEnded,
    VerdictEvent,
    WeightsEvent,
)
from harness.live import words

LOG_SECONDS = 30.0
JSON_SECONDS = 5.0


class Log:
    """A line for whatever happens, with the time, and one every 30 s between; for a CI log or a file."""

    shows_box = False

    def __init__(self, console: Console) -> None:
        self._console = console

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """A line costs less than what the panel draws (benchmarks/live_tick.py), and comes a third as often."""
        return LOG_SECONDS

    def take(self, event: Event) -> None:
        """Write its line, if it has one."""
        said = line_of(event)
        if said:
            self._console.print(f"{event.at} {said}", soft_wrap=True, markup=False)


def line_of(event: Event) -> str:
    """An event on one line, "" for what is told otherwise (the plan before it, the report after it)."""
    match event:
        case CellStarted():
            return words.cell_started(event)
        case ProgressEvent():
            return words.progress(event)
        case CellEnded():
            return words.cell_ended(event).plain
        case WeightsEvent():
            return weights(event)
        case Looked():
            return words.looked(event)
        case RoundsEnded():
            return words.rounds(event)
        case VerdictEvent() if not event.final:
            return words.verdict(event).plain
    return ""


def weights(event: WeightsEvent) -> str:
    """What is done about weights."""
    return f"weights of {event.model}: {'quantizing to' if event.scheme else 'fetching'} {event.quant}"


class Quiet:
    """Only what went wrong, on standard error."""

    shows_box = False

    def __init__(self, errors: Console) -> None:
        self._errors = errors

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """Never."""
        return None

    def take(self, event: Event) -> None:
        """Write failed and skipped cells."""
        if isinstance(event, CellEnded) and event.state in ("failed", "skipped"):
            self._errors.print(words.cell_ended(event).plain, soft_wrap=True, markup=False)


class JsonLines:
    """One object a line, written at once; of quality cells progress every 5 s, of loads every 30 s."""

    shows_box = True

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """As in a log while a load is timed."""
        return JSON_SECONDS if kind == "quality" else LOG_SECONDS

    def take(self, event: Event) -> None:
        """Write it."""
        self._out.write(msgspec.json.encode(event).decode() + "\n")
        self._out.flush()
