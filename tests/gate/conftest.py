"""Eleven nights of one box that never was, the first one accepted; more can be written behind them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.cli import run
from harness.core.gate import Finding, Gate
from harness.core.record import Completed, Failed, Flag, RunRecord
from harness.store.layout import Layout
from tools.simulated_nights import Nights, Planted, write_nights

KNOWN = 11
MADE = Nights(KNOWN, boxes=("cpu",), items=400, rounds=2, redrawn=0.0)


@dataclass
class Box:
    """A results folder, and the verbs upon it."""

    folder: Path

    def add(self, *planted: Planted, **changes: Any) -> str:
        """One more night, with what is planted from it on; returns its plan's id."""
        made = replace(MADE, **{"count": KNOWN + 1, "planted": planted, **changes})
        return write_nights(Layout(self.folder), made, start=made.count - 1)[-1]

    def verb(self, *words: str) -> int:
        """The exit code of a command on this folder."""
        return run([*words, f"results={self.folder}"])

    def gate(self, *words: str, against: str = "last-accepted") -> Gate:
        """What the gate found, as its JSON says; the exit code is held to it."""
        path = self.folder / "gate.json"
        code = self.verb("gate", *words, "--against", against, "--json", str(path))
        found = msgspec.json.decode(path.read_bytes(), type=Gate)
        assert found.exit_code == code
        return found

    def records(self, plan: str, kind: str) -> list[tuple[Path, Completed]]:
        """A plan's records of quality or load cells, with their files."""
        files = sorted(self.folder.glob("cpu/*/2*/record.json"))
        read = [(path, msgspec.json.decode(path.read_bytes(), type=RunRecord)) for path in files]
        return [(path, one) for path, one in read
                if one.run.plan_id == plan and one.run.cell.kind == kind]

    def flag(self, plan: str, verdict: str = "degraded") -> None:
        """Give all loads of a plan a flag."""
        for path, one in self.records(plan, "load"):
            flags = (Flag(verdict, "other processes kept 1.5 of 2 cores busy"),)  # type: ignore[arg-type]
            outcome = msgspec.structs.replace(one.outcome, flags=flags)
            path.write_bytes(msgspec.json.encode(msgspec.structs.replace(one, outcome=outcome)))

    def crash(self, plan: str, quant: str, kind: str = "quality") -> None:
        """Make an arm's cells of a kind ones that ran out of memory."""
        for path, one in self.records(plan, kind):
            if one.run.cell.quant == quant:
                path.write_bytes(msgspec.json.encode(Failed(one.run, "memory", "out of memory", -9, "")))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nights as they were written once."""
    folder = tmp_path_factory.mktemp("nights")
    write_nights(Layout(folder), MADE)
    assert run(["accept", "2026-09-01", "--reason", "the first night", f"results={folder}"]) == 0
    return folder


@pytest.fixture
def box(written: Path, tmp_path: Path) -> Box:
    """A copy of its own."""
    shutil.copytree(written, tmp_path / "results")
    return Box(tmp_path / "results")


def of(gate: Gate, *statuses: str) -> list[Finding]:
    """The gated findings of these statuses."""
    return [one for night in gate.nights for one in night.findings if one.gated and one.status in statuses]


def names(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    """(quantization, name) of findings."""
    return {(one.arm.split()[1] if one.arm else "", one.name) for one in findings}
