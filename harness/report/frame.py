"""The tidy table behind data.csv and data.parquet: a row for everything compared, measured and drawn; shares, not
points. What the columns hold is in columns.py."""

from collections.abc import Iterable, Iterator

import msgspec
import pandas as pd

from harness.core.record import Step
from harness.core.verdict import Comparison, Diagnostic, Drift, Latency, RoundValue, Scored, SpeedComparison
from harness.report.columns import in_order, kind_of
from harness.report.drawn import Axis
from harness.report.measured import place_of
from harness.report.plots import Picture
from harness.report.pooled import pooled
from harness.report.steps import At
from harness.report.view import View
from harness.report.wording import public

_Row = Comparison | Diagnostic | SpeedComparison | RoundValue | Latency | Drift
_NESTED = ("margins", "cap_hits", "quantiles", "curve", "stalls", "over_rounds")
_TYPES = {"text": "string", "number": "Float64", "whole": "Int64", "yes or no": "boolean"}


def tidy(view: View, pictures: Iterable[Picture] = ()) -> pd.DataFrame:
    """A row per comparison (section "quality", "aa", "bridge", "total"), diagnostic, compared reading ("speed"),
    value of a round ("round"), percentile, drift, pooled change, and thing drawn in one of the pictures ("figure").

    What is absent is missing; `flags` says what speaks against a figure, `invalid` that it is not to be used.
    """
    analysis = view.analysis
    rows = [_flat(one.kind, one) for one in analysis.comparisons]
    rows += [_flat("diagnostic", one) for one in analysis.diagnostics]
    rows += [_flat("speed", one) | _validity(view, one) for one in analysis.speed]
    rows += [_flat("round", one) for one in analysis.rounds]
    rows += [row for one in analysis.latencies for row in _percentiles(view, one)]
    rows += [_flat("drift", one) for one in analysis.drifts]
    rows += list(_pooled(view))
    rows += [row for picture in pictures for row in _drawn(picture)]
    return _typed(pd.DataFrame(rows))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in their order and with one type each, whatever happens to be absent; empty ones are left out."""
    names = in_order(list(frame.columns))
    typed = frame[names].astype({name: _TYPES[kind_of(name)] for name in names})
    texts = [name for name in names if kind_of(name) == "text"]
    typed[texts] = typed[texts].fillna("")
    return typed[[name for name in names if (typed[name].notna() & (typed[name].astype(str) != "")).any()]]


def _pooled(view: View) -> Iterator[dict[str, object]]:
    for arm, found in pooled(view).items():
        yield {
            "section": "pooled", "candidate_arm": public(arm), "delta": found.estimate, "stderr": found.stderr,
            "low": found.low, "high": found.high, "prediction_low": found.prediction_low,
            "prediction_high": found.prediction_high, "tau": found.tau,
        }  # fmt: skip


def _drawn(picture: Picture) -> Iterator[dict[str, object]]:
    """Everything a picture shows, panel by panel."""
    for panel in picture.drawn:
        for one in panel.drawn:
            yield {
                "section": "figure", "figure": picture.key, "panel": public(panel.title), "arm": public(one.arm),
                "part": public(one.part), "state": public(one.state), **_on("x", panel.x, one.x),
                "x_low90": one.inner[0], "x_high90": one.inner[1], **_on("y", panel.y, one.y),
            }  # fmt: skip


def _on(axis: str, what: Axis, at: Scored) -> dict[str, object]:
    names = {f"{axis}_name": public(what.name), f"{axis}_unit": what.unit}
    return names | {axis: at.score, f"{axis}_low": at.low, f"{axis}_high": at.high}


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
