"""The columns of data.csv and data.parquet: what each holds, in the order in which they stand.

Shares are shares (0.021 is 2.1 points), times seconds, sizes bytes, unless a unit stands beside.
"""

import re
from typing import Literal

from harness.report.tables import Table, row

Kind = Literal["text", "number", "whole", "yes or no"]
COLUMNS: dict[str, tuple[Kind, str]] = {
    "section": ("text", "what a row is: quality, aa, bridge or total (comparisons), diagnostic, speed, round, "
                "percentile, drift, pooled, or figure: something drawn"),
    "figure": ("text", "the picture a row is drawn in: the name of its files in plots/"),
    "panel": ("text", "the panel of the picture"),
    "part": ("text", "which of the things drawn of the arm: a step, a part of a stack, a curve"),
    "state": ("text", "as drawn: the verdict, or what speaks against the figure"),
    "x_name": ("text", "what the horizontal axis counts"),
    "x_unit": ("text", "the unit of x"),
    "x": ("number", "place along the horizontal axis"),
    "x_low": ("number", "lower 95 % limit of x"),
    "x_high": ("number", "upper 95 % limit of x"),
    "x_low90": ("number", "lower 90 % limit of x"),
    "x_high90": ("number", "upper 90 % limit of x"),
    "y_name": ("text", "what the vertical axis counts, empty where it names rows"),
    "y_unit": ("text", "the unit of y"),
    "y": ("number", "place along the vertical axis"),
    "y_low": ("number", "lower 95 % limit of y"),
    "y_high": ("number", "upper 95 % limit of y"),
    "arm": ("text", "model, quantization and runtime of what has no pair"),
    "task": ("text", "task, as the suite names it"),
    "task_kind": ("text", "the group of tasks it belongs to"),
    "metric": ("text", "how an answer is scored"),
    "name": ("text", "the reading: decode, ttft, peak_memory, ..."),
    "unit": ("text", "its unit"),
    "better": ("text", "whether higher or lower is better"),
    "load": ("text", "under which load it was taken"),
    "concurrency": ("whole", "concurrent sequences, 0 where it has no meaning"),
    "rate": ("number", "requests per second of an open loop, 0 for a closed one"),
    "prompt_tokens": ("whole", "length of the prompts"),
    "output_tokens": ("whole", "length of the replies"),
    "depth": ("whole", "tokens in the context before the prompt"),
    "baseline_arm": ("text", "what it is compared with"),
    "candidate_arm": ("text", "what is compared"),
    "baseline_cell": ("text", "id of the baseline's cell"),
    "candidate_cell": ("text", "id of the candidate's cell"),
    "n_items": ("whole", "items compared"),
    "n_planned": ("whole", "items of the task where tasks may end early, else 0"),
    "look": ("whole", "at which look the task ended, else 0"),
    "baseline": ("number", "the baseline's score or figure"),
    "baseline_low": ("number", "its lower 95 % limit"),
    "baseline_high": ("number", "its upper 95 % limit"),
    "candidate": ("number", "the candidate's score or figure"),
    "candidate_low": ("number", "its lower 95 % limit"),
    "candidate_high": ("number", "its upper 95 % limit"),
    "delta": ("number", "candidate less baseline, item by item; negative is worse"),
    "stderr": ("number", "standard error of delta"),
    "low": ("number", "lower 95 % limit of delta; of a diagnostic, of its ratio or else of the candidate's figure"),
    "high": ("number", "upper limit of the same"),
    "low90": ("number", "lower 90 % limit of delta, which decides equivalence"),
    "high90": ("number", "upper 90 % limit of delta"),
    "prediction_low": ("number", "lower 95 % limit of the true change on one more such task"),
    "prediction_high": ("number", "upper limit of the same"),
    "tau": ("number", "standard deviation of the true changes between tasks"),
    "ratio": ("number", "candidate over baseline, paired by round"),
    "ratio_low": ("number", "its lower 95 % limit"),
    "ratio_high": ("number", "its upper 95 % limit"),
    "lost": ("whole", "items right in the baseline only"),
    "gained": ("whole", "items right in the candidate only"),
    "flip_rate": ("number", "share of items whose score changed"),
    "method": ("text", "how limits and p-value were computed"),
    "pvalue": ("number", "test of any change, which `method` names; of a drift, of no slope"),
    "pvalue_holm": ("number", "the same, corrected for all tasks and quantizations"),
    "margin": ("number", "the margin set before the run"),
    "verdict": ("text", "the verdict at that margin; of a speed same, faster, slower or inconclusive"),
    "items_needed": ("whole", "items it would take to decide at this margin and flip rate"),
    "smallest_margin": ("number", "smallest margin that these items could decide"),
    "cap_hits_baseline": ("number", "share of the baseline's answers that were cut at the length limit"),
    "cap_hits_candidate": ("number", "share of the candidate's"),
    "second_opinion": ("text", "another method that comes to another verdict"),
    "note": ("text", "what qualifies the verdict"),
    "confirmatory": ("yes or no", "whether the task is of the family named before the run"),
    "noise_runs": ("whole", "runs of the baseline behind the noise floor"),
    "noise_flip_rate": ("number", "flips between runs of the baseline"),
    "noise_largest": ("number", "the largest of these flip rates"),
    "noise_band": ("number", "1.96 standard deviations of the baseline's scores over runs"),
    "noise_excess_flips": ("number", "the candidate's flip rate less the baseline's own"),
    "noise_one_more_run": ("number", "p-value of: the candidate is one more run of the baseline"),
    "noise_fixed": ("number", "the change on exactly these items"),
    "noise_fixed_low": ("number", "its lower 95 % limit from run-to-run noise alone"),
    "noise_fixed_high": ("number", "its upper limit"),
    "noise_at_noise": ("text", "the verdict with the noise, at least 1 point, as margin"),
    "noise_margin": ("number", "that margin"),
    "round": ("whole", "round, from 1; each is a fresh process"),
    "rounds": ("whole", "rounds behind the figure"),
    "value": ("number", "the reading in that round (median of its samples), or the percentile"),
    "started": ("text", "when the round began (UTC)"),
    "share": ("number", "which percentile: 0.5 is the median"),
    "n": ("whole", "requests behind it"),
    "stalled": ("whole", "outlying ones among them"),
    "slope": ("number", "change per round as a share of the mean"),
    "slope_low": ("number", "its lower 95 % limit"),
    "slope_high": ("number", "its upper 95 % limit"),
    "validity": ("text", "valid, degraded or invalid, the worse of both sides"),
    "invalid": ("yes or no", "whether the figure must not be used"),
    "flags": ("text", "what speaks against the figure"),
    "flag": ("text", "what speaks against the round"),
    "reason": ("text", "what qualifies the row, or why there is no figure"),
}  # fmt: skip
_AT_MARGIN = re.compile(r"(verdict|pvalue)_at_[\d.]+")


