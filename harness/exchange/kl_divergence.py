"""Output of llama.cpp's llama-perplexity --kl-divergence: how far a quantized model's next-token distributions lie from
its base's. Fidelity figures for a table beside the verdicts, never a verdict: near the base they do not rank models.

Format: tools/perplexity/perplexity.cpp of llama.cpp ("Mean    KLD:   0.171127 ±   0.000512"); what stands behind ± is
one standard error. Older versions wrote "KL divergence" and "+/-".
"""

import math
import re
from pathlib import Path

from harness.core.record import Reading
from harness.exchange import lines
from harness.exchange.source import Source, Wanted, malformed

STDERR = ", stderr"
_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf)"
_LINE = re.compile(rf"\s*(.+?)\s*:\s*({_NUMBER})\s*%?\s*(?:(?:±|\+/-)\s*({_NUMBER}))?\s*%?\s*", re.IGNORECASE)
_EXACT = {
    "Mean PPL(Q)": ("PPL(Q)", ""),
    "Mean PPL(base)": ("PPL(base)", ""),
    "Mean PPL(Q)/PPL(base)": ("PPL(Q)/PPL(base)", ""),
    "Mean ln(PPL(Q)/PPL(base))": ("ln PPL(Q)/PPL(base)", ""),
    "Mean PPL(Q)-PPL(base)": ("PPL(Q) - PPL(base)", ""),
    "Cor(ln(PPL(Q)), ln(PPL(base)))": ("correlation of ln PPL", "%"),
    "RMS Δp": ("RMS Δp", "%"),
    "Same top p": ("same top token", "%"),
}
_QUANTILE = re.compile(r"(Mean|Maximum|Median|Minimum|\d+(?:\.\d+)?%) (KLD|KL divergence|Δp)")
_HIGHER = ("same top token", "correlation of ln PPL")
_AGAIN = "let llama-perplexity --kl-divergence finish and keep all it prints"


def is_output(text: str) -> bool:
    """Whether a text looks like the tool's statistics."""
    return "KL divergence statistics" in text or "kl_divergence:" in text


def read(path: Path, wanted: Wanted) -> Source:
    """All figures of one run; raises UserError where it did not finish or the file holds two runs."""
    figures: dict[str, Reading] = {}
    for number, line in enumerate(lines.text_of(path).splitlines(), 1):
        for reading in _readings(line, path, number):
            known = figures.setdefault(reading.name, reading)
            if known != reading:  # 99.0 % stood there twice in some versions, with one value
                reason = f"{reading.name} is {reading.samples[0]:g} here and {known.samples[0]:g} before: two runs?"
                raise malformed(path, reason, "keep one run in a file", number)
    if missing := [name for name in ("KLD mean", "same top token") if name not in figures]:
        raise malformed(path, f"no {' and no '.join(missing)}: the run did not finish", _AGAIN)
    return Source(format="kl_divergence", files=(path,), model="unknown", backend="", figures=tuple(figures.values()))


def _readings(line: str, path: Path, number: int) -> list[Reading]:
    match = _LINE.fullmatch(line)
    named = _named(" ".join(match.group(1).split())) if match else None
    if match is None or named is None:
        return []
    name, unit = named
    values = {name: match.group(2)} | ({name + STDERR: match.group(3)} if match.group(3) else {})
    found = []
    for label, text in values.items():
        value = float(text)
        if not math.isfinite(value):
            raise malformed(path, f"{label} is {text}", "the run is broken: check model and base file", number)
        found.append(Reading(label, unit, "higher" if name in _HIGHER else "lower", (value,)))
    return found


def _named(label: str) -> tuple[str, str] | None:
    """(name, unit) of a line's label, None for a line that is no statistic."""
    if label in _EXACT:
        return _EXACT[label]
    match = _QUANTILE.fullmatch(label)
    if match is None:
        return None
    which, what = match.group(1).lower(), "Δp" if match.group(2) == "Δp" else "KLD"
    which = f"{float(which[:-1]):g} %" if which.endswith("%") else which
    return f"{what} {which}", "%" if what == "Δp" else "nats"
