"""Calibrations of the load generator: one file each under results/<hw>/calibrations/, written once."""

from pathlib import Path

from harness.core.calibration import CALIBRATION_SCHEMA, Calibrated
from harness.core.digest import short_id
from harness.core.errors import NotFound
from harness.store import once
from harness.store.layout import Layout


def write(layout: Layout, hw: str, made: Calibrated) -> Path:
    """Store one and return its file; raises HarnessError where the disk refuses."""
    return once.write(layout.calibration(hw, made.started, short_id(made)), made)


def newest(layout: Layout) -> tuple[Calibrated, Path]:
    """The last one made, of any box; raises NotFound, or SchemaError for one of another version."""
    found = sorted(layout.root.glob("*/calibrations/*.json"), key=lambda path: path.name)
    if not found:
        raise NotFound(f"no calibration under {layout.root}", "python -m harness calibrate")
    return read(found[-1]), found[-1]


def read(path: Path) -> Calibrated:
    """One of them; raises SchemaError for one of another version."""
    return once.read(path, Calibrated, CALIBRATION_SCHEMA, "calibration")
