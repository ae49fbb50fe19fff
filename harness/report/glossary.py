"""The words of the page: every verdict, statistical term and reading, in one line each.

In full: docs/statistics.md and docs/measuring.md.
"""

from harness.report.readings import READINGS
from harness.report.tables import Cell, Table, row
from harness.report.view import View
from harness.report.wording import SYMBOLS

VERDICTS = {
    "equivalent": "the 90 % interval of the change lies wholly inside the margin",
    "degraded": "a loss is shown, after correction for all tasks and quantizations",
    "improved": "a gain is shown, after correction for all tasks and quantizations",
    "inconclusive": "neither equivalence nor a change is shown: not a pass, and more items would decide",
    "broken": "the arms cannot be compared, and the reason is given",
    "no information": "the baseline is at chance or at the ceiling, so that no change could be seen",
}
TERMS = {
    "Arm": "a model, a quantization and a runtime",
    "Baseline": "full precision on the same runtime; what a candidate is compared with",
    "Candidate": "a quantization that is compared",
    "Point": "one percentage point of a score",
    "Margin": "the loss you would accept, set before the run",
    "Change": "the candidate's score less the baseline's, item by item; negative is worse",
    "95 % interval": "limits that miss the truth in at most one of twenty runs like this one",
    "90 % interval": "limits that decide equivalence: the pair of one-sided tests at 5 %",
    "TOST": "two one-sided tests; its p-value is small where a change as large as the margin is ruled out",
    "p of a change": "how rarely as large a change would be seen if the arms were equal; exact, or "
    "a score test where few templates changed",
    "Holm": "p-values corrected for the number of tasks and quantizations",
    "Flips": "items whose score changed, whichever way",
    "Lost, gained": "items that only the baseline, or only the candidate, got right",
    "A/A": "the baseline against its own replicate, in which one thing changes that should not matter",
    "Noise floor": "how much answers flip between runs of the baseline",
    "Design effect": "how many times more items are needed because those of one template or passage go together",
    "Needed": "items that would decide at this margin and flip rate, four times in five",
    "Small real loss": "a loss that is shown, and lies inside the margin",
    "Spread between tasks": "standard deviation of the true changes between tasks",
    "Perplexity": "how surprised a model is by a text; a diagnostic, never a verdict",
    "Front": "arms that no other arm beats both in answers and in cost, by the estimates",
    "Round": "a fresh process for each arm, in turn; means and intervals are over rounds",
    "Single stream, concurrent": "how many requests are under way at once",
    "Depth": "tokens in the context before the prompt",
    "Steady window": "the part of a load after its warm-up and before its drain; throughput and energy share it",
    "Same, faster, slower": "the ratio lies inside the speed margin; or its 95 % interval excludes 1",
    "Stall": "a latency far outside the others; shown, and dropped from nothing",
    "⚠ flagged, ✕ invalid": "something speaks against a figure; an invalid one counts nowhere",
}


def terms(view: View) -> Table:
    """The verdicts and words of this report; those of early stopping and of readings only where they occur."""
    rows = [row(Cell(f"{SYMBOLS[name]} {name}", tone=name), means) for name, means in VERDICTS.items()]
    rows += [row(name, means) for name, means in TERMS.items()]
    rows += [row(READINGS[name].title, READINGS[name].means) for name in READINGS if name in view.speeds.names()]
    note = "In full: docs/statistics.md and docs/measuring.md of the project."
    return Table("glossary", "Glossary", note, ("Word", "Meaning"), tuple(rows), words=(0, 1), folded=True)
