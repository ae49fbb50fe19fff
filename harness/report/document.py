"""The report before it has a form: first screen and sections in reading order; Markdown and page follow it."""

from dataclasses import dataclass
from datetime import datetime

from harness.report import chapters, checks, claims, costs, evidence, noise, provenance, runtimes
from harness.report.blocks import Prose, Section, or_else
from harness.report.method import paragraphs
from harness.report.opening import Opening, opening
from harness.report.plots import Picture, pictures
from harness.report.sentence import title
from harness.report.tables import Table, matrix
from harness.report.view import View


@dataclass(frozen=True)
class Document:
    """Everything to be rendered, in order; `changed` is the number of rows in items.html, 0 where there is none."""

    title: str
    facts: tuple[str, ...]
    opening: Opening
    sections: tuple[Section, ...]
    changed: int = 0

    @property
    def headline(self) -> str:
        """The sentence that the whole report comes down to."""
        return self.opening.sentence


def compose(view: View, now: datetime) -> Document:
    """The document of an analysis; `now` dates it."""
    plan = view.analysis.plan
    facts = (
        f"{now:%d %B %Y}",
        f"box {plan.hw}{machine(view)}",
        f"suite {plan.suite.name} {plan.suite.digest[:12]}".strip(),
        f"plan {plan.id}",
    )
    return Document(title(view), facts, opening(view), sections(view))


def machine(view: View) -> str:
    """What the box is, in brackets; "" where the records do not agree or do not say."""
    found = {(run.machine.gpus, run.machine.cpu, run.machine.cores) for run in view.runs if run.machine.cores}
    if len(found) != 1:
        return ""
    gpus, cpu, cores = next(iter(found))
    return f" ({', '.join(gpus) or f'{cpu}, {cores} cores'})"


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
