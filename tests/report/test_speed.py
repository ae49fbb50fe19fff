"""What a report says of speed, memory and energy: n, interval and flags beside every figure."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from harness.core.cell import Cell, LoadWork
from harness.core.record import Completed, Failed, Flag, Reading, Step
from harness.core.verdict import Analysis, SpeedComparison
from harness.report import costs, html, latency, markdown, speed, standing, terminal
from harness.report.document import compose
from harness.report.frame import tidy
from harness.report.objections import gather
from harness.report.readings import READINGS, verdict_words
from harness.report.steps import At
from harness.report.tables import Table
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.loaded import DEPTHS, NO_FOOTPRINT, ROUNDS, SWEEP, loaded
from tests.report.pieces import LOAD, arm, cell


@pytest.fixture(scope="module")
def whole() -> Analysis:
    return loaded()


@pytest.fixture(scope="module")
def forms(whole: Analysis) -> dict[str, str]:
    """The three forms of the tables as text; without what takes seconds to draw."""
    arms = tuple(replace(one, scores=()) for one in whole.arms)
    tables = replace(whole, comparisons=(), claims=(), latencies=(), rounds=(), arms=arms)
    document = compose(View(tables))
    stream = io.StringIO()
    terminal.show(tables, Console(file=stream, width=250))
    return {"markdown": markdown.render(document), "page": html.render(document), "terminal": stream.getvalue()}


def rows(table: Table) -> list[dict[str, str]]:
    """Rows by column, main text and second lines together."""
    texts = ([f"{cell.text} {cell.detail}".strip().replace("\n", " ") for cell in row] for row in table.rows)
    return [dict(zip(table.columns, row, strict=True)) for row in texts]


def test_every_figure_of_a_step_has_unit_n_interval_and_verdict(whole: Analysis) -> None:
    first = rows(speed.by_step(View(whole))[0])
    assert [row["Quantization"] for row in first] == ["F16", "Q8_0", "Q4_K_M", "Q2_K"]
    assert all(row["n rounds"] == str(ROUNDS) for row in first)
    assert all("tok/s" in row["Decode"] and "[" in row["Decode"] for row in first)
    assert first[1]["Decode"].endswith("faster")
    assert "×" not in first[0]["Decode"], "the baseline is compared with nothing"


def test_each_step_has_a_table_and_many_are_folded(whole: Analysis) -> None:
    tables = speed.by_step(View(whole))
    assert len(tables) == len(SWEEP) + len(DEPTHS)
    assert [table.title for table in tables[:3]] == ["Single stream", "Single stream, depth 2,048",
                                                     "Single stream, depth 8,192"]
    assert [table.folded for table in tables] == [False] + [True] * (len(tables) - 1)


def test_an_invalid_figure_never_stands_in_the_place_of_a_number(whole: Analysis) -> None:
    last = rows(speed.by_step(View(whole))[-1])[-1]
    for name in ("TTFT", "TPOT", "Decode", "Throughput"):
        assert last[name].startswith("✕ invalid read ")
        assert last[name].endswith(" ✕1")
        assert "×" not in last[name]


def test_where_some_rounds_are_valid_the_figure_stays(whole: Analysis) -> None:
    lag = loaded().records[-1]
    assert isinstance(lag, Completed)
    first_round = [one for one in whole.records if one.run.cell.id != lag.run.cell.id or not isinstance(one, Completed)]
    clean = replace(lag, outcome=replace(lag.outcome, flags=()))
    changed = replace(whole, records=(*first_round, clean))
    decode = rows(speed.by_step(View(changed))[-1])[-1]["Decode"]
    assert decode.startswith("1")
    assert "✕1" in decode


def lost_round(quant: str) -> Cell:
    """One more round of its load."""
    work = cell(quant, round_=0).work
    assert isinstance(work, LoadWork)
    return replace(cell(quant, round_=0), work=replace(work, round=9))


def test_a_figure_with_no_valid_round_is_none_though_others_of_its_rounds_failed(whole: Analysis) -> None:
    """Those that did not measure anything make none valid."""
    view = View(whole)
    (at,) = {one.at for one in view.speeds.all.values() if one.unusable and one.name == "ttft"}
    assert view.speeds.of_requests(arm("q2_k"), "ttft", at)[1]
    cell, lost = lost_round("q2_k"), whole.records[0].run
    more = replace(whole, records=(*whole.records, Failed(replace(lost, cell=cell), "signal", "gone", None, "")))
    assert View(more).speeds.of_requests(arm("q2_k"), "ttft", at)[1]


def test_flags_that_differ_in_figures_only_are_one_that_says_from_what_to_what(whole: Analysis) -> None:
    said = "warm-up did not settle: after {} requests the last 3 lie {} % apart, not 10 %"
    texts = iter([said.format(9, 35), said.format(1_200, 8), said.format(9, 20)])
    some = [one for one in whole.records if isinstance(one, Completed) and isinstance(one.run.cell.work, LoadWork)][:3]
    records = tuple(replace(one, outcome=replace(one.outcome, flags=(Flag("degraded", next(texts)),))) for one in some)
    (found,) = gather(replace(whole, records=records))
    assert found.said == f"⚠1 flagged: {said.format('9 to 1200', '8 to 35')}"
    assert len(found.places) == 3


@pytest.mark.parametrize("form", ["markdown", "page", "terminal"])
def test_marks_and_their_reasons_are_in_every_form(forms: dict[str, str], form: str) -> None:
    for words in ("⚠2", "✕1 invalid", "another process took 48 % of a core", "loop lag 12.5 % of TPOT",
                  "Q4_K_M: round 2", "known to 1.9 %"):
        assert words in forms[form], words


def test_flags_on_timing_say_nothing_of_bytes(whole: Analysis) -> None:
    (table,) = speed.of_family(View(whole), "memory")
    memory = rows(table)[2]
    assert memory["Quantization"] == "Q4_K_M"
    assert "⚠" not in memory["Peak memory"]
    assert memory["Peak memory"].endswith("exact ×0.93 less")


def test_percentiles_need_requests_and_say_how_many(whole: Analysis) -> None:
    (row, *_) = rows(latency.percentiles(View(whole)))
    assert row["n requests"] == "320"
    assert row["p50"].endswith("ms")
    assert "p99" not in row
    assert "p99 662, p99.9 6,636" in latency.percentiles(View(whole)).note
    assert rows(latency.percentiles(View(whole)))[-1]["p90"].startswith("✕ invalid")


def test_a_latency_without_a_reading_of_its_own_is_marked_all_the_same(whole: Analysis) -> None:
    gaps = tuple(replace(one, name="gap") for one in whole.latencies if one.name == "ttft")
    found = rows(latency.percentiles(View(replace(whole, latencies=gaps))))
    assert found[-1]["Latency"] == "Chunk gap"
    assert found[-1]["p50"].startswith("✕ invalid read ")
    assert found[2]["p50"].endswith("⚠2")


def test_rounds_of_an_invalid_figure_are_those_that_were_read(whole: Analysis) -> None:
    dropped = tuple(replace(one, rounds=0) if one.step == SWEEP[-1] else one for one in whole.speed)
    last = rows(speed.by_step(View(replace(whole, speed=dropped)))[-1])[-1]
    assert last["n rounds"] == str(ROUNDS)


def test_stalls_are_counted_and_the_longest_is_found(whole: Analysis) -> None:
    (row,) = rows(latency.stalls(View(whole)))
    assert (row["Stalls"], row["n requests"]) == ("2", "320")
    assert row["Longest"].endswith("round 3, request 17")


def test_what_no_arm_has_is_one_list_and_no_remark(whole: Analysis, forms: dict[str, str]) -> None:
    missing = rows(standing.absent(View(whole)))
    assert {row["Reading"]: row["Why"] for row in missing} == {
        "Peak footprint": NO_FOOTPRINT, "Device memory, Swapped": "no GPU",
    }  # fmt: skip
    assert forms["page"].count(NO_FOOTPRINT) == 1
    assert NO_FOOTPRINT not in forms["terminal"]


def test_the_clients_own_error_is_shown_once_for_all_arms(whole: Analysis) -> None:
    found = rows(standing.calibration(View(whole)))
    assert [row["Streams"] for row in found] == ["1", "64", "256", "1,024"]
    assert found[0]["Arms"] == "F16, Q8_0, Q4_K_M, Q2_K"
    assert "p99" in found[0]["Loop lag"]


def test_drift_is_shown_with_its_interval(whole: Analysis) -> None:
    first, second = rows(standing.drifts(View(whole)))
    assert first["Per round"] == "−1.3 % [−1.9, −0.7] drifts"
    assert second["Per round"] == "+0.1 % [−0.9, +1.1]"


def test_an_arm_without_a_baseline_shows_its_own_figures() -> None:
    base = only(analysis(), ("q8_0",))
    alone = tuple(
        SpeedComparison(one.name, one.unit, one.better, one.concurrency, "", one.candidate_arm, 3, None, one.candidate,
                        None, "nothing is compared with this arm")
        for one in base.speed
    )
    changed = replace(base, speed=alone, comparisons=(), claims=())
    row = rows(costs.summary(View(changed)))[-1]
    assert row["Decode"].startswith("859 tok/s [")
    assert "×" not in row["Decode"]
    assert rows(costs.summary(View(changed)))[0]["Decode"] == "not measured"


def test_a_reading_that_is_not_valid_by_its_own_word_is_marked_alone(whole: Analysis) -> None:
    short = Reading("energy", "J/tok", "lower", (0.02,), reason="the window is 3.1 s long", step=SWEEP[0],
                    source="RAPL energy counter", scope="package", valid=False)
    records = tuple(
        replace(one, outcome=replace(one.outcome, readings=(short,)))
        if isinstance(one, Completed) and one.run.cell.arm == arm("f16") and one.run.cell.kind == "load"
        else one
        for one in whole.records
    )
    view = View(replace(whole, records=records))
    energy, _ = speed.of_family(view, "energy")
    row = rows(energy)[0]
    assert row["Energy"].startswith("✕ invalid read 0.0308 J/tok")
    assert row["Power"].startswith("21.")
    assert "Source of Energy: RAPL energy counter, which covers the package" in energy.note
    assert "the window is 3.1 s long" in energy.note


def test_two_loads_with_equal_steps_are_told_apart(whole: Analysis) -> None:
    base = only(analysis(), ("q8_0",))
    twice = tuple(replace(one, load=name, step=Step(concurrency=one.concurrency)) for name in ("chat", "code")
                  for one in base.speed if one.concurrency == 1)  # fmt: skip
    titles = [table.title for table in speed.by_step(View(replace(base, speed=twice)))]
    assert titles == ["Chat, single stream", "Code, single stream"]


def test_the_data_file_says_what_is_invalid_and_why(whole: Analysis) -> None:
    found = tidy(View(whole))
    speeds = found[(found.section == "speed") & (found.name == "decode")]
    bad = speeds[speeds.invalid.astype(bool)]
    assert [(one.candidate_arm, one.concurrency) for one in bad.itertuples()] == [(arm("q2_k"), 64)]
    assert bad.iloc[0]["flags"] == "✕1 invalid: loop lag 12.5 % of TPOT"
    rounds = found[found.section == "round"]
    assert len(rounds) == len(whole.rounds)
    assert set(rounds.flag.unique()) >= {"", "degraded: another process took 48 % of a core"}
    assert set(found[found.section == "percentile"].share) == {0.5, 0.9, 0.95}
    assert (found[found.section == "drift"].load == LOAD.key).all()


@pytest.mark.parametrize(
    ("name", "unit", "verdict", "said"),
    [
        ("ttft", "s", "faster", "faster"),
        ("decode", "tok/s", "slower", "slower"),
        ("peak_memory", "B", "faster", "less"),
        ("energy", "J/tok", "slower", "more"),
        ("cost", "EUR/Mtok", "faster", "less"),
        ("tokens_per_kwh", "tok/kWh", "faster", "more"),
        ("bandwidth", "GB/s", "slower", "less"),
        ("energy", "J/tok", "same", "same"),
    ],
)
def test_verdicts_fit_their_unit(name: str, unit: str, verdict: str, said: str) -> None:
    lower = name in ("ttft", "peak_memory", "energy", "cost")
    one = SpeedComparison(name, unit, "lower" if lower else "higher", 1, "a", "b", 3, None, None, None)
    assert verdict_words(replace(one, verdict=verdict)) == said


def test_every_reading_is_defined_in_one_line() -> None:
    assert all(named.title and named.means and len(named.means) < 100 for named in READINGS.values())


def test_the_lightest_step_is_the_one_that_drives_least_whatever_its_load_is_called() -> None:
    first = loaded().speed[0]
    calm, busy = Step(concurrency=1), Step(concurrency=8)
    rows = (replace(first, load="a", step=busy), replace(first, load="b", step=calm))
    assert View(replace(loaded(), speed=rows)).speeds.lightest == At("b", calm)
