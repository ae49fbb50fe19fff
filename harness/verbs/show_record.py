"""One record: its result, what speaks against it, its readings in families with units, and where it comes from."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from harness.compare import headline
from harness.core.events import Figure
from harness.core.record import Completed, Failed, Outcome, Reading, Run, RunRecord, Step
from harness.core.units import in_bytes, in_seconds
from harness.gate.words import where
from harness.live import words
from harness.report import readings
from harness.report.wording import percent, quantity
from harness.store.layout import Layout
from harness.verbs.listed import suite_of

_FAMILIES = {"speed": "Speed", "loading": "Loading", "memory": "Memory", "energy": "Energy and cost",
             "roofline": "Against the roofline", "canary": "The box beside the run", "other": "Other readings"}
_MAIN = ("ttft", "tpot", "decode", "prefill", "throughput", "goodput")
_STYLES = {"invalid": "magenta", "degraded": "yellow"}


def show(read: RunRecord, folder: Path, layout: Layout, console: Console, everything: bool) -> None:
    """Print it; with `everything` all that the record has."""
    run = read.run
    figures: tuple[Figure, ...] = ()
    if isinstance(read, Completed):
        figures = headline.speeds(read) if run.cell.kind == "load" else _scores(run, folder, layout)
    console.print(run.cell.label, style="bold", soft_wrap=True)
    console.print(_result(read, figures), style="bold", soft_wrap=True)
    when = f"{run.started[:10]} {run.started[11:16]} UTC"
    console.print(f"{when}, {in_seconds(run.seconds) if run.seconds else 'how long is not known'}; cell {run.cell.id}, "
                  f"run {run.run_id}, plan {run.plan_id}", style="dim", soft_wrap=True)
    if isinstance(read, Failed) and read.log_tail:
        console.print("\nEnd of its log", style="bold")
        console.print(read.log_tail, soft_wrap=True)
    if isinstance(read, Completed):
        _against(read.outcome, console)
        _print("Scores", [(one.task, percent(one.value)) for one in figures if one.task], console)
        _families(read.outcome, console, everything)
        if everything:
            _print("Client and windows", list(_exactness(read.outcome)), console)
    _print("Where it comes from", [*_provenance(read, everything), ("folder", str(folder))], console)


def _scores(run: Run, folder: Path, layout: Layout) -> tuple[Figure, ...]:
    """Of a quality cell, by the suite of its plan; () where that is not stored here, or unreadable."""
    suite = suite_of(layout, run.plan_id)
    return headline.scores(folder, suite) if suite else ()


def _result(read: RunRecord, figures: Sequence[Figure]) -> str:
    if isinstance(read, Failed):
        return f"failed ({read.kind}): {' '.join(read.reason.split())}"
    if not isinstance(read, Completed):
        return f"skipped: {read.reason}"
    if read.run.cell.kind == "load":
        verdicts = {flag.verdict for flag in read.outcome.flags}
        worst = next((word for word in _STYLES if word in verdicts), "valid")
        return f"{words.figures(tuple(figures)) or 'no speed is known'}; {worst}"
    tasks = sum(bool(one.task) for one in figures)
    mean = f"{words.figures(tuple(figures))}, the mean over {tasks} tasks; " if tasks else ""
    if read.run.cell.imported:
        return f"{mean}{read.outcome.answered:,} replies of {read.outcome.facts.engine}"
    return f"{mean}{read.outcome.answered:,} replies, {read.outcome.resumed:,} of an earlier attempt"


def _against(outcome: Outcome, console: Console) -> None:
    """Flags and warnings, the worst first."""
    for flag in sorted(outcome.flags, key=lambda flag: flag.verdict != "invalid"):
        at = f"{_at(flag.step)}: " if flag.step else ""
        console.print(f"{flag.verdict:<9} {at}{flag.reason}", style=_STYLES[flag.verdict])
    for warning in outcome.warnings:
        console.print(f"warning   {warning}", style="yellow")


def _families(outcome: Outcome, console: Console, everything: bool) -> None:
    """A table for each family, with a column for each step; folded to the main readings at three steps of speed."""
    known = [one for one in outcome.readings if one.samples]
    folded = 0
    for family, title in _FAMILIES.items():
        own = [one for one in known if readings.family(one.name) == family]
        own.sort(key=lambda one: (readings.rank(one.name), one.name))
        if not everything and family == "speed":
            picked = _main(own)
            folded += len(own) - len(picked)
            own = picked
        elif not everything and family in ("roofline", "canary", "other"):
            folded += len(own)
            continue
        if own:
            _table(title, own, console, everything)
    unknown = [one for one in outcome.readings if not one.samples]
    if everything:
        _print("Not known", [(readings.heading(one.name), one.reason) for one in unknown], console)
    elif folded or unknown:
        console.print(f"\n{folded} more readings, and why {len(unknown)} are not known: --all", style="dim")


def _main(own: Sequence[Reading]) -> list[Reading]:
    """The main readings at the first step, at that of the highest throughput, and at the last."""
    steps = sorted({one.at for one in own if one.at != Step()})
    most = max((one for one in own if one.name == "throughput"), key=lambda one: median(one.samples), default=None)
    kept = {*steps[:1], *steps[-1:], Step()} | ({most.at} if most else set())
    return [one for one in own if one.name in _MAIN and one.at in kept]


def _table(title: str, own: Sequence[Reading], console: Console, ranges: bool) -> None:
    steps = sorted({one.at for one in own})
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for step in steps:
        table.add_column("" if steps == [Step()] else _at(step), justify="right")
    for name in dict.fromkeys(one.name for one in own):
        at = {one.at: one for one in own if one.name == name}
        table.add_row(readings.heading(name), *(_value(at[step], ranges) if step in at else "" for step in steps))
    console.print()
    console.print(table)


def _value(one: Reading, ranges: bool) -> str:
    """The median, with its range where that is asked for; a figure that is not valid says so."""
    shown = quantity(median(one.samples), one.unit)
    if ranges and len(one.samples) > 1:
        low, high = (quantity(edge(one.samples), one.unit) for edge in (min, max))
        shown += f" ({low} to {high}, n {len(one.samples)})"
    return shown if one.valid else f"{shown}: {one.reason}"


def _exactness(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """How exact the client of a load is, and what stretch of time its figures are from."""
    for one in outcome.calibration:
        ttft, tpot, lag = (
            f"{in_seconds(pair[0])} (p99 {in_seconds(pair[1])})"
            for pair in (one.ttft_error_seconds, one.tpot_error_seconds, one.lag_seconds)
        )
        rate = f"{100 * one.rate_share:.1f} % of the scheduled rate, {one.tokens_per_second:,.0f} tok/s"
        yield f"client, {one.streams} streams", f"TTFT wrong by {ttft}, TPOT by {tpot}, lag {lag}, {rate}"
    for window in outcome.windows:
        tokens = f"{window.prompt_tokens:,} prompt and {window.output_tokens:,} output tokens"
        yield f"window, {_at(window.step)}", f"{in_seconds((window.end_ns - window.start_ns) / 1e9)}, {tokens}"


def _provenance(read: RunRecord, everything: bool) -> Iterator[tuple[str, str]]:
    run = read.run
    cell, machine = run.cell, run.machine
    source = "read from" if cell.imported else "weights"
    yield source, f"{cell.artifact.location} {cell.artifact.file} {cell.scheme and 'as ' + cell.scheme}".strip()
    yield "options", ", ".join(f"{name}={value}" for name, value in cell.options.items())
    yield "box", cell.hw + ("" if run.hw_matches else " (asked for; it ran on another box)")
    if isinstance(read, Completed) and cell.imported:
        yield "sha256", f"{cell.artifact.sha256} (the first letters, of all files read)"
    elif isinstance(read, Completed):
        facts = read.outcome.facts
        yield "engine", f"{facts.engine} {facts.version} on {facts.device}, context {facts.context}"
        yield "sha256", f"{read.prepared.sha256} ({read.prepared.how}, {in_bytes(read.prepared.bytes)})"
        yield "made from", read.prepared.source_sha256
    gpus = ", ".join(machine.gpus) or "no GPU"
    if not cell.imported:
        yield "machine", f"{machine.cpu}, {machine.cores} cores, {in_bytes(machine.memory_bytes)}, {gpus}"
        yield "system", f"{machine.system}, Python {machine.python}"
    load = " ".join(f"{value:.2f}" for value in machine.load_average)
    yield "load average", load + (f", governor {machine.governor}" if machine.governor else "")
    changed = " with uncommitted changes" if run.source.dirty else ""
    yield "code", f"{run.source.version} {run.source.commit[:12]}{changed}"
    if everything:
        yield "packages", ", ".join(f"{one.name} {one.value}" for one in run.packages)


def _print(title: str, pairs: Sequence[tuple[str, str]], console: Console) -> None:
    """Names and values in two columns; nothing where there are none."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            table.add_row(name, value)
    if table.row_count:
        console.print(f"\n{title}", style="bold")
        console.print(table)


def _at(step: Step) -> str:
    return where(step) or "the whole load"
