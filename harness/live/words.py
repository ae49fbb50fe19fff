"""Events in words, shared by panel and log: short, with units, the most important first."""

import os
from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from harness.core.events import CellEnded, CellStarted, Figure, Left, Looked, ProgressEvent, RoundsEnded, VerdictEvent
from harness.core.tones import tone
from harness.core.units import in_bytes, in_seconds
from harness.report.readings import heading
from harness.report.wording import SYMBOLS, percent, public, quantity

_STYLES = {"equivalent": "blue", "degraded": "red", "improved": "green", "inconclusive": "yellow", "broken": "magenta"}
_SHOWN = ("score", "decode", "goodput")


def place(number: int, total: int) -> str:
    """ " 3/14"."""
    return f"{number:>{len(str(total))}}/{total}"


def left(span: Left | None) -> str:
    """As people say it: "about 4.5 min left"; "" where nobody knows."""
    if span is None or (span.unknown and not span.latest):
        return ""
    if span.unknown:
        return f"at least {in_seconds(span.soonest)} left"
    if round(span.soonest) == round(span.latest):
        return f"about {in_seconds(span.latest)} left"
    return f"{in_seconds(span.soonest)} to {in_seconds(span.latest)} left"


def cell_ended(event: CellEnded) -> Text:
    """A cell with its result on one line: what it is, its headline, how long it took, what speaks against it."""
    line = Text.assemble((f"{place(event.number, event.total)} ", "dim"), f"{public(event.cell.label)}  ")
    if event.state in ("failed", "skipped"):
        line.append(f"{event.state}: ", "red" if event.state == "failed" else "yellow")
        line.append(public(" ".join(event.reason.split())))
        return line.append(f" (python -m harness show {event.run})" if event.state == "failed" else "", "dim")
    shown = figures(event.figures)
    line.append(shown or "done", "bold")
    if event.state == "reused":
        return line.append(f"  measured {event.measured[:10]} {event.measured[11:16]} UTC", "dim")
    line.append(f"  {in_seconds(event.seconds)}", "dim")
    for word, style, reasons in (("invalid", "magenta", event.invalid), ("degraded", "yellow", event.degraded)):
        if reasons:
            return line.append(f"  {word}: {public(reasons[0])}", style)
    return line.append(f"  {event.resumed:,} answers were there already" if event.resumed else "", "dim")


def figures(found: tuple[Figure, ...]) -> str:
    """ "71.3 %" or "2,399 tok/s, TTFT 8.97 ms"."""
    parts = []
    for one in found:
        if one.name in _SHOWN and not one.task:
            parts.append(quantity(one.value, one.unit))
        elif one.name == "ttft":
            parts.append(f"{heading(one.name)} {quantity(one.value, one.unit)}")
    if not parts:
        parts = [f"{heading(one.name)} {quantity(one.value, one.unit)}" for one in found if one.name == "throughput"]
    return ", ".join(parts)


def cell_started(event: CellStarted) -> str:
    """A cell that begins, what a load does, and how long it will take."""
    takes = "" if event.expected is None else f"takes about {in_seconds(event.expected)}"
    said = (event.doing, takes, left(event.left) and f"plan: {left(event.left)}")
    return "; ".join([f"{place(event.number, event.total)} {event.cell.label}", *filter(None, said)])


def progress(event: ProgressEvent) -> str:
    """Everything about a running cell on one line."""
    head = f"{place(event.number, event.total)} {event.cell.label}:"
    plan = left(event.left) and f"plan: {left(event.left)}"
    if not event.planned:
        return " ".join([head, ", ".join(filter(None, [f"{in_seconds(event.seconds)} so far", box(event), plan]))])
    said = [f"{event.done:,} of {event.planned:,} items", current(event), rate(event), standing(event), plan]
    return " ".join([head, ", ".join(filter(None, said))])


def current(event: ProgressEvent) -> str:
    """The task being answered: "passage 23/30"."""
    names = short([one.task for one in event.tasks], "_")
    for one in event.tasks:
        if one.task == event.task:
            return f"{names[one.task]} {one.done:,}/{max(one.planned, one.done):,}"
    return ""


def short(names: Sequence[str], between: str) -> dict[str, str]:
    """Names without the parts that all of them share: "q4_k_m" of "pocket q4_k_m llama_cpp" among its siblings."""
    parts = {name: name.split(between) for name in names}
    if len(parts) < 2:
        return {name: public(name) for name in parts}
    lists = list(parts.values())
    head = len(os.path.commonprefix(lists))
    tail = len(os.path.commonprefix([one[head:][::-1] for one in lists])) if between == " " else 0
    return {name: public(between.join(one[head : len(one) - tail])) or public(name) for name, one in parts.items()}


def rate(event: ProgressEvent) -> str:
    """ "12.3/s, 41.0 s to go"."""
    speed = "" if event.per_second is None else f"{event.per_second:.3g}/s"
    rest = "" if event.cell_left is None else f"{in_seconds(event.cell_left)} to go"
    return ", ".join(filter(None, [speed, rest]))


def standing(event: ProgressEvent) -> str:
    """The plain mean over tasks of what was scored in passing."""
    means = [one.mean for one in event.tasks if one.mean is not None]
    return f"score so far {percent(sum(means) / len(means))}" if means else ""


def tokens(event: ProgressEvent) -> str:
    """ "2,310 tok/s read, 154 tok/s written"."""
    pairs = ((event.prompt_tokens_per_second, "read"), (event.output_tokens_per_second, "written"))
    return ", ".join(f"{value:,.0f} tok/s {word}" for value, word in pairs if value)


def box(event: ProgressEvent) -> str:
    """Temperature, memory and power, as far as the box tells."""
    found, said = event.box, []
    if found.temperature is not None:
        said.append(f"{found.temperature:.0f} °C")
    if found.memory_used is not None:
        said.append(f"memory {in_bytes(found.memory_used)} of {in_bytes(found.memory_total)}")
    if found.gpu_memory_used is not None:
        said.append(f"GPU {in_bytes(found.gpu_memory_used)}")
    if found.power_watts is not None:
        said.append(f"{found.power_watts:.0f} W")
    return ", ".join(said)


def looked(event: Looked) -> str:
    """How a look went."""
    done = ("all items in: " if event.number == event.last else "settled: ") + (", ".join(event.ended) or "none")
    rest = f"; to look {event.number + 1}: {', '.join(event.going_on)}" if event.going_on else ""
    return f"look {event.number}/{event.last} {done}{rest}"


def rounds(event: RoundsEnded) -> str:
    """How the rounds of a load ended."""
    return f"rounds of {event.model} {event.load}: {event.reading or 'speed'} {event.words}"


def verdict(event: VerdictEvent, candidate: str = "") -> Text:
    """A candidate's verdicts counted: "q4_k_m so far: ≈ 2 equivalent, ? 3 inconclusive", the tasks that lost named."""
    tally = Counter(tone(one) for one in event.tasks)
    line = Text(f"{public(candidate or event.candidate)}{'' if event.final else ' so far'}: ")
    parts = [Text(f"{symbol} {tally[name]} {name}", _STYLES.get(name, "dim")) for name, symbol in SYMBOLS.items()
             if tally[name]]
    lost = [public(one.task) for one in event.tasks if one.verdict == "degraded"]
    line.append_text(Text(", ").join(parts))
    return line.append(f" ({', '.join(lost)})" if lost else "")
