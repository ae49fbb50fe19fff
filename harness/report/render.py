"""Writes reports/<date>-<model>-<box>/: report.md, index.html, items.html, items/, plots/, data.csv, inputs.json."""

import re
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from harness.core.verdict import Analysis
from harness.report import html, items, markdown
from harness.report.document import Document, compose
from harness.report.frame import tidy
from harness.report.plots import Picture
from harness.report.view import View
from harness.report.wording import public

_SLUG_LETTERS = 60


def write(analysis: Analysis, folder: Path, now: datetime, reader: items.Reader = lambda cell: None) -> Path:
    """Render everything into a new folder below `folder` and return it; a taken name gets -2, -3, ...

    `reader` gives the items of a cell, for the list of those that changed; without it there is none.

    The files are written into a temporary folder that is renamed last, so that no half report is ever seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = View(analysis)
    document = compose(view, now)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as scratch:
        draft = Path(scratch) / "report"
        draft.mkdir()
        document = replace(document, changed=items.write(view, reader, draft, document.title))
        _fill(draft, view, document)
        return _settle(draft, folder, f"{now:%Y-%m-%d}-{slug(view)}")


def slug(view: View) -> str:
    """Model and box as a folder name: "pocket-cpu"; several models by their number."""
    models = list(dict.fromkeys(arm.model for arm in view.arms))
    model = models[0] if len(models) == 1 else f"{len(models)} models"
    words = re.sub(r"[^a-z0-9.]+", "-", public(f"{model} {view.analysis.plan.hw}").lower())
    return words.strip("-.")[:_SLUG_LETTERS] or "report"


def _fill(draft: Path, view: View, document: Document) -> None:
    plots = draft / "plots"
    plots.mkdir()
    for picture in (block for section in document.sections for block in section.blocks if isinstance(block, Picture)):
        (plots / f"{picture.key}.svg").write_bytes(picture.svg)
        (plots / f"{picture.key}.png").write_bytes(picture.png)
    (draft / "report.md").write_text(markdown.render(document), encoding="utf-8")
    (draft / "index.html").write_text(html.render(document), encoding="utf-8")
    (draft / "data.csv").write_text(tidy(view).to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    (draft / "inputs.json").write_bytes(_inputs(view))


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
    """Rename the draft to the first free name; the folder may gain one of that name meanwhile."""
    number = 1
    while True:
        target = folder / (name if number == 1 else f"{name}-{number}")
        number += 1
        if target.exists():
            continue
        try:
            return draft.rename(target)
        except FileExistsError:
            continue
        except OSError:
            if not target.exists():
                raise
