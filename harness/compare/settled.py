"""Which tasks need no further items: every candidate's verdict stands, whatever the rest of the run brings.

- EQUIVALENT stands: no more is asked.
- A change stands where it is shown even after Bonferroni over the whole family (Holm's correction can only grow
  kinder, so no other task can take the verdict back) and where the estimate lies beyond the margin: with a smaller one,
  more items could still show that the loss is real and yet within the margin.
- BROKEN stands: what keeps two arms from being compared (an arm that failed, other prompts, answers cut off) is not
  cured by more items, and its cause has to be mended before any are worth their time.
- No information, and everything else: not settled. A baseline that looks like chance in its first items may leave it.
"""

from collections.abc import Sequence

from harness.core.verdict import Comparison, Verdict


def settled(comparisons: Sequence[Comparison], cells: frozenset[str], alpha: float) -> frozenset[str]:
    """Tasks settled for every candidate among `cells` (ids); `comparisons` is the whole confirmatory family."""
    own = [one for one in comparisons if one.candidate_cell in cells]
    still_open = {one.task for one in own if not _stands(one, len(comparisons), alpha)}
    return frozenset(one.task for one in own) - still_open


def _stands(one: Comparison, family: int, alpha: float) -> bool:
    if one.verdict in (Verdict.DEGRADED, Verdict.IMPROVED):
        return family * one.pvalue < alpha and abs(one.delta) >= one.margin
    return one.verdict in (Verdict.EQUIVALENT, Verdict.BROKEN)
