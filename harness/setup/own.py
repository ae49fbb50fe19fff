"""The harness itself as something to install: the checkout, or the wheel it was installed from, packed again."""

import csv
import io
import zipfile
from importlib import metadata
from pathlib import Path

from harness import bundle
from harness.core.errors import UserError

_NAME = "quantharness"
# Written by whoever installed, not part of the wheel.
_INSTALLED = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")


def own(extras: str, folder: Path) -> list[str]:
    """pip's words for the running harness with `extras` ("vllm,dev"); a wheel is built in `folder` where needed."""
    root, wanted = bundle.root(), f"[{extras}]" if extras else ""
    if (root / "pyproject.toml").is_file():
        return ["--editable", f"{root}{wanted}"]
    try:
        found = metadata.distribution(_NAME)
    except metadata.PackageNotFoundError as error:
        raise UserError("the harness runs from copied files: nothing to install", "install its wheel") from error
    return [f"{_NAME}{wanted} @ {packed(found, folder).as_uri()}"]


def packed(found: metadata.Distribution, folder: Path) -> Path:
    """An installed distribution of pure Python as a wheel again (a zip of its files with a list of them)."""
    files = [file for file in found.files or () if _belongs(str(file))]
    name = f"{found.metadata['Name']}-{found.version}"
    wheel = folder / f"{name}-py3-none-any.whl"
    rows = io.StringIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(str(file.locate()), str(file))
            csv.writer(rows).writerow([str(file), "", ""])
        record = f"{name}.dist-info/RECORD"
        archive.writestr(record, rows.getvalue() + f"{record},,\n")
    return wheel


def _belongs(name: str) -> bool:
    return not name.startswith("..") and "__pycache__" not in name and name.rpartition("/")[2] not in _INSTALLED
