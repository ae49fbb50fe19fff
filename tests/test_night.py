"""Nights on the fake runtime, as a user gives them: what fits, what is left, and a night that is too short."""

from pathlib import Path

import pytest

from harness.core.record import Completed
from harness.core.suite import Suite
from tests.desk import Desk

_SPEED = ("matrix=nightly", "matrix.quality=false", "matrix.rounds=1", "quant=[q8_0,q4_k_m]")


@pytest.fixture
def desk(tmp_path: Path, suite: Suite) -> Desk:
    """A fresh one."""
    return Desk(tmp_path, suite)


def _arms(desk: Desk, night: str) -> list[str]:
    return sorted({record.run.cell.quant for record in desk.records() if record.run.night == night})


@pytest.mark.alone
def test_nights_take_turns_and_a_night_that_has_begun_goes_on_with_what_it_began(desk: Desk) -> None:
    slow = (*_SPEED, "runtime.options.tokens_per_second=40")  # so that a busy box has time left to begin what it chose
    assert desk.run(*slow, "matrix.night=n1").returncode == 0
    took = [record.run.seconds for record in desk.records()]
    assert min(took) > 1.5
    tight = (*slow, f"matrix.budget_hours={(sum(took) - 0.1 * min(took)) / 3600}")
    told = desk.run(*tight, "matrix.night=n2")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "not tonight: no room left" in " ".join(told.stdout.split())
    assert _arms(desk, "n2") == ["f16", "q8_0"]
    desk.run(*tight, "matrix.night=n2")
    assert _arms(desk, "n2") == ["f16", "q8_0"], "a night was planned anew in its own middle"


def test_what_is_left_to_another_night_is_in_the_report_with_the_day_it_was_last_measured(desk: Desk) -> None:
    done = desk.run(*_SPEED, f"matrix.budget_hours={1 / 3600}", "matrix.night=n1")
    assert done.returncode in (0, 1), done.stdout + done.stderr  # on a busy box the second may be over at once
    report = next((desk.folder / "reports").glob("*/report.md")).read_text()
    assert "echo q4_k_m fake speed under" in report
    assert "never measured as a whole" in report


def test_a_budget_without_a_night_is_refused(desk: Desk) -> None:
    done = desk.run("matrix.budget_hours=2", "matrix.night=null")
    assert done.returncode == 2
    assert "matrix.budget_hours is for nights; add matrix.night=auto" in done.stderr


def test_the_matrix_for_nights_measures_anew_each_day(desk: Desk) -> None:
    done = desk.run("matrix=nightly", "matrix.quality=false", "matrix.rounds=1", "quant=[f16]", "baseline=none")
    assert done.returncode == 0, done.stdout + done.stderr
    run = desk.records()[0].run
    assert isinstance(desk.records()[0], Completed)
    assert run.night == run.started[:10]
