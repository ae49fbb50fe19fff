"""`show` and `list results` over real records in a store."""

from pathlib import Path

import pytest

from harness.cli import run
from harness.core.record import (
    Calibration,
    Completed,
    Failed,
    Flag,
    Machine,
    Outcome,
    Reading,
    Run,
    Source,
    Step,
    Window,
)
from harness.core.runtime import Facts
from harness.store import write
from harness.store.layout import Layout
from tests.cells import job, load_cell

MACHINE = Machine("a cpu", 2, 1 << 30, (), "Linux", "", (0.5,), "3.11", "x", "y")
CELL = load_cell()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A failed and then a completed attempt at one load cell."""
    layout = Layout(tmp_path / "results")
    first = Run("aaaa1111", "p" * 12, CELL, MACHINE, (), Source("0", "", True), "2026-01-02T03:04:05Z", 1.5)
    second = Run("bbbb2222", "p" * 12, CELL, MACHINE, (), Source("0", "", False), "2026-01-02T04:04:05Z", 1.5)
    readings = (
        Reading("decode", "tok/s", "higher", (10.0, 12.0), concurrency=3),
        Reading("energy", "J", "lower", (), reason="no sensor"),
    )
    outcome = Outcome(
        Facts("fake", "1", "[cpu]", None, None, 1, 1),
        readings,
        ("slow [disk]",),
        windows=(Window(Step(concurrency=3), 10**9, 13 * 10**9, 120, 4_500),),
        flags=(Flag("invalid", "the client lags"), Flag("degraded", "hot", Step(rate=2.5, depth=64))),
        calibration=(Calibration(64, (1e-4, 2e-3), (1e-5, 3e-5), 0.998, (2e-4, 9e-4), 12_000.0),),
    )
    prepared = job(CELL, tmp_path).prepared
    assert prepared is not None
    write.attempt(layout, Failed(first, "memory", "killed", -9, "last words"), tmp_path)
    write.attempt(layout, Completed(second, prepared, outcome), tmp_path)
    return layout.root


def test_results_are_listed_one_line_each(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "results", f"results={results}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [[CELL.id, "aaaa1111"], [CELL.id, "bbbb2222"]]
    assert "failed" in lines[0]
    assert "completed" in lines[1]


def test_a_record_of_another_version_is_listed_as_unreadable(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = results / "cpu" / "0123456789ab" / "20260102T030405Z-cccc3333"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text('{"schema": 99}')
    assert run(["list", "results", f"results={results}"]) == 0
    assert "0123456789ab  unreadable by this version" in capsys.readouterr().out


def test_the_newest_attempt_of_a_cell_is_shown_and_the_earlier_ones_named(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", CELL.id[:6], f"results={results}"]) == 0
    text = capsys.readouterr().out
    for part in ("earlier attempt", "aaaa1111", "completed", "10 12 tok/s", "not known: no sensor", "slow [disk]"):
        assert part in text


def test_a_run_is_shown_by_its_own_id_with_the_end_of_its_log(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "aaaa", f"results={results}"]) == 0
    text = capsys.readouterr().out
    assert "failed (memory): killed" in text
    assert "last words" in text
    assert "with uncommitted changes" in text


def test_show_wants_one_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show"]) == 2
    assert "show takes one id" in capsys.readouterr().err


def test_a_load_shows_what_speaks_against_it_its_windows_and_how_exact_its_client_is(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", CELL.id[:6], f"results={results}"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "invalid the client lags",
        "degraded 2.5 requests/s, depth 64: hot",
        "window, 3 at once 12.0 s, 120 prompt and 4,500 output tokens",
        "client, 64 streams TTFT wrong by 0.1 ms (p99 2 ms), TPOT by 0.01 ms (p99 0.03 ms), lag 0.2 ms (p99 0.9 ms)",
        "99.8 % of the scheduled rate",
        "decode, 3 at once 10 12 tok/s",
    ):
        assert part in text, part
