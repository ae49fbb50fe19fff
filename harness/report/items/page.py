"""items.html: the page around the list. Its policy runs our script alone; what that loads are our files of data.

Of an opened file, browsers know no origin: Chromium lets 'self' stand for every file, and holds that a digest cannot
vouch for one; Firefox asks no policy about files at all. So the policy names the page's own script by its digest and
trusts what this loads ('strict-dynamic'): a script element that foreign text smuggled in loads nothing in Chromium, and
inline code runs in neither. Where the browser has trusted types, nothing but those files can become script or HTML.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from harness.core.record import Completed
from harness.report.items.changed import KINDS, Changed, Reader, find
from harness.report.items.index import Index
from harness.report.items.shards import Limits, Shards, rows_of, said_of
from harness.report.page import asset, environment, policy
from harness.report.view import View
from harness.store.items import LoadedRun

PAGE, FOLDER = "items.html", "items"
_STRICT = {
    "script-src": "'strict-dynamic'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "items",
}


def address(task: str, item: str = "", arm: str = "") -> str:
    """A link, from the report's folder, to an item of an arm; without an item to all of the task, and of the arm."""
    parts = [task, item, arm]
    while parts and not parts[-1]:
        parts.pop()
    return PAGE + "#" * bool(parts) + "/".join(quote(part, safe="", errors="replace") for part in parts)


def write(view: View, reader: Reader, folder: Path, title: str, limits: Limits | None = None) -> dict[str, int]:
    """Write the page and its data into the report's folder, nothing where no score changed.

    Returns how many answers changed on each task that has any.
    """
    changed = find(view, reader)
    if not changed:
        return {}
    by_task: Counter[str] = Counter()
    for one in changed:
        by_task[one.comparison.task] += one.names.size
    total = by_task.total()
    data = folder / FOLDER
    data.mkdir()
    index, shards = Index(view, changed), Shards(data, limits or Limits.of(total))
    for _, group in groupby(changed, key=lambda one: one.comparison.task):
        _add(list(group), index, shards)
    shards.end()
    index.write(data / "index.js", shards.starts)
    remarks = [*_remarks(view, changed), *_cuts(total, index, shards)]
    (folder / PAGE).write_text(_render(view, title, changed, remarks), encoding="utf-8")
    return dict(by_task)


def _add(group: Sequence[Changed], index: Index, shards: Shards) -> None:
    """One task's rows."""
    task = group[0].comparison.task
    for rows in rows_of(group):
        rows = rows[: shards.limits.listed - index.rows]
        if not rows:
            return
        names = {row.name for row in rows}
        runs = {run.record.run.cell.id: run for one in group for run in one.sides}
        said = {cell: said_of(run, task, names, shards.limits.longest) for cell, run in runs.items()}
        for row in rows:
            sides = [said[run.record.run.cell.id] for run in row.changed.sides]
            known = next((side[row.name, 0] for side in sides if (row.name, 0) in side), None)
            index.add(row, known.excerpt if known else "")
            shards.add(row, sides)


def _remarks(view: View, changed: Sequence[Changed]) -> Iterator[str]:
    """What the list does not have, and why."""
    runs = {run.record.run.cell.id: run for one in changed for run in one.sides}
    reasons: dict[str, list[str]] = {}
    for run in runs.values():
        if run.texts is None:
            reasons.setdefault(_why(run), []).append(view.label(run.record.run.cell.arm))
    for reason, arms in reasons.items():
        yield f"No prompts and replies of {', '.join(dict.fromkeys(arms))}: {reason}."
    broken = [one for one in view.analysis.comparisons if one.kind != "aa" and one.n_items == 0]
    if broken:
        names = [f"{view.label(one.candidate_arm)} on {view.task_labels[one.task]}" for one in broken[:5]]
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        yield f"Not listed, since the arms could not be laid side by side: {', '.join(names)}{more}."


def _why(run: LoadedRun) -> str:
    record = run.record
    if record.run.cell.imported:
        return "the imported file has none, or they were not taken over"
    said = record.outcome.texts if isinstance(record, Completed) else ""
    return {
        "declined": "they were measured with texts=false",
        "kept": "the file texts.parquet is missing beside the record",
    }.get(said, "they were measured by a version that kept none; measure again with rerun=true")


def _cuts(total: int, index: Index, shards: Shards) -> Iterator[str]:
    longest, usual = shards.limits.longest, Limits().longest
    fewer = f"; fewer than the usual {usual:,}, since the list is long" if longest < usual else ""
    yield f"Of a longer text {longest:,} characters are shown, its beginning and its end, and how long it is{fewer}."
    if index.rows < total:
        yield f"The first {index.rows:,} of {total:,} changed items are listed."
    if shards.without:
        capacity = shards.limits.capacity // 10**6
        yield f"The last {shards.without:,} rows have no texts, so that the folder stays near {capacity} MB."


def _render(view: View, title: str, changed: Sequence[Changed], remarks: Sequence[str]) -> str:
    scripts = asset("page.js"), asset("items.js")
    styles = asset("style.css"), asset("items.css")
    counts = Counter(KINDS[int(kind)] for one in changed for kind in one.kind)
    return environment().get_template("items.html.j2").render(
        title=title,
        styles=styles,
        scripts=scripts,
        policy=policy(styles, scripts, _STRICT),
        remarks=remarks,
        counts={kind: counts[kind] for kind in KINDS if counts[kind]},
    ) + "\n"
