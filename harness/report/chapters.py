"""The chapters on speed, memory and energy; where a reader would look for a figure or table that is not there, one line
says why."""

from collections.abc import Iterator

from harness.report import latency, speed, standing
from harness.report.blocks import Block, Prose, Section, or_else
from harness.report.curves import LEAST_LOADS
from harness.report.plots import Picture
from harness.report.view import View
from harness.stats.latency import ENOUGH

_NOT_MEASURED = Prose("Speed was not measured in this run.")
_WHY_NOT = {
    "load": f"No curve of latency against throughput: it needs {LEAST_LOADS} valid steps of it (load=sweep).",
    "latency": f"No curves of latencies over requests: they need {ENOUGH[0.5]} requests of valid rounds.",
    "depth": "No curve of decode speed against depth: one depth was measured (load=depth).",
    "rounds": "No picture round by round: one round was measured (matrix.rounds=3).",
    "memory": "No picture of where memory goes: the engine does not tell its parts.",
    "energy": "No picture of energy: it was not measured; what was not measured is listed below, with the reason.",
    "roofline": "No picture of bandwidth: the bytes read per token are not known.",
}


def of_speed(view: View, drawn: dict[str, Picture]) -> tuple[Section, ...]:
    """Speed and latency; memory, energy and loading; and what stands behind them all."""
    if not view.speeds.all:
        return (Section("speed", "Speed, latency and memory", (_NOT_MEASURED,)),)
    if not view.speeds.names():
        return (Section("speed", "Speed, latency and memory", (_NOT_MEASURED, *_tables(standing.absent(view)))),)
    return (
        Section("speed", "Speed and latency", tuple(_speed(view, drawn))),
        Section("memory", "Memory, energy and loading", tuple(_sizes(view, drawn))),
        Section("standing", "What stands behind the speeds", tuple(_standing(view, drawn))),
    )


def _speed(view: View, drawn: dict[str, Picture]) -> Iterator[Block]:
    yield _drawn("load", drawn)
    yield from speed.by_step(view)
    yield from _tables(latency.percentiles(view))
    yield _drawn("latency", drawn)
    yield from _tables(latency.stalls(view))
    yield _drawn("depth", drawn)


def _sizes(view: View, drawn: dict[str, Picture]) -> Iterator[Block]:
    yield from speed.of_family(view, "memory")
    yield _drawn("memory", drawn)
    yield from speed.of_family(view, "energy")
    yield _drawn("energy", drawn)
    yield from (*speed.of_family(view, "loading"), *speed.of_family(view, "other"))


def _standing(view: View, drawn: dict[str, Picture]) -> Iterator[Block]:
    yield or_else(standing.objections(view), "No flag speaks against any of these figures.")
    yield from _tables(standing.rounds(view))
    yield _drawn("rounds", drawn)
    yield from (*_tables(standing.drifts(view)), *speed.of_family(view, "roofline"))
    yield _drawn("roofline", drawn)
    yield from (*speed.of_family(view, "canary"), *_tables(standing.calibration(view), standing.absent(view)))


def _tables(*tables: Block) -> Iterator[Block]:
    return (table for table in tables if getattr(table, "rows", ()))


def _drawn(key: str, drawn: dict[str, Picture]) -> Block:
    return drawn.get(key) or Prose(_WHY_NOT[key])
