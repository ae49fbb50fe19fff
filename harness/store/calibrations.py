"""Calibrations of the load generator: one file each under results/<hw>/calibrations/, written once."""

import os
from pathlib import Path

import msgspec

from harness.core.calibration import CALIBRATION_SCHEMA, Calibrated
from harness.core.digest import short_id
from harness.core.errors import HarnessError, NotFound, SchemaError
from harness.store.layout import Layout


def write(layout: Layout, hw: str, made: Calibrated) -> Path:
    """Store one and return its file; raises HarnessError where the disk refuses."""
    path = layout.calibration(hw, made.started, short_id(made))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1))
        part.rename(path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}", "free some space") from error
    return path


def newest(layout: Layout) -> tuple[Calibrated, Path]:
    """The last one made, of any box; raises NotFound, or SchemaError for one of another version."""
    found = sorted(layout.root.glob("*/calibrations/*.json"), key=lambda path: path.name)
    if not found:
        raise NotFound(f"no calibration under {layout.root}", "python -m harness calibrate")
    return read(found[-1]), found[-1]


def read(path: Path) -> Calibrated:
    """One of them; raises SchemaError for one of another version."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Calibrated)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is no calibration: {error}", "make a new one") from error
    if found.schema != CALIBRATION_SCHEMA:
        raise SchemaError(f"{path} has schema {found.schema}; this version reads {CALIBRATION_SCHEMA}",
                          "make a new one")
    return found
