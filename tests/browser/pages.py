"""The reports that are opened: rendered here, from the invented analyses of tests/report."""

from pathlib import Path

from msgspec.structs import replace

from harness.core.record import Failed
from harness.core.verdict import Analysis
from harness.report.render import write
from tests.browser.hostile import names, writable
from tests.report.example import analysis, only
from tests.report.loaded import loaded
from tests.report.pieces import QUANTS


def example(folder: Path) -> Path:
    """Quality of seven quantizations, every verdict among them."""
    return write(analysis(), folder)


def under_load(folder: Path) -> Path:
    """Quality beside speed, memory and energy under load."""
    return write(loaded(), folder)


def hostile(folder: Path) -> Path:
    """Every foreign text of a report replaced by one that wants out: names, notes, sentences, error lines, paths."""
    return write(hostile_analysis(), folder)


def hostile_analysis() -> Analysis:
    """The analysis of `hostile`: a text of each kind of place in turn, all of them in the warnings and error lines."""
    bad = [writable(name) for name in names()]
    quants, tasks = tuple(quant.key for quant in QUANTS[1:]), ("classify", "passage_qa", "arithmetic")
    base = only(analysis(model=bad[0]), quants, tasks)
    assert len(base.comparisons) >= len(bad), "every text stands as a note somewhere"
    compared = tuple(
        replace(one, note=bad[at % len(bad)], second_opinion=bad[(at + 1) % len(bad)], method=bad[(at + 2) % len(bad)])
        for at, one in enumerate(base.comparisons)
    )
    claims = tuple(replace(one, sentence=" ".join(bad), qualifiers=tuple(bad)) for one in base.claims)
    failed = next(one for one in base.records if isinstance(one, Failed))
    records = (*base.records, *(replace(failed, reason=text, log_tail=text) for text in bad))
    plan = replace(base.plan, hw=bad[3], overrides=tuple(f"model={text}" for text in bad))
    return replace(base, plan=plan, comparisons=compared, claims=claims, records=records, warnings=tuple(bad))
