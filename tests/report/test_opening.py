"""The first screen: one table in which nothing inconclusive looks like a pass, one plot that stays small."""

import re

import pytest
from matplotlib.figure import Figure
from msgspec.structs import replace

from harness.core.tones import worst
from harness.core.verdict import Analysis, Comparison
from harness.report import html, markdown, summary
from harness.report.document import compose
from harness.report.forest import forest, lines
from harness.report.gaps import warnings
from harness.report.glance import glance
from harness.report.opening import opening
from harness.report.tables import Cell, Table
from harness.report.view import View
from harness.report.wording import SYMBOLS
from tests.report.example import analysis, only
from tests.report.loaded import loaded
from tests.report.pieces import TASKS
from tests.report.test_render import HOSTILE, Page
from tests.report.test_sentence import fast

KINDS = ("math", "code", "knowledge", "reading")


def many() -> Analysis:
    """Twenty tasks of four kinds, seven quantizations."""
    base = analysis()
    names = list(TASKS)
    found: list[Comparison] = []
    for at in range(20):
        same = [one for one in base.comparisons if one.task == names[at % 5]]
        found += [replace(one, task=f"task_{at:02d}", task_kind=KINDS[at % 4]) for one in same]
    return replace(base, comparisons=tuple(found))


def fields(table: Table, label: str) -> dict[str, Cell]:
    line = next(row for row in table.rows if row[0].text == label)
    return dict(zip(table.columns, line, strict=True))


def test_few_tasks_have_a_column_each_with_a_symbol_and_a_word() -> None:
    found = fields(glance(View(analysis())), "Q4_K_M")
    assert found["classify"] == Cell("≈ equivalent", "−0.6", "equivalent")
    assert found["extract"] == Cell("? inconclusive", "−1.3", "inconclusive")
    assert found["code"] == Cell("▲ improved", "+1.7", "improved")


def test_what_is_broken_has_no_number() -> None:
    found = fields(glance(View(analysis())), "Q4_0")
    assert found["passage qa"] == Cell("✕ broken", "", "broken")


def test_many_tasks_are_counted_by_their_kind_under_the_worst_of_them() -> None:
    table = glance(View(many()))
    assert table.columns[1:5] == KINDS
    assert fields(table, "Q8_0")["math"] == Cell("≈ 5 of 5 equivalent", "", "equivalent")
    assert fields(table, "Q4_K_M")["math"] == Cell("? 2 of 5 equivalent", "2 inconclusive, 1 improved", "inconclusive")
    assert fields(table, "Q2_K")["math"] == Cell("▼ 0 of 5 equivalent", "5 degraded", "degraded")


def test_a_group_with_a_task_that_was_not_measured_is_no_pass() -> None:
    base = many()
    lost = [one for one in base.comparisons if (one.task, one.candidate_arm) == ("task_00", "pocket q8_0 llama_cpp")]
    table = glance(View(replace(base, comparisons=tuple(one for one in base.comparisons if one not in lost))))
    assert fields(table, "Q8_0")["math"] == Cell("? 4 of 5 equivalent", "1 not measured", "inconclusive")


@pytest.mark.parametrize("bad", [name for name in SYMBOLS if name != "equivalent"])
def test_only_a_group_that_is_equivalent_throughout_is_shown_as_such(bad: str) -> None:
    assert worst(["equivalent", bad, "equivalent"]) == bad


def test_columns_that_nobody_knows_are_left_out() -> None:
    columns = glance(View(analysis())).columns
    assert "Bits per weight" not in columns
    assert not any(one.startswith("Energy") for one in columns)
    known = replace(analysis(), arms=tuple(replace(one, bits_per_weight=4.8123) for one in analysis().arms))
    assert fields(glance(View(known)), "Q8_0")["Bits per weight"].text == "4.81"


def test_a_ratio_stands_with_its_word_and_interval() -> None:
    found = fields(glance(View(loaded())), "Q8_0")
    assert found["Decode, tok/s"].detail.startswith("×1.24 faster\n[1.2")
    assert found["Energy, J/token"].detail.startswith("×0.83 less\n[0.8")
    assert fields(glance(View(loaded())), "Q4_K_M")["Decode, tok/s"].text.endswith("⚠")


