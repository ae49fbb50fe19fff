"""The claims as sentences, each with the figures behind it and with all that qualifies it."""

from harness.core.verdict import Claim
from harness.report.tables import Table, row
from harness.report.view import View
from harness.report.wording import percent, pvalue


def claims(view: View) -> Table:
    """One row per candidate."""
    rows = tuple(
        row(view.label(one.candidate_arm), one.sentence, "; ".join(_figures(one)), "; ".join(one.qualifiers))
        for one in view.claims
    )
    columns = ("Quantization", "Claim", "Figures", "What qualifies it")
    return Table("claims", "What is claimed, and what qualifies it", "", columns, rows, words=(0, 1, 2, 3))


def _figures(one: Claim) -> list[str]:
    found = [f"{one.tasks} tasks", f"most equivalent, each shown by itself: p {pvalue(one.pvalue_most)}"]
    if one.share_within is not None:
        within = "most within the margin, if the tasks are of one kind (carries no verdict)"
        found.append(f"{within}: probability {_probability(one.share_within)}")
    return found


def _probability(share: float) -> str:
    """Never certain: a model says it, which lets the tasks learn from each other."""
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else percent(share, 0)
