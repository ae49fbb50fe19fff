"""Writes reports/<date>-<model>-<box>/: index.html, items.html and items/, report.md, summary.md, plots/, data files.

The same records and version give the same bytes, whenever and wherever they are rendered: the date is that of the
newest record, and nothing of the machine, its locale or its clock goes in.
"""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import msgspec

from harness.core.verdict import Analysis
from harness.report import datafile, html, items, markdown, summary
from harness.report.blocks import flat
from harness.report.document import Document, compose
from harness.report.frame import tidy
from harness.report.plots import Picture
from harness.report.tasks import card_of
from harness.report.view import View
from harness.report.wording import public

_SLUG_LETTERS = 60


def write(analysis: Analysis, folder: Path, reader: items.Reader = lambda cell: None) -> Path:
    """Render everything into a folder below `folder`, named by the day of the newest record, and return it.

    `reader` gives the items of a cell, for the list of those that changed; without it there is none. A folder of that
    name with the same bytes is returned as it is; a name taken by others gets -2, -3, ... The files are written into a
    temporary folder that is renamed last, so that no half report is ever seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = View(analysis)
    document = compose(view)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as scratch:
        draft = Path(scratch) / "report"
        draft.mkdir()
        changed = items.write(view, reader, draft, document.title)
        links = {card_of(view, task): (items.address(task), number) for task, number in changed.items()}
        document = replace(document, changed=links)
        _fill(draft, view, document)
        return _settle(draft, folder, f"{view.day.isoformat() if view.day else 'undated'}-{slug(view)}")


def slug(view: View) -> str:
    """Model and box as a folder name: "pocket-cpu"; several models by their number."""
    models = list(dict.fromkeys(arm.model for arm in view.arms))
    model = models[0] if len(models) == 1 else f"{len(models)} models"
    words = re.sub(r"[^a-z0-9.]+", "-", public(f"{model} {view.analysis.plan.hw}").lower())
    return words.strip("-.")[:_SLUG_LETTERS] or "report"


def _fill(draft: Path, view: View, document: Document) -> None:
    plots = draft / "plots"
    plots.mkdir()
    drawn = tuple(pictures_of(document))
    for picture in drawn:
        (plots / f"{picture.key}.svg").write_bytes(picture.svg)
        (plots / f"{picture.key}.png").write_bytes(picture.png)
    frame = tidy(view, drawn)
    files = {
        "report.md": markdown.render(document).encode(),
        "summary.md": summary.render(document, view).encode(),
        "index.html": html.render(document).encode(),
        "data.csv": datafile.csv(frame),
        "data.parquet": datafile.parquet(frame),
        "inputs.json": _inputs(view),
    }
    for name, data in files.items():
        (draft / name).write_bytes(data)


def pictures_of(document: Document) -> Iterator[Picture]:
    """Every picture of the document once, in reading order."""
    blocks = chain((document.opening.picture,), *(flat(section.blocks) for section in document.sections))
    yield from {block.key: block for block in blocks if isinstance(block, Picture)}.values()


def _inputs(view: View) -> bytes:
    """Digests of everything the report was made from, as indented JSON."""
    plan = view.analysis.plan
    content = {
        "plan": plan.id,
        "suite": {"name": public(plan.suite.name), "digest": plan.suite.digest},
        "weights": {public(arm.arm): {"sha256": arm.sha256, "source_sha256": arm.source_sha256} for arm in view.arms},
        "records": [
            {"cell": one.cell, "label": public(one.label), "path": public(one.path), "sha256": one.sha256}
            for one in view.analysis.inputs
        ],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _settle(draft: Path, folder: Path, name: str) -> Path:
    """The folder of that name that holds the same bytes, else the draft under the first free one.

    The folder may gain one of that name meanwhile.
    """
    number = 1
    while True:
        target = folder / (name if number == 1 else f"{name}-{number}")
        number += 1
        if target.exists():
            if _content(target) == _content(draft):
                return target
            continue
        try:
            return draft.rename(target)
        except FileExistsError:
            continue
        except OSError:
            if not target.exists():
                raise


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