def test_an_invalid_figure_is_marked_and_shows_no_number() -> None:
    base = loaded()
    records = []
    for one in base.records:
        outcome = getattr(one, "outcome", None)
        flags = tuple(replace(flag, step=None) for flag in outcome.flags) if outcome else ()
        records.append(replace(one, outcome=replace(outcome, flags=flags)) if outcome else one)
    found = fields(glance(View(replace(base, records=tuple(records)))), "Q2_K")
    assert found["Decode, tok/s"] == Cell("✕ invalid", "see flags", "invalid")


def test_the_legend_explains_exactly_the_verdicts_that_occur() -> None:
    note = glance(View(only(analysis(), ("q8_0", "q2_k")))).note
    assert "≈ equivalent: the 90 % interval of the change lies wholly inside the margin" in note
    assert "; margin 2 points" in note
    assert "▼ degraded: a loss is shown" in note
    assert "inconclusive" not in note
    assert "not a pass, and more items would decide" in glance(View(analysis())).note


def test_the_plot_has_a_row_for_each_task_while_they_fit() -> None:
    rows, what = lines(View(only(analysis(), ("q8_0", "q4_k_m", "q2_k"))))
    assert len(rows) == 3 * 6
    assert what == ""


def test_a_row_of_a_crowded_plot_is_the_worst_and_never_a_mean() -> None:
    rows, what = lines(View(many()))
    assert [row.label for row in rows] == ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K"]
    assert what == "the candidate's task that reaches lowest"
    worst_of_last = min(one.low90 for one in many().comparisons if "q2_k" in one.candidate_arm)
    assert rows[-1].one is not None
    assert rows[-1].one.low90 == worst_of_last
    assert rows[4].one is not None
    assert rows[4].one.verdict == "degraded", "a broken task hides no loss"


def test_the_plot_says_every_verdict_it_draws_in_words() -> None:
    found = forest(View(only(analysis(), ("q4_k_m",))))
    assert found is not None
    assert "Q4_K_M on extract: −1.3 inconclusive" in found.panel.alt
    assert "Equivalent: the thick line inside the grey band, ± 2 points." in found.caption


def test_speed_alone_is_drawn_as_ratios() -> None:
    found = forest(View(fast(only(loaded(), ("q8_0", "q2_k")))))
    assert found is not None
    assert found.panel.alt == "Q8_0 1.24; Q2_K 1.33."


def test_nothing_to_draw_is_no_plot() -> None:
    assert forest(View(replace(fast(analysis()), speed=()))) is None


def test_what_all_claims_share_stands_on_the_first_screen() -> None:
    base = only(analysis(), ("q8_0", "q2_k"))
    claims = (
        replace(base.claims[0], qualifiers=("only the first 400 items", "stopped early")),
        replace(base.claims[1], qualifiers=("only the first 400 items",)),
    )
    assert opening(View(replace(base, claims=claims))).qualifiers == ("only the first 400 items",)


def test_failures_and_missing_cells_are_warned_of() -> None:
    base = analysis()
    assert warnings(View(base)) == (
        "1 of 35 planned cells failed, first pocket iq2_xs llama_cpp quality (memory).",
        "2 left out or put off: pocket awq llama_cpp, pocket tq2_0 llama_cpp quality "
        "(pocket awq llama_cpp: llama_cpp reads gguf, awq is a Hugging Face format).",
        "1 comparison cannot be made, Q4_0 on passage qa: prompt hashes differ in 12 of 1,000 items.",
    )
    assert "26 of 35 planned cells are not measured" in warnings(View(replace(base, records=base.records[:9])))[0]


def test_the_page_holds_sentence_table_and_plot_before_anything_else() -> None:
    text = html.render(compose(View(only(analysis(), ("q4_k_m",)))))
    header = text[text.index("<header>") : text.index("</header>")]
    assert 'class="headline"' in header
    assert header.count("<table") == 1
    assert header.count("<svg") == 1
    assert re.search(r'id="claims".*Q4_K_M is equivalent', text, re.DOTALL)


def test_a_page_has_the_marks_that_assistive_technology_goes_by() -> None:
    text = html.render(compose(View(only(loaded(), ("q4_k_m",)))))
    page = Page(text)
    assert '<html lang="en">' in text
    assert page.tags.count("main") == page.tags.count("h1") == page.tags.count("header") == 1
    assert page.tags.count("caption") == page.tags.count("table")
    assert len(re.findall(r"<th ", text)) == len(re.findall(r'<th scope="(?:col|row)"', text))
    assert 'class="skip" href="#details"' in text
    assert 0 < page.tags.count("figcaption") <= page.tags.count("figure")


