"""The report before it has a form: title, opening and sections in reading order; Markdown and page both follow it."""

from dataclasses import dataclass

from harness.core.verdict import Claim
from harness.report.blocks import Section
from harness.report.contents import sections
from harness.report.view import View
from harness.report.wording import day, margin

_PLACES = ("on every task", "on most tasks", "not shown on most tasks", "no claim, since the runtimes differ")


@dataclass(frozen=True)
class Document:
    """Everything to be rendered, in order."""

    title: str
    facts: tuple[str, ...]
    headline: str
    sections: tuple[Section, ...]


def compose(view: View) -> Document:
    """The document of an analysis, dated by its newest record."""
    plan = view.analysis.plan
    models = ", ".join(dict.fromkeys(arm.model for arm in view.arms)) or "no model"
    facts = (
        day(view.day),
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
