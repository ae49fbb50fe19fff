"""`show` over real records and plans in a store."""

from pathlib import Path

import msgspec
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
from harness.verbs import stored
from tests.cells import job, load_cell
from tests.compare.arms import run_of
from tests.live.feed import LOADS, PLAN, QUALITY, Scene, completed, items

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


def test_the_newest_attempt_of_a_cell_is_shown_its_result_first_and_the_earlier_ones_named(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", CELL.id[:6], f"results={results}"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[:2] == ["echo f16 fake speed round 1", "11.0 tok/s; invalid"]
    assert "earlier attempt" in lines[-1]
    for part in ("aaaa1111", "slow [disk]", "why 1 are not known: --all", "invalid   the client lags"):
        assert part in text
    assert "no sensor" not in text


def test_a_run_is_shown_by_its_own_id_with_the_end_of_its_log(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "aaaa", f"results={results}"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[1] == "failed (memory): killed"
    assert "last words" in text
    assert "with uncommitted changes" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "show takes one id"), (["a", "b"], "2 ids given, 1 at most"), (["a", "reslts=x"], "means nothing")],
)
def test_show_wants_one_id(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", *words]) == 2
    assert said in capsys.readouterr().err


def test_folders_may_lie_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert stored.parse(["results=~/a", "reports=~/b"], 0) == stored.Words((), tmp_path / "a", tmp_path / "b")


def test_everything_a_load_left_is_shown_when_asked_for(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", CELL.id[:6], "--all", f"results={results}"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "invalid the client lags",
        "degraded 2.5 requests/s, depth 64: hot",
        "window, 3 at once 12.0 s, 120 prompt and 4,500 output tokens",
        "client, 64 streams TTFT wrong by 0.1 ms (p99 2 ms), TPOT by 0.01 ms (p99 0.03 ms), lag 0.2 ms (p99 0.9 ms)",
        "99.8 % of the scheduled rate",
        "Decode 11.0 tok/s (10.0 tok/s to 12.0 tok/s, n 2)",
        "Energy no sensor",
    ):
        assert part in text, part


def test_of_a_sweep_three_steps_are_shown_the_busiest_among_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = {1: 100.0, 2: 180.0, 4: 300.0, 8: 250.0}
    one = Reading("throughput", "tok/s", "higher", ())
    readings = [msgspec.structs.replace(one, samples=(rate,), step=Step(n)) for n, rate in rates.items()]
    record = completed(LOADS[0], 3.0, tuple(readings))
    scene = Scene(tmp_path)
    scene.keep(record)
    assert run(["show", LOADS[0].id, f"results={scene.layout.root}"]) == 0
    text = capsys.readouterr().out
    assert "1 at once" in text
    assert "4 at once" in text
    assert "8 at once" in text
    assert "2 at once" not in text


def test_a_plan_is_shown_with_what_it_found_and_its_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(tmp_path, msgspec.structs.replace(PLAN, night="2026-01-02"))
    write.plan(scene.layout, scene.plan, "2026-01-02T03:04:05Z")
    for cell, right in ((QUALITY[0], 20), (QUALITY[1], 2)):
        record = completed(cell, 12.0)
        record = msgspec.structs.replace(record, run=msgspec.structs.replace(record.run, plan_id=scene.plan.id))
        scene.keep(record, *items("tiny_triage", 30), *items("tiny_passage", right))
    for word in (scene.plan.id[:7], "2026-01-02"):
        assert run(["show", word, f"results={scene.layout.root}"]) == 0
        text = capsys.readouterr().out
        lines = text.splitlines()
        assert lines[0] == f"Plan {scene.plan.id} on cpu, 2026-01-02 03:04 UTC, night 2026-01-02"
        assert "degraded on 1" in " ".join(lines[1:3])
        assert f"{QUALITY[0].id}  f16 llama_cpp quality" in text
        assert "62.5 %" in text
        assert text.count("not measured") == 8


def test_what_a_foreign_record_holds_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = "\x1b]52;c;ZXZpbA==\x07\x9b2J"
    cells = [msgspec.structs.replace(cell, model=bad, options={bad: bad}) for cell in QUALITY]
    plan = msgspec.structs.replace(PLAN, cells=tuple(cells), pairs=(), night=bad, overrides=(bad,))
    scene = Scene(tmp_path, plan)
    write.plan(scene.layout, plan, "2026-01-02T03:04:05Z")
    done = completed(cells[0], 1.0, (), Flag("invalid", bad))
    scene.keep(msgspec.structs.replace(done, outcome=msgspec.structs.replace(done.outcome, warnings=(bad,))))
    scene.keep(Failed(run_of(cells[1]), "memory", bad, -9, f"last\nwords{bad}"))
    shown = ["show", cells[0].id], ["show", cells[1].id, "--all"], ["show", plan.id]
    for one in (*shown, ["list", "results"], ["list", "plans"]):
        assert run([*one, f"results={scene.layout.root}"]) == 0
        said = capsys.readouterr().out
        assert "�]52;c;" in said, one
        assert not {"\x1b", "\x07", "\x9b"} & set(said), one


def test_a_damaged_plan_is_named_and_hides_no_night(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(tmp_path, msgspec.structs.replace(PLAN, night="2026-01-02"))
    write.plan(scene.layout, scene.plan, "2026-01-02T03:04:05Z")
    damaged = scene.layout.plans("cpu") / "20260103T030405Z-0123456789ab.json"
    damaged.write_text("[]")
    done = completed(QUALITY[0])
    own = msgspec.structs.replace(done.run, plan_id=scene.plan.id)
    scene.keep(msgspec.structs.replace(done, run=own), *items("tiny_triage", 30))
    words = [f"results={scene.layout.root}"]
    assert run(["show", "0123", *words]) == 1
    assert f"{damaged} is not a record" in capsys.readouterr().err
    assert run(["show", "2026-01-02", *words]) == 0
    assert capsys.readouterr().out.startswith(f"Plan {scene.plan.id}")
    assert run(["show", "2026-01-09", *words]) == 2
    next(scene.layout.plans("cpu").glob(f"*{scene.plan.id}.json")).write_text("[]")
    assert run(["show", QUALITY[0].id, *words]) == 0, "the record says enough"


def test_what_is_nowhere_says_where_to_look(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "zzz", f"results={results}"]) == 2
    assert "no record, plan or night 'zzz'" in capsys.readouterr().err
