"""The whole main job on the fake runtime, as a user gives it: measured, killed, resumed, reported."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pandas as pd
import psutil
import pytest

from harness.core.events import Event, PlanEvent, ReportEvent, VerdictEvent
from harness.core.record import Completed, Failed
from harness.core.suite import Suite
from harness.environment import register
from tests.desk import ROOT, Desk
from tests.foreign import foreign
from tests.live.screen import Screen


@pytest.fixture
def desk(tmp_path: Path, suite: Suite) -> Desk:
    """A fresh one."""
    return Desk(tmp_path, suite)


def _wait(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def _journal_lines(desk: Desk) -> int:
    return sum(path.read_bytes().count(b"\n") for path in desk.folder.glob("results/cpu/*/journal.jsonl"))


def test_one_command_measures_compares_and_reports(desk: Desk) -> None:
    done = desk.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {type(record) for record in desk.records()} == {Completed}
    assert len(desk.records()) == 3 + 2 * 3  # baseline, replicate and candidate; two arms in three rounds
    report = next((desk.folder / "reports").iterdir())
    assert {"index.html", "report.md", "data.csv", "inputs.json"} <= {path.name for path in report.iterdir()}
    assert report.name in done.stdout
    again = desk.run()
    assert again.returncode == 0
    assert len(desk.records()) == 9, "a second run measures nothing anew"
    told = desk.verb("compare", f"results={desk.folder / 'results'}")
    sentence = "Q4_K_M is equivalent to F16 within 2 points on"
    assert sentence in " ".join(told.split())
    quality = [r.run.cell for r in desk.records() if r.run.cell.kind == "quality" and not r.run.cell.replicate]
    baseline, candidate = sorted(quality, key=lambda cell: cell.quant)
    two = desk.verb("compare", baseline.id, candidate.id[:6], f"results={desk.folder / 'results'}")
    assert sentence in " ".join(two.split())
    later = desk.verb("report", f"results={desk.folder / 'results'}", f"reports={desk.folder / 'later'}")
    assert "index.html" in later
    assert len(list((desk.folder / "later").iterdir())) == 1


def test_a_night_measures_everything_anew_and_only_once(desk: Desk) -> None:
    words = ("limit=10", "matrix.rounds=1", "matrix.replicates=0")
    for night, count in (("null", 4), ("n1", 8), ("n2", 12), ("n2", 12)):
        done = desk.run(*words, f"matrix.night={night}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(desk.records()) == count
    assert [record.run.night for record in desk.records()] == [""] * 4 + ["n1"] * 4 + ["n2"] * 4
    assert len({record.run.plan_id for record in desk.records()}) == 3
    told = desk.verb("report", f"results={desk.folder / 'results'}", f"reports={desk.folder / 'later'}")
    inputs = msgspec.json.decode(next((desk.folder / "later").glob("*/inputs.json")).read_bytes())
    own = {f"{r.run.run_id}" for r in desk.records() if r.run.night == "n2"}
    assert {one["path"].rsplit("-", 1)[1] for one in inputs["records"]} == own, told


@pytest.mark.slow
def test_a_parent_killed_while_answers_come_in_loses_none_of_them(desk: Desk) -> None:
    slow = ("runtime.options.tokens_per_second=60", "matrix=quality", "limit=20")
    whole = desk.run(*slow, results="undisturbed")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    parent = subprocess.Popen(desk.command(*slow), cwd=ROOT, stdout=subprocess.DEVNULL)
    _wait(lambda: _journal_lines(desk) > 20)
    child = psutil.Process(parent.pid).children()[0]
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running(), "the child measures on without its parent"
    kept = _journal_lines(desk) - 1
    done = desk.run(*slow)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = [record.outcome for record in desk.records() if isinstance(record, Completed)]
    assert sum(outcome.resumed for outcome in outcomes) == kept
    assert sum(outcome.resumed + outcome.answered for outcome in outcomes) == 3 * 80
    pd.testing.assert_frame_equal(desk.scores(), desk.scores("undisturbed"))
    pd.testing.assert_frame_equal(desk.texts(), desk.texts("undisturbed"))
    assert len(desk.texts()) == 3 * 40


@pytest.mark.slow
def test_a_killed_child_becomes_a_record_and_the_rest_is_measured(desk: Desk) -> None:
    slow = ("runtime.options.tokens_per_second=60", "matrix=quality", "limit=20")
    parent = subprocess.Popen(desk.command(*slow), cwd=ROOT, stdout=subprocess.DEVNULL)
    _wait(lambda: _journal_lines(desk) > 20)
    psutil.Process(parent.pid).children()[0].send_signal(signal.SIGKILL)
    assert parent.wait(120) == 1
    failed = [record for record in desk.records() if isinstance(record, Failed)]
    assert [(record.kind, record.exit_code) for record in failed] == [("signal", -9)]
    assert len(desk.records()) == 3
    done = desk.run(*slow)
    assert done.returncode == 0, done.stdout + done.stderr
    resumed = desk.records()[-1]
    assert isinstance(resumed, Completed)
    assert resumed.outcome.resumed >= 20
    whole = desk.run(*slow, results="undisturbed")
    assert whole.returncode == 0
    pd.testing.assert_frame_equal(desk.scores(), desk.scores("undisturbed"))
    pd.testing.assert_frame_equal(desk.texts(), desk.texts("undisturbed"))
    assert len(desk.texts()) == 3 * 40


@pytest.mark.slow
def test_a_parent_killed_during_a_load_keeps_the_finished_rounds(desk: Desk) -> None:
    slow = ("runtime.options.tokens_per_second=40", "matrix=speed", "matrix.max_rounds=0")
    parent = subprocess.Popen(desk.command(*slow), cwd=ROOT, stdout=subprocess.DEVNULL)
    _wait(lambda: len(desk.records()) >= 2)
    _wait(lambda: psutil.Process(parent.pid).children())
    parent.kill()
    parent.wait()
    finished = {record.run.run_id for record in desk.records()}
    done = desk.run(*slow)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(desk.records()) == 6
    assert finished <= {record.run.run_id for record in desk.records()}


def test_machines_get_events_and_nothing_else_on_standard_output(desk: Desk) -> None:
    done = desk.run("matrix=quality", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = [msgspec.json.decode(line, type=Event) for line in done.stdout.splitlines()]
    assert isinstance(told[0], PlanEvent)
    assert isinstance(told[-1], ReportEvent)
    assert (told[-1].measured, told[-1].planned, told[-1].exit_code) == (3, 3, 0)
    assert any(isinstance(one, VerdictEvent) and one.final for one in told)
    again = desk.run("matrix=quality", "--quiet")
    assert again.stderr == ""
    sentence, report = again.stdout.splitlines()
    assert sentence == told[-1].sentences[0]
    assert report.startswith("report: ")


@pytest.mark.alone
def test_a_terminal_that_is_interrupted_is_left_as_it_was(desk: Desk) -> None:
    command = desk.command("runtime.options.tokens_per_second=20", "matrix=quality")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm"
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has none
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    written = b""
    while b" of 180" not in written:
        written += os.read(terminal, 65_536)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # the other side is gone
        while more := os.read(terminal, 65_536):
            written += more
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    screen = Screen(80).feed(written.decode())
    assert screen.cursor_shown
    *_, stopped, interrupted = screen.text.splitlines()
    assert "goes on where it stopped" in interrupted
    assert "  items " not in screen.text
    assert "1/3" not in screen.text


@pytest.mark.alone
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_how_to_go_on(desk: Desk, stop: signal.Signals) -> None:
    command = desk.command("runtime.options.tokens_per_second=20", "matrix=quality")
    parent = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs with SIGINT ignored, and tests may be such a job.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    _wait(lambda: _journal_lines(desk) > 5)
    parent.send_signal(stop)
    _, told = parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert "the same command again goes on where it stopped" in told
    assert len(told.strip().splitlines()) == 1


def test_a_second_run_into_the_same_folder_is_refused(desk: Desk) -> None:
    command = desk.command("runtime.options.tokens_per_second=20", "matrix=quality")
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait(lambda: _journal_lines(desk) > 5)
        second = desk.run("matrix=quality")
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.wait(30)
    assert second.returncode == 2
    assert "another run is measuring" in second.stderr


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("runtime.options.fail=memory", "out of memory"),
        ("runtime.options.fail=raise", "told to fail"),
        ("runtime.options.skil=1", "did you mean skill"),
        ("timeout_seconds=1", "still running after"),
    ],
)
def test_whatever_ends_every_cell_is_said_and_reported(desk: Desk, override: str, said: str) -> None:
    more = ["runtime.options.fail=hang"] if "timeout" in override else []
    done = desk.run(override, *more, "matrix=quality", "matrix.replicates=0", "limit=5")
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode in (1, 2), told
    assert said in told
    assert "Traceback" not in told


def test_texts_may_be_left_out_and_name_no_other_cell(desk: Desk) -> None:
    assert desk.run("matrix=quality", "texts=false").returncode == 0
    assert list(desk.folder.glob("results/**/texts.parquet")) == []
    again = desk.run("matrix=quality")
    assert again.returncode == 0
    assert len(desk.records()) == 3, "what was measured without texts is not measured again"
    desk.run("matrix=quality", results="kept")
    assert len(desk.texts("kept")) == 3 * 120
    pd.testing.assert_frame_equal(desk.scores(), desk.scores("kept"))
    assert b"say green" not in b"".join(f.read_bytes() for f in desk.folder.glob("results/**/*") if f.is_file())


def test_cells_run_in_the_environment_of_their_runtime_and_say_so(desk: Desk, tmp_path: Path) -> None:
    made = foreign(tmp_path / "made")
    register(made, tmp_path / "envs")
    (desk.folder / "conf/runtime").mkdir()
    (desk.folder / "conf/runtime/fake.yaml").write_text(
        "name: fake\nmodule: runners.runtimes.fake\nformats: [gguf]\n"
        "package: msgspec\nextra: other\noptions: {skill: 0.9}\n"
    )
    done = desk.run("matrix=quality", "matrix.replicates=0", envs=tmp_path / "envs")
    assert done.returncode == 0, done.stdout + done.stderr
    runs = [record.run for record in desk.records()]
    assert {(run.environment, run.packages[0].name) for run in runs} == {("other", "msgspec")}
    (tmp_path / "made/bin/python").unlink()
    refused = desk.run("rerun=true", envs=tmp_path / "envs")
    assert refused.returncode == 2
    assert "python -m harness setup other" in refused.stderr


def test_no_process_outlives_its_run(desk: Desk) -> None:
    desk.run("matrix=speed", "matrix.max_rounds=0", "load.requests=1")
    mine = [p for p in psutil.process_iter(["cmdline", "pid"]) if str(desk.folder) in " ".join(p.info["cmdline"] or [])]
    assert [p.pid for p in mine if p.pid != os.getpid()] == []