def kind_of(name: str) -> Kind:
    """What a column holds; those of a margin ("verdict_at_2") are among none."""
    if _AT_MARGIN.fullmatch(name):
        return "text" if name.startswith("verdict") else "number"
    return COLUMNS[name][0]


def in_order(names: list[str]) -> list[str]:
    """Columns in the order of the dictionary; those at each margin stand behind the one before the run."""
    known = [*COLUMNS]
    place = known.index("verdict")
    return sorted(names, key=lambda name: (place, 1) if _AT_MARGIN.fullmatch(name) else (known.index(name), 0))


def dictionary(names: list[str]) -> Table:
    """What each of the columns holds, as a table."""
    rows = [row(name, COLUMNS[name][0], COLUMNS[name][1]) for name in names if name in COLUMNS]
    said = "the verdict had the margin been 2 points, and the p-value of equivalence (TOST); so for each margin shown"
    rows.append(row("verdict_at_2, pvalue_at_2", "text, number", said))
    note = (
        "One row for each thing compared or measured and, with its picture in the column figure, for each thing drawn. "
        "Shares are shares (0.021 is 2.1 points), times seconds, sizes bytes; what is not known is empty."
    )
    title, columns = "The columns of data.csv and data.parquet", ("Column", "Holds", "Meaning")
    return Table("columns", title, note, columns, tuple(rows), words=(0, 1, 2), folded=True)
