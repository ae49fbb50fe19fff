"""A load from its first request to its readings: which step follows which, and what is kept of each."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from harness.core.cell import LoadWork
from harness.core.errors import HarnessError
from harness.core.load import RAMP_PARTS, is_open, label, length, requests_at, skipped, steps_of
from harness.core.record import Flag, Reading, RequestTrace, Step, Window
from harness.core.runtime import Session
from harness.core.trace import read_trace
from runners.clock import REAL, Clock
from runners.loads import arrivals, flags, readings
from runners.loads.book import Book
from runners.loads.drive import ClosedLoop, Due, cold, open_loop
from runners.loads.prompts import Prompts
from runners.loads.readings import Part
from runners.loads.search import RateSearch, saturated
from runners.loads.warmup import WarmUp
from runners.loads.windows import closed_window, open_window, window

_LEAD, _SPAN = 1.5, 5
"""An open loop runs for so many times one request's time before it counts, by when it is as full as it gets, and counts
for so many: a burst that is over before a queue can show says nothing of a rate."""
_MOST_SERVED = 1024


@dataclass(frozen=True)
class Measured:
    """All of a load: traces in order of their ends, readings, one window a step, and what speaks against them."""

    traces: tuple[RequestTrace, ...]
    readings: tuple[Reading, ...]
    windows: tuple[Window, ...]
    flags: tuple[Flag, ...]


def measure(session: Session, work: LoadWork, assets: Path = Path(), clock: Clock = REAL) -> Measured:
    """Run a load; `assets` holds the corpus and the traces that ship inside.

    Raises HarnessError where a reply has not the forced number of tokens, or no step fits the model's context.
    """
    return _Measurement(session, work, assets, clock).run()


@dataclass
class _Measurement:
    session: Session
    work: LoadWork
    assets: Path
    clock: Clock
    parts: list[Part] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    traces: list[RequestTrace] = field(default_factory=list)

    def __post_init__(self) -> None:
        facts = self.session.facts()
        self.load, self.context, self.served = self.work.load, facts.context, facts.served
        self.open = is_open(self.load)
        self.prompts = Prompts(self.session, self.work, self.assets)

    def run(self) -> Measured:
        left_out = skipped(self.load, self.context)
        self.flags += [Flag("degraded", f"not measured: {why}", label(self.load, step))
                       for step, why in left_out.items()]
        shapes: dict[tuple[int, int, int], list[Step]] = {}
        for step in steps_of(self.load):
            if step not in left_out:
                shapes.setdefault((step.depth, step.prompt_tokens, step.output_tokens), []).append(step)
        if not shapes:
            raise HarnessError(f"no step of load {self.load.key} fits: it {next(iter(left_out.values()))}",
                               "make its prompts, outputs or depth shorter")
        for steps in shapes.values():
            {"sweep": self._sweep, "slo": self._search, "ramp": self._ramp, "trace": self._replay}.get(
                self.load.arrivals, self._each)(steps)
        return self._measured()

    def _measured(self) -> Measured:
        for part in self.parts:
            self.readings += readings.of_part(part, self.load.limits)
            self.flags += flags.of_part(part, self.load, self.open)
        first = [readings.ttft(trace) for trace in self.traces if trace.phase == "cold"]
        self.readings += [Reading("cold_ttft", "s", "lower", tuple(first))] if first else []
        windows = tuple(part.window for part in self.parts)
        return Measured(tuple(self.traces), tuple(self.readings), windows, tuple(self.flags))

    def _each(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._step(step)

    def _sweep(self, steps: Sequence[Step]) -> None:
        parts: list[Part] = []
        for step in steps:
            parts.append(self._step(step))
            if saturated(parts):
                break
        self.flags += flags.of_sweep(parts, saturated(parts), len(steps))

    def _search(self, steps: Sequence[Step]) -> None:
        limits = self.load.limits
        assert limits is not None
        search = RateSearch(steps[0].rate)
        while (rate := search.next()) is not None:
            part = self._step(structs.replace(steps[0], rate=rate))
            # What a short queue still bears within the limits is not borne for long.
            search.tell(rate, readings.share_kept(part, limits) >= limits.share and not flags.piles_up(part))
        self.flags += flags.of_search(search, self.parts[-1].step)
        reason = f"the limits hold at no rate down to {search.fails:g} requests/s"
        found = (search.holds,) if search.holds else ()
        # Of several shapes each has its own; of one there is nothing to name it by.
        alone = len({(step.depth, step.prompt_tokens, step.output_tokens) for step in steps_of(self.load)}) == 1
        where = None if alone else structs.replace(steps[0], rate=0.0)
        self.readings.append(Reading("goodput", "req/s", "higher", found, 0, "" if found else reason, where))

    def _step(self, step: Step) -> Part:
        """One step of a closed loop or at one rate, warm-up included."""
        if not step.concurrency:
            return self._at_rate(step)
        with self.session.stream(step.concurrency) as stream:
            book = Book(stream, self.clock)
            self._warm(book, step, step.concurrency, requests_at(self.load, step))
        name = label(self.load, step)
        return self._keep(book, name, closed_window(name, book.traces))

    def _at_rate(self, step: Step) -> Part:
        patience = self.load.limits.ttft_seconds if self.load.limits else 0.0
        with self.session.stream(self._slots()) as stream:
            book = Book(stream, self.clock)
            each = self._warm(book, step, 1, 0)
            count = max(requests_at(self.load, step), math.ceil(_SPAN * step.rate * max(each, patience)))
            lead = math.ceil(_LEAD * step.rate * each)
            schedule = [Due(offset, step, "warmup" if at < lead else "steady")
                        for at, offset in enumerate(self._offsets(step.rate, lead + count))]
            open_loop(book, self.prompts.one, schedule)
        return self._keep(book, step, open_window(step, book.traces))

    def _offsets(self, rate: float, count: int) -> list[float]:
        if self.load.arrivals == "constant":
            return arrivals.constant(rate, count)
        return arrivals.poisson(rate, count, random.Random(self.work.seed * 1000 + self.work.round))

    def _ramp(self, steps: Sequence[Step]) -> None:
        """All parts in one go; each is measured over its own share of the time."""
        part_seconds = self.load.seconds / RAMP_PARTS
        offsets = arrivals.ramp(self.load.rates[0], self.load.rates[-1], self.load.seconds)
        schedule = [Due(offset, steps[min(RAMP_PARTS - 1, int(offset / part_seconds))]) for offset in offsets]
        with self.session.stream(self._slots()) as stream:
            book = Book(stream, self.clock)
            self._warm(book, steps[0], 1, 0)
            start = self.clock.now_ns()
            traces = open_loop(book, self.prompts.one, schedule)
        self.traces += book.traces
        for number, step in enumerate(steps):
            begin, end = (start + round(part_seconds * at * 1e9) for at in (number, number + 1))
            part = Part(step, tuple(traces), window(step, traces, begin, end), self.served)
            self.parts += [part] if part.steady else []

    def _replay(self, _: Sequence[Step]) -> None:
        """The requests of a trace at their times with their lengths; those too long for the context are left out."""
        lines = read_trace(self.load, self.assets)
        step = Step(rate=round(arrivals.rate_of([line.arrival_seconds for line in lines]), 3))
        shapes = [(line.arrival_seconds, Step(0, step.rate, line.input_tokens, line.output_tokens)) for line in lines]
        fitting = [(at, shape) for at, shape in shapes if not self.context or length(shape) <= self.context]
        if not fitting:
            raise HarnessError(f"no request of {self.load.trace} fits the context of {self.context} tokens")
        if len(fitting) < len(shapes):
            missing = f"left out: {len(shapes) - len(fitting)} of {len(shapes)} requests of the trace"
            self.flags.append(Flag("degraded", f"{missing} are longer than {self.context:,} tokens", step))
        begin = fitting[0][0]
        with self.session.stream(self._slots()) as stream:
            book = Book(stream, self.clock)
            self._warm(book, fitting[0][1], 1, 0)
            open_loop(book, self.prompts.one, [Due(at - begin, shape) for at, shape in fitting])
        self._keep(book, step, open_window(step, book.traces))

    def _warm(self, book: Book, step: Step, users: int, requests: int) -> float:
        """The cold request where it is the first of the process, the warm-up, and behind it `requests` measured ones.

        Returns the median seconds of a warm-up request, 0 where there was none.
        """
        if not self.traces:
            cold(book, self.prompts.one, step)
        warmup = WarmUp(self.load.warmup_requests, users)
        ClosedLoop(book, self.prompts.one, step, warmup).run(users, requests, self.load.seconds if requests else 0.0)
        self.flags += flags.of_warmup(label(self.load, step), warmup)
        return readings.typical([trace for trace in book.traces if trace.phase == "warmup"])

    def _keep(self, book: Book, name: Step, steady: Window) -> Part:
        part = Part(name, tuple(book.traces), steady, self.served)
        self.parts.append(part)
        self.traces += book.traces
        return part

    def _slots(self) -> int:
        """A server queues requests itself; an engine in our process has room for so many at once."""
        return _MOST_SERVED if self.served else max(self.load.concurrency)
