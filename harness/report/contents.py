"""The chapters of a report in reading order: what stands in each, and what is said where there is nothing."""

from harness.report import chapters, checks, claims, evidence, glossary, noise, provenance, runtimes, tasks
from harness.report.blocks import Block, Prose, Section, or_else
from harness.report.columns import COLUMNS, dictionary
from harness.report.method import paragraphs
from harness.report.plots import pictures
from harness.report.pooled import over_tasks
from harness.report.tables import Table, matrix
from harness.report.view import View


def sections(view: View) -> tuple[Section, ...]:
    """All chapters; what could not be measured is said, not left out."""
    drawn = {picture.key: picture for picture in pictures(view)}
    no_quality = Prose("Quality was not compared in this run.")
    pareto = drawn.get("pareto") or Prose("No picture of quality against cost: it needs both of one arm.")
    unknown = "The baseline was not replicated, so the noise floor is not known."
    silence = noise.silence(view)
    floor = [Prose(silence) if silence else or_else(noise.replicates(view), unknown)]
    floor += [or_else(noise.beside(view), ""), or_else(noise.bridges(view), "")]
    diagnostics = or_else(evidence.diagnostics(view), "None were taken.")
    verdicts = [matrix(view), over_tasks(view), evidence.margin_counts(view)]
    found = (
        Section("claims", "What is claimed, and what qualifies it", (or_else(claims.claims(view), ""),)),
        Section("runtimes", "Runtimes side by side", (or_else(runtimes.side_by_side(view), ""),)),
        Section("verdicts", "Verdicts", tuple(or_else(one, "") for one in verdicts) if view.quality else (no_quality,)),
        Section("pareto", "What it costs and what it buys", (pareto,)),
        Section("tasks", "Task by task", tasks.cards(view, drawn)),
        Section("noise", "Noise floor", tuple(floor)),
        Section("diagnostics", "Diagnostics, never a verdict", (diagnostics,)),
        *chapters.of_speed(view, drawn),
        Section("remarks", "Guards, failures and skips", _remarks(view)),
        Section("method", "Method", tuple(Prose(text, heading) for heading, text in paragraphs(view))),
        Section("provenance", "How to check or repeat it", _provenance(view)),
        Section("glossary", "Words and files", (glossary.terms(view), dictionary(list(COLUMNS)))),
    )
    kept = (Section(one.key, one.title, tuple(block for block in one.blocks if not _blank(block))) for one in found)
    return tuple(one for one in kept if one.blocks)


def _blank(block: Block) -> bool:
    return isinstance(block, Prose) and not block.text


def _remarks(view: View) -> tuple[Table | Prose, ...]:
    return (
        or_else(checks.guards(view), "No guard had anything to say."),
        or_else(checks.failures(view), "Nothing failed and nothing was skipped."),
    )


def _provenance(view: View) -> tuple[Table | Prose, ...]:
    tables = (
        *(provenance.machine(view), provenance.versions(view), provenance.protocol(view), provenance.weights(view)),
        *(provenance.engine(view), provenance.inputs(view)),
    )
    again = Prose(provenance.command(view.analysis.plan), "The same plan again", code=True)
    return (again, *(or_else(table, "") for table in tables))
