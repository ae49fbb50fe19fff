"""Nights of the fake runtime through the whole command line: a regression is planted in the engine, and caught."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from harness.core.gate import Finding, Gate
from harness.core.suite import Suite, Task
from tests.conftest import GENERATE
from tests.desk import ROOT, Desk

ITEMS = 1_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One task of 1,000 items."""
    folder = tmp_path / "suite"
    folder.mkdir()
    rows = [{"id": f"i{n}", "word": f"{('red', 'green')[n % 2]}{n}"} for n in range(ITEMS)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "tiny_generate.yaml").write_text(GENERATE)
    tasks = (Task("tiny_generate", "extraction", "exact_match", "generate", items=ITEMS),)
    return Desk(tmp_path, Suite("tiny", "tiny", "CC0-1.0", tasks, include=str(folder), digest="0" * 16))


def gate(desk: Desk) -> tuple[int, dict[str, Finding]]:
    """The exit code against the last accepted night, and what is worse by its name."""
    path = desk.folder / "gate.json"
    done = verb(desk, "gate", "--against", "last-accepted", "--json", str(path))
    found = msgspec.json.decode(path.read_bytes(), type=Gate)
    sys.stdout.write(done.stdout)  # for who reads a failure
    return done.returncode, {one.name: one for one in found.nights[0].findings if one.gated and one.status == "worse"}


def verb(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """Another verb on the desk's results, however it ends."""
    command = [sys.executable, "-m", "harness", *words, f"results={desk.folder / 'results'}"]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=60)


def night(desk: Desk, name: str, *words: str) -> None:
    """Measured by a real run; the engine reads its overlay."""
    overlay = f"runtime.options.overlay={desk.folder / 'engine.json'}"
    done = desk.run(f"matrix.night={name}", "matrix.replicates=0", overlay, "baseline=none", "quant=[f16]", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_per_cent_fewer_right_answers_are_caught_in_the_night_they_are_lost(desk: Desk) -> None:
    night(desk, "n1", "matrix=quality")
    assert verb(desk, "accept", "last", "--reason", "the first night").returncode == 0
    night(desk, "n2", "matrix=quality")
    assert gate(desk) == (0, {})
    (desk.folder / "engine.json").write_text(json.dumps({"skill": 0.88}))
    night(desk, "n3", "matrix=quality")
    code, worse = gate(desk)
    assert (code, set(worse)) == (1, {"tiny_generate"})
    assert worse["tiny_generate"].gained == 0
    assert 10 < (worse["tiny_generate"].lost or 0) < 35


@pytest.mark.slow
@pytest.mark.alone
def test_half_the_speed_is_caught_before_the_box_is_known(desk: Desk) -> None:
    """What is caught once it is known, tests/gate holds over nights that take no time."""
    words = ("matrix=speed", "matrix.rounds=2", "matrix.max_rounds=0", "load.concurrency=[1]", "load.requests=4",
             "runtime.options.tokens_per_second=100")
    night(desk, "n1", *words)
    assert verb(desk, "accept", "last", "--reason", "the first night").returncode == 0
    night(desk, "n2", *words)
    assert gate(desk) == (0, {})
    (desk.folder / "engine.json").write_text(json.dumps({"tokens_per_second": 50.0}))
    night(desk, "n3", *words)
    code, worse = gate(desk)
    assert code == 1
    assert "decode" in worse