def test_a_page_has_no_style_attribute_and_no_handler() -> None:
    text = html.render(compose(View(only(analysis(model=HOSTILE), ("q4_0",), ("code", "passage_qa")))))
    assert re.findall(r"<[a-z][^>]*\s(?:style|on\w+)=", text) == []
    assert text.count("<style>") == text.count("<script>") == 1
    assert "unsafe" not in text[: text.index("<style>")]


def test_comparisons_of_arms_that_nothing_is_known_of_are_not_drawn() -> None:
    assert forest(View(replace(analysis(), arms=()))) is None


def test_of_more_candidates_than_fit_it_is_said_how_many_are_drawn() -> None:
    base = only(analysis(), ("q2_k",), ("code",))
    arms = tuple(replace(base.arms[1], arm=f"pocket q{at} x", quant=f"q{at}") for at in range(40))
    found = tuple(replace(base.comparisons[0], candidate_arm=arm.arm) for arm in arms)
    rows, what = lines(View(replace(base, arms=arms, comparisons=found)))
    assert len(rows) == 28
    assert what.endswith("28 of 40, those that lost among them")


def test_report_md_opens_with_the_same_sentence_table_and_plot() -> None:
    base = only(analysis(), ("q4_k_m",), ("code", "extract"))
    document = compose(View(base))
    before, _, _ = markdown.render(document).partition("\n## ")
    assert document.headline in before
    assert "⚠ 1 of 35 planned cells failed" in before
    assert "| Q4_K_M | ? inconclusive<br>−1.3 | ▲ improved<br>\\+1.7 |" in before
    assert 'src="plots/opening.png"' in before


def test_every_number_of_the_plot_is_known_to_the_data_files() -> None:
    found = opening(View(only(analysis(), ("q4_k_m",)))).picture
    assert found is not None
    (panel,) = found.drawn
    first, second = [(one.part, one.state) for one in panel.drawn][:2]
    assert first == ("classify", "equivalent")
    assert second == ("extract", "inconclusive")


def test_a_summary_keeps_what_its_symbols_mean_and_how_many_arms_are_left_out() -> None:
    base = analysis()
    view = View(replace(base, arms=tuple(replace(one, arm=f"{one.arm} {at}") for at in range(12) for one in base.arms)))
    text = summary.render(compose(view), view)
    assert "82 more arms in the report's other tables" in text
    assert "not a pass, and more items would decide" in text


def test_a_small_real_loss_is_said_beside_its_verdict_alone_and_in_a_group() -> None:
    def small(base: Analysis) -> Analysis:
        return replace(base, comparisons=tuple(replace(one, note="small real loss") for one in base.comparisons))

    alone = fields(glance(View(small(analysis()))), "Q8_0")["classify"]
    assert alone == Cell("≈ equivalent", "0.0\nsmall real loss", "equivalent")
    group = fields(glance(View(small(many()))), "Q8_0")["math"]
    assert group == Cell("≈ 5 of 5 equivalent", "5 with a small real loss", "equivalent")


def test_a_size_stands_with_its_share_of_its_own_model() -> None:
    one, other = analysis(), analysis("second")
    heavy = tuple(replace(arm, weights_bytes=10 * (arm.weights_bytes or 0)) for arm in other.arms)
    table = glance(View(replace(one, arms=(*one.arms, *heavy))))
    for model in ("pocket", "second"):
        assert fields(table, f"{model} Q8_0")["Size, MiB"].detail == "×0.54"


def test_each_task_of_the_plot_has_the_band_of_its_own_margin() -> None:
    base = only(analysis(), ("q8_0",), ("classify", "code"))
    mixed = replace(base, comparisons=tuple(replace(one, margin=0.01 if one.task == "code" else 0.02)
                                            for one in base.comparisons))
    found = forest(View(mixed))
    assert found is not None
    assert "inside its task's grey band, ± 1 or 2 points." in found.caption
    axes = Figure().add_subplot()
    found.panel.draw(axes)
    band = axes.patches[0].get_path().vertices
    reach = {round(float(y)): max(abs(x) for x, at in band if at == y) for _, y in band}
    assert {round(float(abs(x)), 6) for x, y in band if y in (1.5, 2.4)} == {1.0, 2.0}, reach
    assert {round(float(abs(x)), 6) for x, y in band if y in (-0.6, 0.5)} == {2.0}
