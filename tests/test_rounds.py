"""Adaptive rounds as a user asks for them: on the fake runtime, as real processes, ended, killed and gone on with."""

import subprocess
import time
from pathlib import Path

import psutil
import pytest

from harness.compare.analyse import analyse
from harness.core.cell import LoadWork
from harness.core.repetition import Repeated
from harness.core.suite import Suite
from harness.store import read
from harness.store.layout import Layout
from harness.verbs.stored import records_of
from tests.desk import ROOT, Desk

pytestmark = pytest.mark.alone

_LOAD = ("matrix=speed", "runtime.options.tokens_per_second=400", "matrix.rounds=2", "load.concurrency=[1]")
EASY = (*_LOAD, "matrix.max_rounds=9", "matrix.precision=50")
HOPELESS = (*_LOAD, "matrix.precision=1e-9")


@pytest.fixture
def desk(tmp_path: Path, suite: Suite) -> Desk:
    return Desk(tmp_path, suite)


def outcome(desk: Desk) -> Repeated:
    """What the stored results alone say of the rounds."""
    layout = Layout(desk.folder / "results")
    plan = read.plan(layout)
    (found,) = analyse(plan, records_of(plan, layout)).repeats
    return found


def measured(desk: Desk) -> list[tuple[int, str]]:
    """(round, quantization) of all records, oldest first."""
    cells = [record.run.cell for record in desk.records()]
    return sorted((cell.work.round, cell.quant) for cell in cells if isinstance(cell.work, LoadWork))


def test_arms_that_are_known_well_enough_are_not_measured_again(desk: Desk) -> None:
    done = desk.run(*EASY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 to 18 speed cells" in done.stdout
    assert measured(desk) == [(0, "f16"), (0, "q4_k_m"), (1, "f16"), (1, "q4_k_m")]
    found = outcome(desk)
    assert (found.ended, found.rounds, len(found.not_needed)) == ("precise", 2, 14)
    assert found.words in " ".join(done.stdout.split())
    assert "cannot be compared" not in done.stdout
    assert "\x1b" not in done.stdout, "a log holds no control codes"
    again = desk.run(*EASY)
    assert again.returncode == 0
    assert "weights" not in again.stdout
    assert len(measured(desk)) == 4, "a second run measures nothing anew"


def test_arms_that_never_agree_are_measured_until_the_budget_ends(desk: Desk) -> None:
    done = desk.run(*HOPELESS, "matrix.max_rounds=9", "matrix.budget_minutes=0.0001")
    assert done.returncode == 0, done.stdout + done.stderr
    found = outcome(desk)
    assert (found.ended, found.rounds, found.planned) == ("budget", 2, 9)
    assert "budget of 0.0001 min ended after 2 rounds" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_a_run_killed_between_its_rounds_goes_on_to_the_same_end(desk: Desk) -> None:
    rule = (*HOPELESS, "matrix.max_rounds=4")
    parent = subprocess.Popen(desk.command(*rule), cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(desk.records()) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    psutil.wait_procs(children, timeout=10)
    kept = {record.run.run_id for record in desk.records()}
    before = outcome(desk)
    assert before.ended == "open"
    assert "run the same command again to go on" in before.words
    done = desk.run(*rule)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept <= {record.run.run_id for record in desk.records()}
    assert measured(desk) == [(number, quant) for number in range(4) for quant in ("f16", "q4_k_m")]
    assert (outcome(desk).ended, outcome(desk).rounds) == ("rounds", 4)
