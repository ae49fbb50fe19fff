"""Tables of what stands behind the speeds: flags, why rounds ended, drift, the client's own error, what is missing."""

import math

from harness.core.cell import LoadWork
from harness.core.record import Calibration, Completed
from harness.core.repetition import Repeated
from harness.core.units import in_seconds
from harness.core.verdict import Drift
from harness.report.figures import INVALID
from harness.report.objections import Objection
from harness.report.readings import glossary, heading, rank
from harness.report.steps import At, order, words
from harness.report.tables import Cell, Table, row
from harness.report.view import View
from harness.report.wording import percent, pvalue, quantity


def objections(view: View) -> Table:
    """Every mark that stands beside a figure, with its reason and where it was given."""
    rows = tuple(
        row(Cell(f"{one.mark} {one.verdict}", tone=_tone(one)), one.reason, *_where(view, one))
        for one in view.speeds.objections
    )
    note = (
        "A figure that all rounds of an arm make invalid is shown as such and is in no curve and no verdict; where "
        "some rounds are valid, only those count. Flagged figures are kept, with their mark."
    )
    columns = ("Mark", "What speaks against figures", "Arm and round", "Load")
    return Table("objections", "Flags", note, columns, rows, words=(0, 1, 2, 3))


def _tone(one: Objection) -> str:
    """Only what is invalid is coloured: what is flagged is a figure like others."""
    return INVALID if one.verdict == INVALID else ""


def _where(view: View, one: Objection) -> tuple[str, str]:
    rounds: dict[str, set[int]] = {}
    for place in one.places:
        rounds.setdefault(place.arm, set()).add(place.round)
    arms = [
        f"{view.label(arm)}: round{'s' * (len(found) > 1)} {', '.join(map(str, sorted(found)))}"
        for arm, found in rounds.items()
    ]
    places = sorted({At(place.load, place.step) for place in one.places if place.step}, key=order)
    everything = any(place.step is None for place in one.places)
    names = dict.fromkeys(heading(place.name) for place in one.places if place.name)
    where = "all" if everything else "; ".join(words(at, view.speeds.places) for at in places)
    return "; ".join(arms), f"{where} ({', '.join(names)} only)" if names else where


def rounds(view: View) -> Table:
    """How many rounds were run of each model and load, and why no more."""
    rows = tuple(_repeated(view, one) for one in view.analysis.repeats)
    note = (
        "Precision: half of the 95 % interval over rounds, as a share of the mean, of the arm known worst. The target "
        "was set before the run."
    )
    columns = ("Model", "Load", "Rounds", "Reading", "Precision", "Target", "Time", "Why they ended")
    return Table("rounds", "Rounds, and why they ended", note, columns, rows, words=(0, 1, 3, 7))


def _repeated(view: View, one: Repeated) -> tuple[Cell, ...]:
    known = math.isfinite(one.precision)
    return row(
        one.model,
        one.load,
        Cell(str(one.rounds), f"of {one.planned} planned"),
        Cell(heading(one.reading) if one.reading else "", words(_at(one)) if one.reading else ""),
        Cell(f"± {percent(one.precision)}", view.label(one.arm)) if known else Cell("unknown"),
        f"± {percent(one.target)}" if one.target else "",
        in_seconds(one.seconds),
        one.words,
    )


def drifts(view: View) -> Table:
    """Readings that move over the rounds, the most certain first."""
    found = sorted(view.analysis.drifts, key=lambda one: (one.pvalue, one.arm, rank(one.name), order(_at(one))))
    places = {_at(one) for one in found}
    rows = tuple(
        row(*_named(view, one, places), str(one.rounds), _slope(one), pvalue(one.pvalue)) for one in found
    )
    note = (
        "Change per round as a share of the mean, with its 95 % interval; p: no change, after Benjamini-Hochberg over "
        "all rows. Rounds of the arms take turns, so a drift of the box meets all of them."
    )
    columns = ("Quantization", "Reading", "Load", "n rounds", "Per round", "p")
    return Table("drifts", "Drift over the rounds", note, columns, rows, words=(0, 1, 2), folded=True)


def _named(view: View, one: Drift, places: set[At]) -> tuple[str, str, str]:
    return view.label(one.arm), heading(one.name), words(_at(one), places)


def _at(one: Drift | Repeated) -> At:
    return At(one.load, one.step)


def _slope(one: Drift) -> Cell:
    limits = f"[{100 * one.slope.low:+.1f}, {100 * one.slope.high:+.1f}]".replace("-", "−")
    sure = "drifts" if one.pvalue < 0.05 else ""
    known = math.isfinite(one.slope.low + one.slope.high)
    detail = "\n".join(part for part in (limits if known else "", sure) if part)
    return Cell(f"{100 * one.slope.score:+.1f} %".replace("-", "−"), detail)


def calibration(view: View) -> Table:
    """What the load generator itself gets wrong, for results of a server."""
    found: dict[Calibration, dict[str, None]] = {}
    for record in view.completed:
        for one in record.outcome.calibration:
            found.setdefault(one, {})[view.label(record.run.cell.arm)] = None
    rows = tuple(
        row(
            f"{one.streams:,}",
            ", ".join(arms),
            *(Cell(quantity(error[0], "s"), f"p99 {quantity(error[1], 's')}") for error in _errors(one)),
            percent(one.rate_share),
            quantity(one.tokens_per_second, "tok/s"),
        )
        for one, arms in sorted(found.items(), key=lambda item: item[0].streams)
    )
    note = (
        "The same client against a server whose times are known, measured beside the run: p50 and p99 of the absolute "
        "error over its requests. Rate: tokens received over tokens scheduled. Loop lag above 5 % of TPOT makes a "
        "figure invalid. One run each, so no interval."
    )
    columns = ("Streams", "Arms", "TTFT error", "TPOT error", "Loop lag", "Rate", "Tokens")
    return Table("calibration", "The client's own error", note, columns, rows, words=(1,))


def _errors(one: Calibration) -> tuple[tuple[float, float], ...]:
    return one.ttft_error_seconds, one.tpot_error_seconds, one.lag_seconds


def absent(view: View) -> Table:
    """Readings that no arm has, equal reasons together."""
    reasons: dict[str, dict[str, None]] = {}
    for one in view.analysis.speed:
        if one.unit and one.reason and not _known(view, one.name):
            reasons.setdefault(one.name, {})[one.reason] = None
    for record in view.completed:
        for reading in record.outcome.readings if _loaded(record) else ():
            if not reading.samples and not _known(view, reading.name):
                reasons.setdefault(reading.name, {})[reading.reason or "not measured"] = None
    together: dict[str, list[str]] = {}
    for name in sorted(reasons, key=rank):
        together.setdefault("; ".join(reasons[name]), []).append(name)
    rows = tuple(row(", ".join(map(heading, names)), why) for why, names in together.items())
    note = "; ".join(glossary(list(reasons))) + "." if rows else ""
    return Table("absent", "Not measured here, and why", note, ("Reading", "Why"), rows, words=(0, 1), folded=True)


def _known(view: View, name: str) -> bool:
    return name in view.speeds.names()


def _loaded(record: Completed) -> bool:
    return isinstance(record.run.cell.work, LoadWork)
