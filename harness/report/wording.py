"""How numbers, verdicts and foreign text are written for people: one place, so that every form says the same.

A verdict is always a symbol and a word, never a colour alone. Differences are shares and written as points.
"""

import math
import re
from datetime import date
from pathlib import PurePosixPath

from harness.core.tones import NO_INFORMATION
from harness.core.units import GIB, half_away, in_bytes
from harness.core.verdict import Comparison, Scored, Verdict

UNKNOWN = "n/a"
SYMBOLS = {
    Verdict.EQUIVALENT.value: "≈",
    Verdict.DEGRADED.value: "▼",
    Verdict.IMPROVED.value: "▲",
    Verdict.INCONCLUSIVE.value: "?",
    Verdict.BROKEN.value: "✕",
    NO_INFORMATION: "∅",
}
_MONTHS = (  # in words of our own: those of strftime hang on the locale
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_METRICS = {  # those of lm-eval, some of which are named after the function that computes them
    "acc": "accuracy",
    "acc_norm": "accuracy (length-normalized)",
    "exact_match": "exact match",
    "f1": "F1",
    "mc1": "MC1",
    "mc2": "MC2",
    "pass_at_k": "pass@k",
    "pass_at_1": "pass@1",
    "prompt_level_strict_acc": "prompt-level accuracy (strict)",
}
_SHARES = ("share", "1")  # units of readings that are parts of a whole
_PATH = re.compile(r"(?<![\w:/.~<])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:'\"<>|,;=()]+[/\\])+([^\s/\\:'\"<>|,;=()]*)")
_FILE_URL = re.compile(r"file://[^\s'\"<>,;)]*/")


def public(text: str) -> str:
    """`text` as it may leave the machine: absolute paths cut to their last part, control characters made visible."""
    if text.isprintable() and "/" not in text and "\\" not in text:  # nearly all: a page has a million of them
        return text
    return _PATH.sub(r"…/\1", _FILE_URL.sub("…/", visible(text)))


def visible(text: str) -> str:
    """`text` as it may go to a terminal: control characters, which could steer it, made visible."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def file_name(path: str) -> str:
    """The last part of a path, "" for an empty one."""
    return public(PurePosixPath(path.replace("\\", "/")).name)


def metric(name: str) -> str:
    """A metric of lm-eval as people say it: "acc" accuracy, "utils.pass_at_k" pass@k."""
    bare = name.rpartition(".")[2].partition(",")[0]
    return _METRICS.get(bare, bare.replace("_", " "))


def day(found: date | None) -> str:
    """A day in words, the same under any locale: "22 November 2026"."""
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}" if found else "undated"


def marked(name: str) -> str:
    """A verdict's symbol and word: "≈ equivalent"."""
    return f"{SYMBOLS[name]} {name}"


def points(share: float, digits: int = 1) -> str:
    """A difference of shares as signed points with a true minus sign: "−2.1"."""
    if not math.isfinite(share):
        return UNKNOWN
    text = f"{half_away(100 * share, digits):+}"
    return text.replace("-", "−") if float(text) else f"{0:.{digits}f}"


def points_range(low: float, high: float, digits: int = 1) -> str:
    """An interval in points: "[−3.0, −1.2]"."""
    return f"[{points(low, digits)}, {points(high, digits)}]" if math.isfinite(low + high) else ""


def percent(share: float, digits: int = 1) -> str:
    """A share without sign: "82.1 %"."""
    return f"{half_away(100 * share, digits)} %" if math.isfinite(share) else UNKNOWN


def pvalue(value: float) -> str:
    """Three decimals, "<0.001" below them, "n/a" for NaN."""
    if math.isnan(value):
        return UNKNOWN
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def quantity(value: float, unit: str) -> str:
    """A reading with its unit at three significant digits; bytes and seconds in a unit a reader can picture."""
    if not math.isfinite(value):
        return UNKNOWN
    if unit in ("bytes", "byte", "B"):
        return in_bytes(value)
    if unit in _SHARES:
        return percent(value)
    factor, shown = (1000, "ms") if unit in ("s", "seconds") and abs(value) < 1 else (1, unit)
    shown = {"seconds": "s"}.get(shown, shown)
    return f"{significant(factor * value)} {shown}".strip()


def quantity_range(scored: Scored, unit: str) -> str:
    """The interval of a reading, in the unit that `quantity` chooses for its value: "[41.2, 43.0]"."""
    if not (math.isfinite(scored.low) and math.isfinite(scored.high)):
        return ""
    if unit in _SHARES:
        return f"[{100 * scored.low:.1f}, {100 * scored.high:.1f}]"
    factor: float = 1000 if unit in ("s", "seconds") and abs(scored.score) < 1 else 1
    if unit in ("bytes", "byte", "B"):
        factor = 1 / (GIB if scored.score >= GIB else 1 << 20 if scored.score >= 1 << 20 else 1 << 10)
    return f"[{significant(factor * scored.low)}, {significant(factor * scored.high)}]"


def significant(value: float) -> str:
    """Three significant digits without an exponent, thousands grouped: "1,930", "42.1", "0.0713"."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else UNKNOWN
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}".replace("-", "−")


def ratio(scored: Scored | None) -> str:
    """A ratio with its interval: "×1.94 [1.88, 2.01]", "" where there is none."""
    if scored is None or not math.isfinite(scored.score):
        return ""
    known = math.isfinite(scored.low) and math.isfinite(scored.high)
    return f"×{scored.score:.2f}" + (f" [{scored.low:.2f}, {scored.high:.2f}]" if known else "")


def early(comparison: Comparison) -> str:
    """How many of a task's items were asked where it ended before all were: "100 of 400 items", else ""."""
    return f"{comparison.n_items:,} of {comparison.n_planned:,} items" if comparison.ended_early else ""


def counts(tally: dict[str, int]) -> str:
    """Verdict counts, symbols only where there is something to count: "≈ 4  ▼ 1"."""
    return "  ".join(f"{SYMBOLS[name]} {count}" for name, count in tally.items() if count) or "none"
