"""The report before it has a form: title, opening and sections in reading order; Markdown and page both follow it."""

from dataclasses import dataclass
from datetime import datetime

from harness.core.verdict import Claim
from harness.report import chapters, checks, claims, costs, evidence, noise, provenance, runtimes
from harness.report.blocks import Prose, Section, or_else
from harness.report.method import paragraphs
from harness.report.plots import Picture, pictures
from harness.report.tables import Table, matrix
from harness.report.view import View
from harness.report.wording import margin

_PLACES = ("on every task", "on most tasks", "not shown on most tasks", "no claim, since the runtimes differ")


@dataclass(frozen=True)
class Document:
    """Everything to be rendered, in order."""

    title: str
    facts: tuple[str, ...]
    headline: str
    sections: tuple[Section, ...]


def compose(view: View, now: datetime) -> Document:
    """The document of an analysis; `now` dates it."""
    plan = view.analysis.plan
    models = ", ".join(dict.fromkeys(arm.model for arm in view.arms)) or "no model"
    facts = (
        f"{now:%d %B %Y}",
        f"box {plan.hw}",
        f"suite {plan.suite.name} {plan.suite.digest[:12]}".strip(),
        f"plan {plan.id}",
    )
    title = f"What quantization costs: {models} on {plan.hw}"
    return Document(title, facts, headline(view), sections(view))


def headline(view: View) -> str:
    """The candidates grouped by what their claims support; nothing is claimed across runtimes."""
    if not view.claims:
        if any(one.kind == "bridge" for one in view.analysis.comparisons):
            return "Runtimes only: no quantization was set beside full precision."
        return "Speed only: quality was not compared." if view.analysis.speed else "Nothing could be compared."
    groups: dict[str, list[str]] = {place: [] for place in _PLACES}
    for claim in view.claims:
        groups[_place(view, claim)].append(view.label(claim.candidate_arm))
    baselines = {view.label(claim.baseline_arm) for claim in view.claims}
    against = next(iter(baselines)) if len(baselines) == 1 else "full precision"
    within = " or ".join(sorted({margin(claim.margin) for claim in view.claims}))
    words = "; ".join(f"{place}: {', '.join(names)}" for place, names in groups.items() if names)
    return f"Equivalent to {against} within {within} {words}."


def _place(view: View, claim: Claim) -> str:
    """One of _PLACES: all tasks (intersection-union), most tasks (partial conjunction at the plan's level), or not."""
    runtimes = {arm.arm: arm.runtime for arm in view.arms}
    if runtimes.get(claim.candidate_arm) != runtimes.get(claim.baseline_arm):
        return _PLACES[3]
    if 0 < claim.tasks == claim.equivalent:
        return _PLACES[0]
    most = 2 * claim.equivalent > claim.tasks and claim.pvalue_most < view.analysis.plan.protocol.alpha
    return _PLACES[1] if most else _PLACES[2]


def sections(view: View) -> tuple[Section, ...]:
    """All chapters; what could not be measured is said, not left out."""
    drawn = {picture.key: picture for picture in pictures(view)}
    no_quality = Prose("Quality was not compared in this run.")
    change = [drawn[key] for key in ("forest", "tradeoff", "scores") if key in drawn]
    floor = [or_else(noise.replicates(view), "The baseline was not replicated, so the noise floor is not known.")]
    floor += [or_else(noise.beside(view), ""), or_else(noise.bridges(view), "")]
    diagnostics = or_else(evidence.diagnostics(view), "None were taken.")
    detail = [evidence.margin_counts(view), evidence.margin_details(view), evidence.comparisons(view)]
    found = (
        Section("claims", "What is claimed, and what qualifies it", (or_else(claims.claims(view), ""),)),
        Section("runtimes", "Runtimes side by side", (or_else(runtimes.side_by_side(view), ""),)),
        Section("verdicts", "Verdicts", (or_else(matrix(view), no_quality.text) if view.quality else no_quality,)),
        Section("costs", "What it costs and what it buys", (or_else(costs.summary(view), "No arm was measured."),)),
        Section("charts", "The picture", tuple(change)),
        Section("noise", "Noise floor", tuple(floor)),
        Section("margins", "Other margins, all figures", tuple(or_else(table, "") for table in detail)),
        Section("diagnostics", "Diagnostics, never a verdict", (diagnostics,)),
        *chapters.of_speed(view, drawn),
        Section("remarks", "Guards, failures and skips", _remarks(view)),
        Section("method", "Method", tuple(Prose(text, heading) for heading, text in paragraphs(view))),
        Section("provenance", "How to check or repeat it", _provenance(view)),
    )
    kept = (Section(one.key, one.title, tuple(block for block in one.blocks if not _blank(block))) for one in found)
    return tuple(one for one in kept if one.blocks)


def _blank(block: Table | Picture | Prose) -> bool:
    return isinstance(block, Prose) and not block.text


def _remarks(view: View) -> tuple[Table | Prose, ...]:
    return (
        or_else(checks.guards(view), "No guard had anything to say."),
        or_else(checks.failures(view), "Every planned cell was measured; nothing failed and nothing was skipped."),
    )


def _provenance(view: View) -> tuple[Table | Prose, ...]:
    tables = (
        *(provenance.machine(view), provenance.versions(view), provenance.protocol(view), provenance.weights(view)),
        *(provenance.engine(view), provenance.inputs(view)),
    )
    again = Prose(provenance.command(view), "The same plan again", code=True)
    return (again, *(or_else(table, "") for table in tables))
