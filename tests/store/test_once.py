"""Files that are written once: whole after a power cut, and nothing of them left where the disk refuses."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.calibration import Calibrated
from harness.core.config import Protocol
from harness.core.errors import HarnessError
from harness.core.plan import Plan
from harness.core.record import Source
from harness.core.reference import Accepted
from harness.core.suite import Suite
from harness.store import calibrations, references, write
from harness.store.layout import Layout
from tests.cells import load_cell
from tests.compare.arms import MACHINE

_PLAN = Plan("cpu", (load_cell(1),), (), (), Suite("tiny", "", "CC0-1.0", (), digest="0" * 16), Protocol())
_ACCEPTED = Accepted("p" * 12, "n1", "cpu", "fp", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "first")
_CALIBRATED = Calibrated(MACHINE, Source("0", "", False), (), "", "2026-01-01T00:00:00Z", 1.0, (), ())
WRITERS = pytest.mark.parametrize("write_one", [
    lambda layout: write.plan(layout, _PLAN, "2026-01-01T00:00:00Z"),
    lambda layout: references.write(layout, _ACCEPTED),
    lambda layout: calibrations.write(layout, "cpu", _CALIBRATED),
])


@WRITERS
def test_the_file_and_its_name_are_on_the_disk_before_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_one: Callable[[Layout], Path]
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda stream: synced.append(os.fstat(stream).st_ino))
    path = write_one(Layout(tmp_path))
    assert synced == [path.stat().st_ino, path.parent.stat().st_ino]
    assert list(path.parent.iterdir()) == [path]


@WRITERS
def test_a_disk_that_refuses_is_one_line(tmp_path: Path, write_one: Callable[[Layout], Path]) -> None:
    (tmp_path / "cpu").write_text("in the way")
    with pytest.raises(HarnessError, match=r"cannot write .*; free some space"):
        write_one(Layout(tmp_path))
