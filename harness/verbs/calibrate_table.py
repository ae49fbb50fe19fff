"""A calibration for people: one table with units, and in a sentence what it is good for."""

import math
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.core.calibration import Calibrated
from harness.core.record import Calibration

LAG_SHARE = 0.05
"""A lag above this share of TPOT makes a result invalid (docs/measuring.md)."""
RATE_SHARE = 0.95
"""Below this share of the scheduled rate a client has fallen behind."""


def show(made: Calibrated, path: Path, console: Console) -> None:
    """Print it."""
    schedule = made.trials[0].schedule
    grid = "all streams together" if schedule.together else "each stream on its own"
    chunk = "1 token" if schedule.tokens_per_chunk == 1 else f"{schedule.tokens_per_chunk} tokens"
    table = Table(title=f"Load generator, {schedule.rate:g} tok/s per stream, {chunk} a chunk, {grid}", min_width=60)
    table.add_column("streams")
    for found in made.found:
        table.add_column(f"{found.streams:,}", justify="right")
    for name, *values in zip(_ROWS, *map(column, made.found), strict=True):
        table.add_row(name, *values)
    console.print(table)
    console.print("Errors are reading minus truth, percentiles those of their absolute values (of fewer than 100 "
                  "requests p99 is the worst), the bias is the mean. The server's own lateness is in no error.",
                  style="dim")
    for found in made.found:
        console.print(verdict(found), style="yellow" if fell_behind(found) else "")
    console.print(f"Kept: {path}", style="dim", soft_wrap=True, markup=False)


_ROWS = ("tokens/s", "of the scheduled", "TTFT error p50", "TTFT error p99", "TTFT bias", "TPOT error p50",
         "TPOT error p99", "TPOT bias", "loop lag p50", "loop lag p99", "server late p50", "server late p99",
         "client CPU s per 1,000 tokens", "requests")


def column(found: Calibration) -> list[str]:
    """One trial, from top to bottom."""
    return [
        f"{found.tokens_per_second:,.0f}", f"{100 * found.rate_share:.1f} %",
        *map(time_of, found.ttft_error_seconds), time_of(found.ttft_bias_seconds, True),
        *map(time_of, found.tpot_error_seconds), time_of(found.tpot_bias_seconds, True),
        *map(time_of, found.lag_seconds), *map(time_of, found.server_late_seconds),
        f"{found.cpu_seconds_per_1000_tokens:.4f}", f"{found.requests:,}",
    ]


def verdict(found: Calibration) -> str:
    """What results this client may be trusted with at so many streams, in plain words."""
    at = f"At {found.streams:,} stream{'s' if found.streams > 1 else ''}"
    if reason := fell_behind(found):
        return f"{at}: not good for this rate: {reason}."
    least = max(found.lag_seconds[1], found.tpot_error_seconds[1]) / LAG_SHARE
    return f"{at}: good for TPOT above {time_of(least)}; TTFT is off by {time_of(found.ttft_error_seconds[1])} at most."


def fell_behind(found: Calibration) -> str | None:
    """Why the rate was not kept, None where it was."""
    if found.rate_share >= RATE_SHARE:
        return None
    share = f"{100 * found.rate_share:.1f} % of the scheduled {found.tokens_per_second / found.rate_share:,.0f} tok/s"
    if found.server_late_seconds[1] > found.interval_seconds * found.tokens_per_chunk:
        return f"{share} came, but the server itself was late: this machine cannot run both so fast"
    return f"{share} came"


def time_of(seconds: float, signed: bool = False) -> str:
    """Two digits and a unit: 12 us, 4.1 ms, 1.2 s."""
    sign = ("+" if seconds > 0 else "-" if seconds < 0 else "") if signed else ""
    size = abs(seconds)
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)):
        if size * scale >= 1 or unit == "ns":
            shown = size * scale
            digits = max(0, 1 - math.floor(math.log10(shown))) if shown >= 1 else 0
            return f"{sign}{shown:,.{digits}f} {unit}"
    return ""
