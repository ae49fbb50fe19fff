"""`show ID`: one stored record, readably. ID begins a cell's or run's id, or is an import's name or a folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.core.errors import NotFound, UserError
from harness.core.record import Completed, Failed, Outcome, Run, RunRecord, Step
from harness.core.units import in_bytes, in_seconds
from harness.store.layout import Layout
from harness.store.read import record
from harness.verbs import Arguments, stored
from harness.verbs.list import attempts_folder


def main(args: Arguments) -> int:
    """Print every record found by id, newest last; raises NotFound for none, UserError for ids of different cells."""
    ids = [word for word in args.overrides if "=" not in word]
    if len(ids) != 1:
        raise UserError("show takes one id", "see python -m harness list results")
    found = find(ids[0], attempts_folder(args.overrides))
    cells = {path.parent.name for path in found}
    if len(cells) > 1:
        raise UserError(f"'{ids[0]}' fits {len(cells)} cells: {', '.join(sorted(cells))}", "give more letters")
    console = Console(highlight=False, markup=False)
    for path in found[:-1]:
        console.print(f"earlier attempt {path}", style="dim", soft_wrap=True)
    console.print(_table(record(found[-1]), found[-1]))
    if isinstance(read := record(found[-1]), Failed) and read.log_tail:
        sys.stdout.write(f"\nend of its log\n{read.log_tail}\n")
    return 0


def find(prefix: str, results: Path) -> list[Path]:
    """Folders of the attempts whose cell id or run id starts with `prefix`, or whose name it is, oldest first."""
    direct = Path(prefix)
    if (direct / "record.json").is_file():
        return [direct.resolve()]
    folders = sorted(path.parent for path in results.glob("*/*/*/record.json"))
    found = [f for f in folders if f.parent.name.startswith(prefix) or f.name.split("-", 1)[-1].startswith(prefix)]
    if not found:
        named = {cell.id for cell, _ in stored.cells(Layout(results)) if cell.name == prefix}
        found = [folder for folder in folders if folder.parent.name in named]
    if not found:
        raise NotFound(f"no record '{prefix}' in {results}", "see python -m harness list results")
    return found


def _table(read: RunRecord, folder: Path) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (*_run(read.run), *_rest(read), ("folder", str(folder))):
        if value:
            table.add_row(name, value)
    return table


def _run(run: Run) -> Iterator[tuple[str, str]]:
    cell, machine = run.cell, run.machine
    yield "what", cell.label
    yield "cell", f"{cell.id} (run {run.run_id}, plan {run.plan_id})"
    yield "when", f"{run.started}, {in_seconds(run.seconds) if run.seconds else 'how long is not known'}"
    source = "read from" if cell.imported else "weights"
    yield source, f"{cell.artifact.location} {cell.artifact.file} {cell.scheme and 'as ' + cell.scheme}".strip()
    yield "options", ", ".join(f"{name}={value}" for name, value in cell.options.items())
    yield "box", cell.hw + ("" if run.hw_matches else " (asked for; it ran on another box)")
    gpus = ", ".join(machine.gpus) or "no GPU"
    if not cell.imported:
        yield "machine", f"{machine.cpu}, {machine.cores} cores, {in_bytes(machine.memory_bytes)}, {gpus}"
        yield "system", f"{machine.system}, Python {machine.python}"
    load = " ".join(f"{value:.2f}" for value in machine.load_average)
    yield "load average", load + (f", governor {machine.governor}" if machine.governor else "")
    changed = " with uncommitted changes" if run.source.dirty else ""
    yield "code", f"{run.source.version} {run.source.commit[:12]}{changed}"
    yield "packages", ", ".join(f"{one.name} {one.value}" for one in run.packages)


def _rest(read: RunRecord) -> Iterator[tuple[str, str]]:
    """What is particular to a completed, failed or skipped cell."""
    if not isinstance(read, Completed):
        kind = f"failed ({read.kind})" if isinstance(read, Failed) else "skipped"
        yield "outcome", f"{kind}: {read.reason}"
        return
    facts, outcome = read.outcome.facts, read.outcome
    if read.run.cell.imported:
        yield "outcome", f"{outcome.answered} replies of {facts.engine}"
        yield "sha256", f"{read.run.cell.artifact.sha256} (the first letters, of all files read)"
    else:
        yield "outcome", f"completed; {outcome.answered} replies, {outcome.resumed} of an earlier attempt"
        yield "engine", f"{facts.engine} {facts.version} on {facts.device}, context {facts.context}"
        yield "sha256", f"{read.prepared.sha256} ({read.prepared.how}, {in_bytes(read.prepared.bytes)})"
        yield "made from", read.prepared.source_sha256
    yield from _validity(outcome)
    for reading in outcome.readings:
        at = f", {in_words(reading.at)}" if reading.at != Step() else ""
        shown = " ".join(f"{value:.4g}" for value in reading.samples[:6]) or f"not known: {reading.reason}"
        more = f" ... ({len(reading.samples)} samples)" if len(reading.samples) > 6 else ""
        yield reading.name + at, f"{shown} {reading.unit}{more}" if reading.samples else shown
    for warning in outcome.warnings:
        yield "warning", warning


def _validity(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What speaks against the figures of a load, how exact its client is, and what stretch of time they are from."""
    if outcome.windows and not outcome.flags:
        yield "validity", "valid: nothing speaks against these figures"
    for flag in outcome.flags:
        yield flag.verdict, (f"{in_words(flag.step)}: " if flag.step else "") + flag.reason
    for one in outcome.calibration:
        ttft, tpot, lag = (
            f"{in_seconds(pair[0])} (p99 {in_seconds(pair[1])})"
            for pair in (one.ttft_error_seconds, one.tpot_error_seconds, one.lag_seconds)
        )
        rate = f"{100 * one.rate_share:.1f} % of the scheduled rate, {one.tokens_per_second:,.0f} tok/s"
        yield f"client, {one.streams} streams", f"TTFT wrong by {ttft}, TPOT by {tpot}, lag {lag}, {rate}"
    for window in outcome.windows:
        tokens = f"{window.prompt_tokens:,} prompt and {window.output_tokens:,} output tokens"
        yield f"window, {in_words(window.step)}", f"{in_seconds((window.end_ns - window.start_ns) / 1e9)}, {tokens}"


def in_words(step: Step) -> str:
    """What a step held fixed: "8 at once, 512 + 256 tokens"."""
    tokens = f"{step.prompt_tokens} + {step.output_tokens} tokens" if step.prompt_tokens or step.output_tokens else ""
    rate = f"{step.rate:g} requests/s" if step.rate else ""
    depth = f"depth {step.depth}" if step.depth else ""
    at_once = f"{step.concurrency} at once" if step.concurrency else ""
    return ", ".join(filter(None, [at_once, rate, tokens, depth])) or "the whole load"
