"""Findings in words: what, from what to what, by how much, and why it counts as it does. Names are hostile until here.

Whatever comes from a record (a task, an arm, a reason) may hold control characters, line ends or bidi marks: `plain`
takes them out once, for the terminal and all files alike.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from harness.core.gate import Finding, Gate, Held, NightGate, Outcome, Status
from harness.core.record import Step
from harness.core.summary import Summary
from harness.core.units import in_bytes, in_points, in_seconds

SYMBOLS: dict[Status, str] = {
    "worse": "✗", "broken": "!", "undecided": "?", "invalid": "?", "learning": "…", "not compared": "·",
    "better": "✓", "same": "=", "noise": "~",
}
OUTCOMES: dict[Outcome, str] = {
    "passed": "passed: nothing is shown to be worse",
    "worse": "worse: a loss is shown",
    "undecided": "undecided: neither a loss nor its absence is shown",
    "broken": "broken: not all could be judged",
}
_FOLDED: tuple[Status, ...] = ("same", "noise", "learning")
_UNITS = {"s": in_seconds, "B": in_bytes}
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def plain(text: str) -> str:
    """On one line, without what cannot be seen: control characters, bidi marks, lone surrogates."""
    kept = (" " if one.isspace() else one for one in text if one.isspace() or unicodedata.category(one)
            not in _INVISIBLE)
    return " ".join("".join(kept).split())


def where(step: Step) -> str:
    """What a step held fixed, short: "8 at once, 512 + 256 tokens"."""
    tokens = f"{step.prompt_tokens} + {step.output_tokens} tokens" if step.prompt_tokens or step.output_tokens else ""
    users = f"{step.concurrency} at once" if step.concurrency else ""
    rate = f"{step.rate:g} requests/s" if step.rate else ""
    parts = (users, rate, tokens, f"depth {step.depth}" if step.depth else "")
    return ", ".join(filter(None, parts))


def what(one: Finding) -> str:
    """The thing that was held: "triage, answers", "decode, 1 at once (single)"."""
    if one.kind == "figure":
        load = f" ({one.load})" if one.load else ""
        return plain(", ".join(filter(None, [one.name, where(one.step)])) + load)
    if one.kind == "verdict":
        return plain(f"{one.name}, verdict")
    return plain(f"{one.name}, answers" if one.kind == "quality" else one.name + (f" ({one.load})" if one.load else ""))


def amount(value: float | None, one: Finding) -> str:
    """A figure with its unit, a score in per cent, "" where there is none."""
    if value is None:
        return ""
    if one.unit == "share":
        return in_points(value) if one.kind == "verdict" else f"{100 * value:.1f} %"
    return _UNITS[one.unit](value) if one.unit in _UNITS else f"{value:.4g} {plain(one.unit)}"


def change(one: Finding) -> str:
    """The change with its limits: "-2.2 points (-3.1 to -1.3)", "-8.1 % (-9.9 to -6.3)"."""
    if one.change is None:
        return ""
    shown = [_percent(one, value) for value in (one.change, one.low, one.high) if value is not None]
    unit = "points" if one.unit == "share" else "%"
    return f"{shown[0]} {unit}" + (f" ({shown[1]} to {shown[2]})" if len(shown) == 3 else "")


def _percent(one: Finding, value: float) -> str:
    return in_points(value) if one.kind == "quality" else in_points(value - 1)


def why(one: Finding) -> str:
    """What stands behind the status: flips, or the noise that is known; then what qualifies it."""
    parts = [plain(one.reason)]
    if one.kind == "quality" and one.lost is not None:
        parts.insert(0, f"{one.lost} lost, {one.gained} gained of {one.n_items}")
    if one.kind == "figure" and one.spread is not None and one.status != "learning":
        parts.insert(0, f"a night scatters by {100 * one.spread:.1f} % ({one.nights} nights)")
    if one.status == "learning":
        parts.insert(0, f"{one.nights} nights known of the box's noise")
    return "; ".join(filter(None, parts))


def cells(one: Finding, arm: str) -> tuple[str, str, str, str, str, str]:
    """A finding's row: status, what (of the `arm`, as it is called there), before, after, change, why."""
    named = " ".join(filter(None, [plain(arm), what(one)]))
    moved = amount(one.before, one), amount(one.after, one)
    return f"{SYMBOLS[one.status]} {one.status}", named, *moved, change(one), why(one)


def line(one: Finding) -> str:
    """All of it on one line."""
    moved = " -> ".join(filter(None, (amount(one.before, one), amount(one.after, one))))
    told = "; ".join(filter(None, (moved, change(one), why(one))))
    return f"{one.status}: {plain(one.arm)} {what(one)}".replace(":  ", ": ") + (f": {told}" if told else "")


def open_findings(night: NightGate) -> list[Finding]:
    """What is worth a line: what decides and is not folded, and figures that only inform where they moved."""
    return [one for one in night.findings if one.gated and one.status not in (*_FOLDED, "not compared")]


def folded(night: NightGate) -> Iterator[str]:
    """What is fine or cannot be told yet, in counts."""
    gated = [one for one in night.findings if one.gated]
    if same := _of(gated, "same"):
        yield f"the same within the margin: {_kinds(same)}"
    if noise := _of(gated, "noise"):
        least = [one.smallest for one in noise if one.smallest is not None]
        told = f"; a loss shows from {_span(least)} on" if least else ""
        yield f"no change shown, the box's noise allows no more: {_kinds(noise)}{told}"
    if learning := _of(gated, "learning"):
        yield f"learning the box's noise: {_kinds(learning)} (up to {max(one.nights for one in learning)} nights known)"
    if left := _of(gated, "not compared"):
        reasons = Counter(plain(one.reason) for one in left)
        yield f"not compared: {_kinds(left)}: " + "; ".join(f"{said} ({n})" for said, n in reasons.items())
    if night.elsewhere:
        yield f"not part of this night: {len(night.elsewhere)} ({plain(night.elsewhere[0])}, ...)"


def _of(findings: Iterable[Finding], status: Status) -> list[Finding]:
    return [one for one in findings if one.status == status]


def _kinds(findings: Sequence[Finding]) -> str:
    """ "6 answers, 12 figures": how many of each kind."""
    names = {"quality": "answers", "verdict": "verdicts", "figure": "figures", "cell": "parts"}
    counts = Counter(names[one.kind] for one in findings)
    return ", ".join(f"{count} {name if count > 1 else name.removesuffix('s')}" for name, count in counts.items())


def _span(shares: Sequence[float]) -> str:
    low, high = 100 * min(shares), 100 * max(shares)
    return f"{low:.1f} %" if high - low < 0.1 else f"{low:.1f} to {high:.1f} %"


def called(one: Held | NightGate | Summary) -> str:
    """A night's name, else its date."""
    return plain(one.night) or one.started[:10] or one.plan


def held_against(night: NightGate) -> str:
    """The references that were used: "2026-11-01", "2026-11-01 and 2 older ones"."""
    names = [called(one) for one in night.references]
    more = f" and {len(names) - 1} older" if len(names) > 1 else ""
    return (names[0] if names else "nothing") + more


def headline(gate: Gate) -> str:
    """The outcome in a sentence."""
    allowed = " (allowed)" if gate.outcome == "undecided" and not gate.exit_code else ""
    return f"{OUTCOMES[gate.outcome]}{allowed}"
