"""The cards of single tasks: picture, figures at every margin, the baseline against itself, items needed."""

from msgspec.structs import replace

from harness.core.verdict import Analysis
from harness.report.blocks import Fold, Prose
from harness.report.document import Document
from harness.report.plots import Picture
from harness.report.pooled import over_tasks, pooled
from harness.report.render import pictures_of
from harness.report.tables import Table, matrix
from harness.report.task_panels import key_of, task_panel
from harness.report.tasks import cards
from harness.report.view import View
from harness.report.wording import metric
from tests.report.example import analysis, only
from tests.report.pieces import TASKS, arm
from tests.report.test_speed import rows


def table_of(base: Analysis, task: str) -> list[dict[str, str]]:
    folds = [one for one in cards(View(base), {}) if isinstance(one, Fold)]
    found = next(one for one in folds if one.title == task)
    return rows(next(block for block in found.blocks if isinstance(block, Table)))


def test_each_task_has_a_card_with_its_picture_and_its_verdicts_beside_the_title(
    measured: Analysis, document: Document
) -> None:
    drawn = {one.key: one for one in pictures_of(document)}
    how, *found = cards(View(measured), drawn)
    assert isinstance(how, Prose)
    assert [one.title for one in found if isinstance(one, Fold)] == [task.replace("_", " ") for task in TASKS]
    first = found[0]
    assert isinstance(first, Fold)
    assert first.brief == "Q8_0 ≈ equivalent, Q4_K_M ≈ equivalent, Q2_K ▼ degraded"
    assert [type(block) for block in first.blocks] == [Prose, Picture, Table]


def test_many_candidates_are_counted_in_the_title() -> None:
    brief = next(one.brief for one in cards(View(analysis()), {}) if isinstance(one, Fold))
    assert brief == "≈ equivalent 5, ▼ degraded 1, ? inconclusive 1"


def test_a_card_has_every_margin_flips_noise_and_items_needed() -> None:
    found = table_of(only(analysis(), ("q4_k_m", "q2_k")), "extract")
    assert [row["Arm"] for row in found] == [
        "F16 baseline", "Q4_K_M", "Q2_K beyond the margin", "A/A batch size and request order",
    ]  # fmt: skip
    row = found[1]
    assert row["Lost / gained"] == "19 / 6"
    assert (row["0.5 points"][:14], row["3 points"][:12]) == ("? inconclusive", "≈ equivalent")
    assert row["Needed"]== "535 items 1,000 asked"
    assert "90 %: [" in row["Change, 95 %"]
    assert row["p of a change"].count("Holm") == 1
    assert found[3]["p of a change"].count("Holm") == 0


def test_cut_answers_have_a_column_where_there_are_any() -> None:
    base = only(analysis(), ("q8_0",), ("code",))
    assert "Answers cut" not in table_of(base, "code")[1]
    cut = tuple(replace(one, cap_hits=(0.004, 0.031)) for one in base.comparisons)
    assert table_of(replace(base, comparisons=cut), "code")[1]["Answers cut"] == "3.1 % baseline 0.4 %"


def test_a_broken_comparison_is_said_and_has_no_figures() -> None:
    found = next(row for row in table_of(analysis(), "passage qa") if "prompt hashes differ" in row["Arm"])
    assert found["2 points"] == "✕ broken"
    assert found["Change, 95 %"] == "n/a"


def test_the_panel_shows_candidates_and_replicates_with_their_limits() -> None:
    panel = task_panel(View(only(analysis(), ("q8_0",))), "code")
    assert panel is not None
    assert "Q8_0 0.0 equivalent; A/A batch size and request order 0.0 equivalent" in panel.alt
    assert [one.part for one in panel.drawn] == ["Q8_0", "A/A batch size and request order"]
    assert task_panel(View(replace(analysis(), comparisons=())), "code") is None


def test_tasks_that_would_share_a_file_get_a_number() -> None:
    base = only(analysis(), ("q8_0",), ("code", "extract"))
    alike = {"code": "a/b", "extract": "A B"}
    found = tuple(replace(one, task=alike[one.task]) for one in base.comparisons)
    view = View(replace(base, comparisons=found))
    assert [key_of(view, task) for task in view.tasks] == ["task-a-b-1", "task-a-b-2"]


def test_many_tasks_are_rows_of_the_verdicts() -> None:
    base = only(analysis(), ("q8_0", "q2_k"), ("code",))
    many = tuple(replace(one, task=f"task_{at}") for at in range(20) for one in base.comparisons)
    table = matrix(View(replace(base, comparisons=many)))
    assert table.columns == ("Task", "F16 (baseline)", "Q8_0", "Q2_K")
    assert len(table.rows) == 21
    assert rows(table)[-1]["Q2_K"].startswith("▼ 20")


def test_tasks_are_pooled_from_five_on_and_those_without_information_are_not_among_them() -> None:
    found = pooled(View(analysis()))
    assert arm("q8_0") in found
    assert arm("q4_0") not in found, "one of its five tasks is broken"
    row = next(row for row in rows(over_tasks(View(analysis()))) if row["Quantization"] == "Q2_K")
    assert row["Change over tasks"].startswith("−18.5 [")
    assert pooled(View(only(analysis(), ("q8_0",), ("code",)))) == {}


def test_metrics_have_names_for_people() -> None:
    found = [metric(name) for name in ("utils.pass_at_k", "acc_norm", "exact_match,none", "my_own_metric")]
    assert found == ["pass@k", "accuracy (length-normalized)", "exact match", "my own metric"]
