"""The report before it has a form: first screen and sections in reading order; Markdown and page follow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from harness.report.blocks import Section
from harness.report.contents import sections
from harness.report.opening import Opening, opening
from harness.report.sentence import title
from harness.report.view import View
from harness.report.wording import day, significant


@dataclass(frozen=True)
class Document:
    """Everything to be rendered, in order.

    `changed` has the address in items.html and the number of answers that changed, by the key of each task's card.
    """

    title: str
    facts: tuple[str, ...]
    opening: Opening
    sections: tuple[Section, ...]
    changed: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The sentence that the whole report comes down to."""
        return self.opening.sentence


def compose(view: View) -> Document:
    """The document of an analysis, dated by its newest record."""
    plan = view.analysis.plan
    facts = (
        day(view.day),
        *parameters(view),
        f"box {plan.hw}{machine(view)}",
        f"suite {plan.suite.name} {plan.suite.digest[:12]}".strip(),
        f"plan {plan.id}",
    )
    return Document(title(view), facts, opening(view), sections(view))


def parameters(view: View) -> tuple[str, ...]:
    """How large the model is, where all engines count the same; () of several models."""
    details = chain(*(one.outcome.facts.details for one in view.completed))
    counts = {int(one.value) for one in details if one.name == "parameters" and one.value.isdecimal()}
    if len(counts) != 1 or len({arm.model for arm in view.arms}) != 1:
        return ()
    count = counts.pop()
    scale, unit = (1e9, "billion") if count >= 1e9 else (1e6, "million")
    return (f"{view.arms[0].model}: {significant(count / scale)} {unit} parameters",)


def machine(view: View) -> str:
    """What the box is, in brackets; "" where the records do not agree or do not say."""
    found = {(run.machine.gpus, run.machine.cpu, run.machine.cores) for run in view.runs if run.machine.cores}
    if len(found) != 1:
        return ""
    gpus, cpu, cores = next(iter(found))
    return f" ({', '.join(gpus) or f'{cpu}, {cores} cores'})"
