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
        found.append(f"most within the margin, all tasks taken together: probability {percent(one.share_within, 0)}")
    return found
