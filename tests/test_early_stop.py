"""`run stop=decided` as a user gives it: one task ends early, one goes to its end, and a kill changes nothing."""

import json
import subprocess
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from harness.compare.analyse import analyse
from harness.core.digest import text_digest
from harness.core.record import Completed
from harness.core.suite import Suite, Task
from harness.core.verdict import Analysis, Comparison
from harness.store import read
from harness.store.attempts import Attempts
from harness.store.layout import Layout
from harness.verbs.stored import records_of
from tests.conftest import GENERATE
from tests.desk import ROOT, Desk

SKILL, LOSS = 0.9, 0.14
CALM, ROUGH = 240, 80
_SAME = ("matrix=quality", "matrix.replicates=0", "protocol.margin=0.2", f"runtime.options.loss={LOSS}")
DECIDED = ("stop=decided", *_SAME)
NEVER = ("stop=never", *_SAME)
_TASK = GENERATE.replace("tiny_generate", "tiny_NAME").replace("items.jsonl", "NAME.jsonl")


def _lost(word: str) -> bool:
    """Whether the fake engine answers in full precision and fails when quantized: it draws from the prompt's digest."""
    return SKILL - LOSS <= int(text_digest(f"say {word}")[:8], 16) / 16**8 < SKILL


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """240 calm items of which a quantization loses none, and 80 rough ones of which it loses every tenth."""
    folder = tmp_path / "suite"
    folder.mkdir()
    words = [f"w{number}" for number in range(2_000)]
    kept, lost = [w for w in words if not _lost(w)], [w for w in words if _lost(w)]
    rough = [lost[n // 10] if n % 10 == 0 else kept[-n] for n in range(ROUGH)]
    for name, chosen in (("calm", kept[:CALM]), ("rough", rough)):
        rows = [{"id": f"{name}{number}", "word": word} for number, word in enumerate(chosen)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / f"tiny_{name}.yaml").write_text(_TASK.replace("NAME", name))
    tasks = [Task(f"tiny_{name}", "copy", "exact_match", "generate") for name in ("calm", "rough")]
    return Desk(tmp_path, Suite("tiny", "", "CC0-1.0", tuple(tasks), include=str(folder)))


def analysis_of(desk: Desk, results: str = "results") -> Analysis:
    """What the newest plan's stored records say."""
    layout = Layout(desk.folder / results)
    plan = read.plan(layout)
    return analyse(plan, records_of(plan, layout))


def by_task(analysis: Analysis) -> dict[str, Comparison]:
    return {one.task: one for one in analysis.comparisons if one.kind == "quality"}


def attempts(desk: Desk) -> list[Completed]:
    return [record for record in desk.records() if isinstance(record, Completed)]


@pytest.mark.slow
def test_one_task_ends_at_a_quarter_and_the_other_goes_to_all_items(desk: Desk) -> None:
    done = desk.run(*DECIDED)
    assert done.returncode == 0, done.stdout + done.stderr
    told = " ".join(done.stdout.split())
    assert "look 1/3 settled: tiny_calm; to look 2: tiny_rough" in told
    assert "look 3/3 all items in: tiny_rough" in told
    assert "60 of 240 items" in told
    found = by_task(analysis_of(desk))
    assert [(one.look, one.n_items, one.n_planned) for one in found.values()] == [(1, 60, 240), (3, 80, 80)]
    report = next((desk.folder / "reports").iterdir())
    for name in ("report.md", "index.html"):
        text = " ".join((report / name).read_text().split())
        assert "at look 1 of 3, after 60 of 240 items" in text
        assert "a change needs z of 3.96, 2.80, 1.98, equivalence 3.36, 2.37, 1.68" in text
    asked = sum(record.outcome.answered for record in attempts(desk))
    assert asked == 2 * (60 + 80), "baseline and candidate; nothing is asked twice"
    before = len(desk.records())
    again = desk.run(*DECIDED)
    assert again.returncode == 0
    assert len(desk.records()) == before, "a second run measures nothing anew"
    assert by_task(analysis_of(desk)) == found

    whole = desk.run(*NEVER)  # the same question to all items: a new measurement, with the replies that are there
    assert whole.returncode == 0, whole.stdout + whole.stderr
    fresh = attempts(desk)[-2:]
    assert [record.outcome.resumed for record in fresh] == [140] * 2
    assert [record.outcome.answered for record in fresh] == [180] * 2
    full = by_task(analysis_of(desk))
    assert [(one.look, one.n_items) for one in full.values()] == [(0, 240), (0, 80)]
    assert [one.verdict for one in full.values()] == [one.verdict for one in found.values()]
    assert "stopped early" not in " ".join(whole.stdout.split())


@pytest.mark.slow
def test_a_run_killed_between_and_within_looks_comes_to_the_same_end(desk: Desk) -> None:
    slow = (*DECIDED, "runtime.options.tokens_per_second=40")
    undisturbed = desk.run(*slow[:-1], results="undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stdout + undisturbed.stderr
    for records, lines in ((2, 0), (2, 2 * 81 + 5)):  # as look 2 begins; and with five of its answers in
        _kill_when(desk, slow, records, lines)
    done = desk.run(*slow)
    assert done.returncode == 0, done.stdout + done.stderr
    journals = list(desk.folder.glob("results/cpu/*/journal.jsonl"))
    keys = [[json.loads(line)["key"] for line in path.read_text().splitlines()[1:]] for path in journals]
    assert [len(one) for one in keys] == [len(set(one)) for one in keys] == [140, 140], "nothing is answered twice"
    got, wanted = (_items(desk, results) for results in ("results", "undisturbed"))
    pd.testing.assert_frame_equal(got, wanted)
    ends = [[(one.look, one.n_items, one.verdict) for one in by_task(analysis_of(desk, r)).values()] for r in
            ("results", "undisturbed")]  # fmt: skip
    assert ends[0] == ends[1]


def _kill_when(desk: Desk, overrides: tuple[str, ...], records: int, lines: int) -> None:
    """Kill -9 the parent once so many records are stored and so many lines are in the journals."""
    parent = subprocess.Popen(desk.command(*overrides), cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(desk.records()) < records or _lines(desk) < lines:
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.05)
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    psutil.wait_procs(children, timeout=10)


def _lines(desk: Desk) -> int:
    return sum(path.read_bytes().count(b"\n") for path in desk.folder.glob("results/cpu/*/journal.jsonl"))


def _items(desk: Desk, results: str) -> pd.DataFrame:
    """The items that the newest plan's comparison rests on, with their texts, without what differs from run to run."""
    layout = Layout(desk.folder / results)
    plan = read.plan(layout)
    frames = []
    for cell in plan.cells:
        folder = Attempts(layout).latest(cell, plan.id)
        assert folder is not None
        items = read.items(folder)
        assert items is not None
        said = pd.read_parquet(folder / "texts.parquet", columns=["task", "item_id", "prompt", "target", "reply"])
        frames.append(items.merge(said, how="outer", validate="one_to_one").assign(quant=cell.quant))
    whole: pd.DataFrame = pd.concat(frames)
    keys = ["quant", "task", "item_id"]
    assert [text_digest(reply) for reply in whole["reply"]] == list(whole["reply_hash"])
    columns = [*keys, "score", "reply_hash", "prompt_hash", "prompt", "target", "reply"]
    return whole.sort_values(keys)[columns].reset_index(drop=True)


def test_a_plan_that_stops_early_is_another_plan_and_the_usual_one_keeps_its_name(desk: Desk) -> None:
    """Ids of cells and plans are what stored results are found by."""
    told = [desk.verb("plan", *desk.command(*o)[4:]).splitlines() for o in (NEVER, NEVER[1:], DECIDED)]
    names = [lines[0].split()[1] for lines in told]
    assert names[0] == names[1] != names[2]
    assert not any("looks at" in line for line in told[1])
    assert any("looks at 1/4, 1/2 and all items" in line for line in told[2])
