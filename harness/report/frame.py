"""The tidy table behind data.csv: one row per comparison, diagnostic and speed reading; shares, not points."""

import msgspec
import pandas as pd

from harness.core.verdict import Comparison, Diagnostic, Scored, SpeedComparison
from harness.report.view import View
from harness.report.wording import public


def tidy(view: View) -> pd.DataFrame:
    """Comparisons (section "quality" and "aa"), diagnostics and speed readings; absent figures are NaN or empty."""
    analysis = view.analysis
    rows = [_flat(one.kind, one) for one in analysis.comparisons]
    rows += [_flat("diagnostic", one) for one in analysis.diagnostics]
    rows += [_flat("speed", one) for one in analysis.speed]
    return pd.DataFrame(rows)


def _flat(section: str, one: Comparison | Diagnostic | SpeedComparison) -> dict[str, object]:
    """Fields by name; a Scored becomes name, name_low, name_high, a margin verdict verdict_at_<points>,
    the noise beside a comparison noise_<field>."""
    flat: dict[str, object] = {"section": section}
    fields = msgspec.structs.asdict(one)
    if (noise := fields.pop("noise", None)) is not None:
        fields |= {f"noise_{name}": value for name, value in msgspec.structs.asdict(noise).items()}
        fields["noise_at_noise"] = noise.at_noise.verdict.value
        fields["noise_margin"] = noise.at_noise.margin
    for name, value in fields.items():
        if isinstance(value, Scored):
            flat |= {name: value.score, f"{name}_low": value.low, f"{name}_high": value.high}
        elif isinstance(value, str):
            flat[name] = public(str(value))
        elif name not in ("margins", "cap_hits"):
            flat[name] = value
    flat.pop("kind", None)
    return flat | _nested(one) if isinstance(one, Comparison) else flat


def _nested(one: Comparison) -> dict[str, object]:
    flat: dict[str, object] = {"cap_hits_baseline": one.cap_hits[0], "cap_hits_candidate": one.cap_hits[1]}
    for entry in one.margins:
        at = f"{100 * entry.margin:g}"
        flat |= {f"verdict_at_{at}": entry.verdict.value, f"pvalue_at_{at}": entry.pvalue}
    return flat
