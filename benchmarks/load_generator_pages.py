"""The comparison of load generators as markdown tables; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.load_generator_run import Result
from harness.verbs.calibrate_table import RATE_SHARE, time_of


def page(named: Mapping[str, str], timed: Sequence[Result], rates: Sequence[Result],
         streams: Sequence[Result]) -> str:
    """Both tables, and the sentence that they support. `named` maps a tool to its version or why it is not there."""
    parts = [_timing(timed), _limits(named, rates, streams)]
    missing = [f"{tool}: {said}." for tool, said in named.items() if said.startswith("could not")]
    return "\n\n".join(filter(None, [*parts, *missing, factor(rates)])) + "\n"


def _timing(timed: Sequence[Result]) -> str:
    """One row per number of streams and tool, repeats side by side."""
    groups: dict[tuple[int, str], list[Result]] = defaultdict(list)
    for one in timed:
        groups[one.trial.streams, one.tool].append(one)
    rows = [[f"{streams:,}", tool, *_cells(members)] for (streams, tool), members in groups.items()]
    heads = ["streams", "tool", "TTFT error p50", "p99", "bias", "TPOT error p50", "p99", "bias",
             "of the schedule", "CPU s per 1,000 tokens", "whole run", "server late p99"]
    return _table(heads, rows)


def _cells(members: Sequence[Result]) -> list[str]:
    """Each figure of all repeats, "a, b"."""
    good = [one for one in members if one.errors]
    if not good:
        return [members[0].reason, *[""] * 9]
    shown = []
    for spread in ([one.errors.ttft for one in good if one.errors], [one.errors.tpot for one in good if one.errors]):
        shown += [_all(time_of(one.p50) for one in spread), _all(time_of(one.p99) for one in spread),
                  _all(time_of(one.bias, True) for one in spread)]
    tokens = good[0].trial.tokens / 1000
    return [*shown, _all(f"{100 * one.rate_share:.1f} %" for one in good),
            _all(f"{one.cpu_seconds / tokens:.3f}" for one in good),
            _all(f"{one.cpu_seconds_whole / tokens:.3f}" for one in good),
            _all(time_of(one.errors.server_late.p99) for one in good if one.errors)]


def _limits(named: Mapping[str, str], rates: Sequence[Result], streams: Sequence[Result]) -> str:
    """One row per tool: how far it went."""
    rows = []
    for tool, said in named.items():
        if said.startswith("could not"):
            continue
        fast, many = best(rates, tool), most(streams, tool)
        cpu = f"{fast.cpu_seconds / fast.trial.tokens * 1000:.3f}" if fast else ""
        rows.append([f"{tool} {said}".strip(), f"{scheduled(fast):,.0f}" if fast else "none kept",
                     cpu, _missed(rates, tool), f"{many.trial.streams:,}" if many else "none kept"])
    return _table(["tool", "highest token rate kept, 256 streams", "CPU s per 1,000 tokens there",
                   "lowest rate missed (achieved; server late p99)", "most streams kept, 10 tok/s each"], rows)


def _missed(rates: Sequence[Result], tool: str) -> str:
    """Where a tool first fell behind: a server that was late too says that the two cores ended it, not the tool alone.
    """
    missed = [one for one in rates if one.tool == tool and one.rate_share < RATE_SHARE]
    fast = best(rates, tool)
    above = [one for one in missed if fast is None or scheduled(one) > scheduled(fast)]
    if not above:
        return "none tried"
    first = min(above, key=scheduled)
    why = time_of(first.errors.server_late.p99) if first.errors else first.reason
    return f"{scheduled(first):,.0f} ({100 * first.rate_share:.0f} %; {why})"


def scheduled(found: Result) -> float:
    """Tokens/s in all."""
    return found.trial.tokens / found.trial.seconds


def best(rates: Iterable[Result], tool: str) -> Result | None:
    """The highest rate that a tool kept."""
    kept = [one for one in rates if one.tool == tool and one.rate_share >= RATE_SHARE]
    return max(kept, key=scheduled, default=None)


def most(streams: Iterable[Result], tool: str) -> Result | None:
    """The most streams that a tool kept."""
    kept = [one for one in streams if one.tool == tool and one.rate_share >= RATE_SHARE]
    return max(kept, key=lambda one: one.trial.streams, default=None)


def factor(rates: Sequence[Result]) -> str:
    """How our highest token rate stands to the best of the others, "" where one is missing."""
    ours = best(rates, "ours")
    others = [one for tool in {one.tool for one in rates} - {"ours"} if (one := best(rates, tool))]
    if ours is None or not others:
        return ""
    other = max(others, key=scheduled)
    share = scheduled(ours) / scheduled(other)
    return f"Highest token rate: ours is {share:.1f} times that of the best other, {other.tool}."


def _all(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
