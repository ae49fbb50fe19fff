"""The tidy table behind data.csv: one row per comparison, diagnostic and speed reading; shares, not points."""

from collections.abc import Iterator

import msgspec
import pandas as pd

from harness.core.record import Step
from harness.core.verdict import Comparison, Diagnostic, Drift, Latency, RoundValue, Scored, SpeedComparison
from harness.report.measured import place_of
from harness.report.steps import At
from harness.report.view import View
from harness.report.wording import public

_Row = Comparison | Diagnostic | SpeedComparison | RoundValue | Latency | Drift
_NESTED = ("margins", "cap_hits", "quantiles", "curve", "stalls", "over_rounds")


def tidy(view: View) -> pd.DataFrame:
    """A row per comparison (section "quality", "aa", "bridge", "total"), diagnostic, compared reading ("speed"),
    value of a round ("round"), percentile and drift.

    Absent figures are NaN or empty; `flags` says what speaks against one, `invalid` that it is not to be used.
    """
    analysis = view.analysis
    rows = [_flat(one.kind, one) for one in analysis.comparisons]
    rows += [_flat("diagnostic", one) for one in analysis.diagnostics]
    rows += [_flat("speed", one) | _validity(view, one) for one in analysis.speed]
    rows += [_flat("round", one) for one in analysis.rounds]
    rows += [row for one in analysis.latencies for row in _percentiles(view, one)]
    rows += [_flat("drift", one) for one in analysis.drifts]
    return pd.DataFrame(rows)


def _validity(view: View, one: SpeedComparison) -> dict[str, object]:
    """What speaks against either side of a comparison of speeds."""
    found = [view.speeds.get(arm, one.name, place_of(one)) for arm in (one.baseline_arm, one.candidate_arm)]
    said = dict.fromkeys(objection.said for side in found if side for objection in side.objections)
    invalid = any(side.unusable for side in found if side)
    verdict = {"verdict": ""} if invalid else {}
    return {"flags": public("; ".join(said)), "invalid": invalid} | verdict | msgspec.structs.asdict(place_of(one).step)


def _percentiles(view: View, one: Latency) -> Iterator[dict[str, object]]:
    at = At(one.load, one.step)
    found, _ = view.speeds.against(one.arm, one.name, at)
    flags, invalid = public("; ".join(each.said for each in found)), view.speeds.of_requests(one.arm, one.name, at)[1]
    for share, seconds in one.quantiles:
        yield {
            **_flat("percentile", one), "unit": "s", "share": share, "value": seconds, "flags": flags,
            "invalid": invalid,
        }


def _flat(section: str, one: _Row) -> dict[str, object]:
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
        elif isinstance(value, Step):
            flat |= msgspec.structs.asdict(value)
        elif name not in _NESTED:
            flat[name] = value
    flat.pop("kind", None)
    return flat | _nested(one) if isinstance(one, Comparison) else flat


def _nested(one: Comparison) -> dict[str, object]:
    flat: dict[str, object] = {"cap_hits_baseline": one.cap_hits[0], "cap_hits_candidate": one.cap_hits[1]}
    for entry in one.margins:
        at = f"{100 * entry.margin:g}"
        flat |= {f"verdict_at_{at}": entry.verdict.value, f"pvalue_at_{at}": entry.pvalue}
    return flat
