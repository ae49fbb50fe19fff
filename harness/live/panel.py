"""The panel at the foot of a terminal: what runs, how far it is, how it stands; finished cells scroll by above it.

It is drawn by whoever brings an event, never by a thread of its own. While a load is timed that is every 10 s and takes
1.8 ms of one core, 0.02 % of them (benchmarks/live_tick.py, whose paired loads differ by far more of themselves).
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from harness.core.events import (
    CellEnded,
    CellStarted,
    Event,
    Looked,
    PlanEvent,
    ProgressEvent,
    RoundsEnded,
    VerdictEvent,
    WeightsEvent,
)
from harness.core.units import in_seconds
from harness.live import lines, words
from harness.report.wording import percent, public

QUALITY_SECONDS, LOAD_SECONDS = 1.0, 10.0
_BAR = 16
_STOPS = (signal.SIGINT, signal.SIGTERM)
_VERDICTS = 4


class Board:
    """What the panel knows: the last event of each kind. Pure: events in, lines out."""

    def __init__(self) -> None:
        self.plan: PlanEvent | None = None
        self.running: CellStarted | None = None
        self.progress: ProgressEvent | None = None
        self.verdicts: dict[str, VerdictEvent] = {}
        self.doing = ""
        self.done: dict[str, CellEnded] = {}

    def take(self, event: Event) -> None:
        """Remember it."""
        match event:
            case PlanEvent():
                self.plan = event
            case WeightsEvent():
                self.doing = lines.weights(event)
            case CellStarted():
                self.running, self.progress, self.doing = event, None, ""
                self.done.pop(event.cell.cell, None)  # staged work begins once for each look
            case ProgressEvent():
                self.progress = event
            case CellEnded():
                self.running = self.progress = None
                self.done[event.cell.cell] = event
            case VerdictEvent():
                self.verdicts[event.candidate] = event

    def lines(self, room: int) -> list[Text]:
        """At most `room` lines, the least important left out."""
        found = [self._head(), *self._cell()]
        box = words.box(self.progress) if self.progress else ""
        found += [_row("box", box)] if box else []
        arms = words.short(list(dict.fromkeys(cell.arm for cell in self.plan.cells)) if self.plan else [], " ")
        found += [_row("verdict", words.verdict(one, arms.get(one.candidate, ""))) for one in self._last_verdicts()]
        found += list(self._remarks())
        return found[: max(room, 1)]

    def _last_verdicts(self) -> list[VerdictEvent]:
        return list(self.verdicts.values())[-_VERDICTS:]

    def _head(self) -> Text:
        """The plan: how much is done, and when it will be over."""
        plan = self.plan
        if plan is None:
            return Text("")
        now = self.progress or self.running
        span = now.left if now else None
        optional = len(plan.optional)
        total = f"{len(plan.cells) - optional} to {len(plan.cells)}" if optional else str(len(plan.cells))
        line = Text(f"{len(self.done)} of {total} cells", "bold")
        line.append(f"  {words.left(span)}".rstrip(), "bold")
        return line.append(f"  plan {plan.plan} on {plan.hw}", "dim")

    def _cell(self) -> list[Text]:
        """The running cell, in up to four lines."""
        started, now = self.running, self.progress
        if started is None:
            return [Text(self.doing or "between two cells", "dim")]
        place = f"{words.place(started.number, started.total)} "
        title = Text.assemble((place, "dim"), public(started.cell.label))
        title.append(f"  {in_seconds(now.seconds)} so far" if now else "", "dim")
        if started.cell.kind == "load":
            takes = f"takes about {in_seconds(started.expected)}: " if started.expected else ""
            return [title, _row("timed", f"{takes}{started.doing}")]
        if now is None or not now.planned:
            return [title, _row("now", "starting, and loading the model")]
        bar = Text("━" * round(_BAR * now.done / now.planned), "blue")
        bar.append("╌" * (_BAR - len(bar)), "dim")
        bar.append(f" {now.done:,} of {now.planned:,}  {words.rate(now)}")
        task = ", ".join(filter(None, [words.current(now), words.tokens(now)]))
        scores = [(one.task, one.mean) for one in now.tasks if one.mean is not None]
        names = words.short([one.task for one in now.tasks], "_")
        said = _row("so far", "  ".join(f"{names[task]} {percent(mean)}" for task, mean in scores))
        return [title, _row("items", bar), _row("task", task), *([said] if scores else [])]

    def _remarks(self) -> Iterator[Text]:
        """What went wrong so far, each kind on a line."""
        ended = list(self.done.values())
        for word, style in (("failed", "red"), ("skipped", "yellow")):
            found = [one for one in ended if one.state == word]
            if found:
                yield _row(word, Text(f"{_cells(len(found))}, the last: {public(found[-1].cell.label)}", style))
        for word, style in (("invalid", "magenta"), ("degraded", "yellow")):
            reasons = [reason for one in ended for reason in getattr(one, word)]
            count = sum(bool(getattr(one, word)) for one in ended)
            if count:
                yield _row(word, Text(f"{_cells(count)}, the last: {public(reasons[-1])}", style))


class Panel:
    """A view for a terminal; use as a context manager, so that whatever happens nothing is left on the screen."""

    shows_box = True

    def __init__(self, console: Console) -> None:
        self._console, self._board = console, Board()
        self._live = self._new()
        self._above: list[Text] = []
        self._width = console.width

    def _new(self) -> Live:
        return Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False,
                    redirect_stderr=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        with _undisturbed():
            self._live.stop()

    def every_seconds(self, kind: Literal["quality", "load"]) -> float | None:
        """Every second, seldom while a load is timed."""
        return QUALITY_SECONDS if kind == "quality" else LOAD_SECONDS

    def take(self, event: Event) -> None:
        """Draw what it changes; what is over is printed above the panel, for good."""
        self._board.take(event)
        over = _over(event)
        with _undisturbed():
            if self._console.width < self._width:
                self._begin_anew()
            self._width = self._console.width
            self._live.update(self._drawn())
            if over is not None:
                self._above.append(over)
                self._console.print(over)
            else:
                self._live.refresh()

    def _drawn(self) -> Group:
        room = max(self._console.height - 2, 1)
        found = self._board.lines(room)
        for line in found:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*found)

    def _begin_anew(self) -> None:
        """A narrower terminal has folded what stood there: nobody knows into how many lines."""
        self._live.stop()
        self._console.clear()
        self._live = self._new()
        for line in self._above[-max(self._console.height // 2, 1) :]:
            self._console.print(line)
        self._live.start()


def _over(event: Event) -> Text | None:
    """What is written for good, None for what only the panel shows."""
    match event:
        case CellEnded():
            line = words.cell_ended(event)
            if event.state != "failed":  # why it failed is read to the end
                line.no_wrap, line.overflow = True, "ellipsis"
            return line
        case Looked():
            return Text(words.looked(event), "dim")
        case RoundsEnded():
            return Text(words.rounds(event), "dim")
    return None


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _row(name: str, value: str | Text) -> Text:
    return Text.assemble((f"  {name:<8} ", "dim"), value)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """An interrupt waits until the screen is whole: rich would write twice what was half written.

    A blocked signal would not do, since another thread (of a numerical library) may take it in our place.
    """
    caught: list[int] = []
    before = {one: signal.signal(one, lambda number, _: caught.append(number)) for one in _STOPS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if caught:
            signal.raise_signal(caught[0])
