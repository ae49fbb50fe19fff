"""The items of a look: nested, the same for every arm, and asked exactly as in a whole run."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from harness.core.cell import Cell, QualityWork
from harness.core.look import Asked
from harness.core.record import ItemResult
from harness.core.suite import Suite, Task
from runners import quality
from runners.journal import Journal
from runners.parts import Parts
from runners.progress import Reporter
from runners.runtimes import fake
from tests.cells import job, quality_cell

Items = dict[tuple[str, str], ItemResult]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`measure` changes the working folder, as only a child may."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))


def staged(cell: Cell, **changes: object) -> Cell:
    return msgspec.structs.replace(cell, work=msgspec.structs.replace(cell.work, staged=True, **changes))


def ask(suite: Suite, cell: Cell, looks: Sequence[int], journal: Path) -> tuple[Items, Parts, quality.SessionLM]:
    """What a child does: the items of these looks (none: all), with the replies that the journal already has."""
    assert isinstance(cell.work, QualityWork)
    with fake.open_session(job(cell, journal.parent)) as session, Journal(journal, "owner") as kept:
        lm = quality.SessionLM(session, kept, cell.work, Reporter(journal.with_suffix(".progress")))
        parts = Parts(cell.work, tuple(looks))
        found = [item for item, _ in quality.measure(lm, suite, cell.work, parts)]
    return {(item.task, item.item_id): item for item in found}, parts, lm


def test_a_look_asks_its_share_and_the_next_one_adds_to_it(suite: Suite, tmp_path: Path) -> None:
    cell = staged(quality_cell(suite))
    journal = tmp_path / "journal"
    whole, _, _ = ask(suite, quality_cell(suite), (), tmp_path / "whole")
    first, parts, _ = ask(suite, cell, (1, 1, 3), journal)
    assert parts.asked == (
        Asked("tiny_choice", 1, 15, 60), Asked("tiny_generate", 1, 15, 60), Asked("tiny_rolling", 3, 60, 60)
    )  # fmt: skip
    second, parts, lm = ask(suite, cell, (1, 2, 3), journal)
    assert [one.items for one in parts.asked] == [15, 30, 60]
    assert (lm.resumed, lm.answered) == (15 * 2 + 15 + 60, 15)
    assert first.items() < second.items() < whole.items()


def test_the_order_is_drawn_for_each_task_and_is_not_that_of_the_file(suite: Suite, tmp_path: Path) -> None:
    items, _, _ = ask(suite, staged(quality_cell(suite)), (1, 1, 1), tmp_path / "journal")
    chosen = [sorted(int(name[1:]) for task, name in items if task == one.task) for one in suite.tasks]
    assert len({tuple(one) for one in chosen}) == 3
    assert all(one != list(range(15)) for one in chosen)


def test_another_arm_another_seed_and_a_replicate_get_the_same_items(suite: Suite, tmp_path: Path) -> None:
    cells = [quality_cell(suite), quality_cell(suite, "q4_k_m", loss=0.5)]
    cells = [*map(staged, cells), staged(cells[0], order_seed=1, seed=2)]
    asked = [ask(suite, cell, (2, 2, 2), tmp_path / f"{n}")[0].keys() for n, cell in enumerate(cells)]
    assert asked[0] == asked[1] == asked[2]


def test_another_suite_gets_another_order(suite: Suite, tmp_path: Path) -> None:
    first, second = (staged(quality_cell(suite), suite_digest=digest * 16) for digest in "01")
    asked = [ask(suite, cell, (1, 1, 1), tmp_path / cell.id)[0].keys() for cell in (first, second)]
    assert asked[0] != asked[1]


def test_a_limit_is_cut_like_a_task_of_that_many_items(suite: Suite, tmp_path: Path) -> None:
    items, parts, _ = ask(suite, staged(quality_cell(suite), limit=10), (1, 2, 3), tmp_path / "journal")
    assert [(one.items, one.planned) for one in parts.asked] == [(3, 10), (5, 10), (10, 10)]
    assert {name for _, name in items} <= {f"i{n}" for n in range(10)}


def test_an_item_keeps_the_examples_drawn_for_it(suite: Suite, tmp_path: Path) -> None:
    """lm_eval draws examples one document after the other; leaving documents out must not move the draws."""
    folder = Path(suite.include)
    text = (folder / "tiny_generate.yaml").read_text()
    shots = "num_fewshot: 2\nfewshot_split: test\ndoc_to_decontamination_query: word\n"
    (folder / "tiny_generate.yaml").write_text(text.replace('"say {{word}}"', '"say {{id}} {{word}}"') + shots)
    one = msgspec.structs.replace(suite, tasks=suite.tasks[1:2])
    whole, _, _ = ask(one, quality_cell(one), (), tmp_path / "whole")
    part, _, lm = ask(one, staged(quality_cell(one)), (1,), tmp_path / "whole")
    assert len({item.prompt_hash for item in whole.values()}) == 60
    assert part.items() < whole.items()
    assert (lm.answered, lm.resumed) == (0, 15), "the replies of a whole run are found again"


def test_each_member_of_a_group_is_cut_by_itself(suite: Suite, tmp_path: Path) -> None:
    folder = Path(suite.include)
    (folder / "both.yaml").write_text("group: tiny\ntask: [tiny_choice, tiny_generate]\n")
    group = msgspec.structs.replace(suite, tasks=(Task("tiny", "mixed", "acc", "choice"),))
    items, parts, _ = ask(group, staged(quality_cell(group)), (1,), tmp_path / "journal")
    assert parts.asked == (Asked("tiny", 1, 30, 120),)
    assert [sum(task == name for task, _ in items) for name in ("tiny_choice", "tiny_generate")] == [15, 15]
