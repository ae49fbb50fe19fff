"""Whole nights through the command: what is caught, with which exit code, and what is not."""

import json
import shutil
from dataclasses import replace

import msgspec
import pytest

from harness.store import read, write
from harness.store.layout import Layout
from tests.gate.conftest import KNOWN, MADE, Box, names, of
from tools.simulated_nights import Planted, write_nights


def test_a_night_like_the_others_passes(box: Box) -> None:
    box.add()
    found = box.gate()
    assert (found.outcome, found.exit_code) == ("passed", 0)
    assert {one.status for one in of(found, "worse", "broken", "undecided", "invalid")} == set()
    assert len(of(found, "same", "noise", "better")) == len([one for one in found.nights[0].findings if one.gated])
    (night,) = found.nights
    assert [one.night for one in night.references] == ["2026-09-01"]
    assert night.changed[0].startswith("engine: llama.cpp b5000 -> llama.cpp b5040")


def test_eight_per_cent_slower_is_caught_and_only_where_it_is(box: Box) -> None:
    box.add(Planted(KNOWN, "decode", 0.92, quant="q4_k_m"))
    found = box.gate()
    assert found.exit_code == 1
    assert names(of(found, "worse")) == {("q4_k_m", "decode"), ("q4_k_m", "throughput"), ("q4_k_m", "energy")}
    decode = next(one for one in of(found, "worse") if one.name == "decode")
    assert decode.change == pytest.approx(0.92, abs=0.03)
    low, middle, high = decode.low or 9, decode.change or 0, decode.high or 9
    assert low < middle < high < 1
    assert decode.nights == 10, "eleven nights, of which an era's level costs one; a week later the engine was new"


def test_lost_answers_are_caught_in_full_precision_too(box: Box) -> None:
    box.add(Planted(KNOWN, "triage", 0.94, quant="bf16"))
    found = box.gate()
    assert found.exit_code == 1
    assert names(of(found, "worse")) == {("bf16", "triage")}
    (lost,) = of(found, "worse")
    assert lost.lost is not None
    assert lost.lost > 10
    assert lost.change == pytest.approx(-0.06, abs=0.03)
    wide = box.gate("--margin", "0.12")
    assert names(of(wide, "worse")) == set()


def test_more_memory_is_worse_and_less_time_is_better(box: Box) -> None:
    box.add(Planted(KNOWN, "ttft", 0.8, quant="q8_0"))
    found = box.gate()
    assert found.exit_code == 0
    assert names(of(found, "better")) == {("q8_0", "ttft")}


def test_a_crashed_arm_is_broken_before_anything_is_worse(box: Box) -> None:
    plan = box.add(Planted(KNOWN, "decode", 0.85, quant="q8_0"))
    box.crash(plan, "q4_k_m")
    box.crash(plan, "bf16", "load")
    found = box.gate()
    assert found.exit_code == 3
    assert of(found, "worse")
    assert {(one.arm.split()[1], one.name, one.kind) for one in of(found, "broken")} >= {
        ("q4_k_m", "quality", "cell"), ("bf16", "speed", "cell")}
    assert box.gate("--allow-undecided").exit_code == 3


def test_other_questions_are_broken_and_never_compared(box: Box) -> None:
    box.add(items=401)
    found = box.gate()
    assert found.exit_code == 3
    assert names(of(found, "broken")) == {(quant, "quality") for quant in ("bf16", "q8_0", "q4_k_m")}
    assert all("suites differ" in one.reason for one in of(found, "broken"))
    assert not [one for one in of(found, "same", "undecided") if one.kind == "quality"]


def test_a_flagged_night_is_neither_passed_nor_failed_and_teaches_nothing(box: Box) -> None:
    plan = box.add(Planted(KNOWN, "decode", 0.5))
    box.flag(plan)
    found = box.gate()
    assert found.exit_code == 2
    assert {one.kind for one in of(found, "invalid")} == {"figure"}
    assert box.gate("--allow-undecided").exit_code == 0
    spread = {one.name: one.spread for one in of(found, "invalid")}
    later = box.gate("2026-09-11")
    assert max(filter(None, spread.values())) < 0.03
    assert later.exit_code == 0


def test_few_items_are_undecided_which_can_be_allowed(box: Box) -> None:
    box.add()
    found = box.gate("--margin", "0.004")
    assert found.exit_code == 2
    assert {one.kind for one in of(found, "undecided")} == {"quality"}
    assert any("too few items" in one.reason for one in of(found, "undecided"))
    assert box.gate("--margin", "0.004", "--allow-undecided").exit_code == 0


def test_the_first_nights_learn_and_only_the_gross_is_caught(box: Box) -> None:
    found = box.gate("2026-09-04")
    assert found.exit_code == 0
    assert {one.status for night in found.nights for one in night.findings if one.kind == "figure" and one.gated} == {
        "learning"}
    for path, one in box.records(found.nights[0].plan, "load"):
        record = json.loads(path.read_bytes())
        for reading in record["outcome"]["readings"]:
            if reading["name"] == "decode" and one.run.cell.quant == "bf16":
                reading["samples"] = [value * 0.6 for value in reading["samples"]]
        path.write_bytes(json.dumps(record).encode())
    assert names(of(box.gate("2026-09-04"), "worse")) == {("bf16", "decode")}


def test_against_itself_or_nothing_there_is_no_gate(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert box.verb("gate", "2026-09-01", "--against", "last-accepted") == 2
    assert "is itself the only reference" in capsys.readouterr().err
    assert box.verb("gate", "--against", "no-such-tag") == 2
    assert box.verb("gate") == 2
    assert "--against last-accepted" in capsys.readouterr().err
    assert box.verb("gate", "--against", "last-accepted", "--margin", "2") == 2
    assert "0.02 is two points" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "night"), [("2026-09-03", "2026-09-03"), ("2026-09-30", "2026-09-10"),
                                             ("first", "2026-09-01"), ("last-accepted", "2026-09-01")])
def test_a_reference_is_a_night_a_day_a_tag_or_the_last_accepted(box: Box, word: str, night: str) -> None:
    assert box.verb("accept", "2026-09-01", "--reason", "again", "--tag", "first") == 0
    found = box.gate(against=word)
    assert {one.night for one in found.nights[0].references} == {night}
    assert box.gate(against=found.nights[0].references[0].plan[:8]).nights[0].references == found.nights[0].references


def test_accepting_a_change_makes_it_the_level(box: Box) -> None:
    box.add(Planted(KNOWN, "decode", 0.9, quant="q4_k_m"))
    assert box.gate().exit_code == 1
    assert box.verb("accept", "last", "--reason", "the new driver costs 10 %, and stays") == 0
    box.add(Planted(KNOWN, "decode", 0.9, quant="q4_k_m"), count=KNOWN + 2)
    found = box.gate()
    assert found.exit_code == 0, of(found, "worse", "broken", "undecided")
    assert [one.night for one in found.nights[0].references] == ["2026-09-12"]
    assert box.gate(against="2026-09-01").exit_code == 1, "against the older night it is still a loss"


def test_a_night_that_is_not_whole_is_accepted_by_force_only(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    plan = box.add()
    box.crash(plan, "q8_0")
    assert box.verb("accept", "last", "--reason", "so be it") == 2
    assert "q8_0 llama_cpp quality: the arm failed (memory)" in capsys.readouterr().err
    assert box.verb("accept", "last") == 2
    assert box.verb("accept", "last", "--reason", "so be it", "--force") == 0
    (kept,) = sorted(box.folder.glob("cpu/references/*.json"))[1:]
    assert "q8_0" in json.loads(kept.read_bytes())["despite"][0]


def test_a_new_box_without_a_reference_is_broken_and_keeps_no_other_from_being_judged(box: Box) -> None:
    box.add(Planted(KNOWN, "decode", 0.9, hw="cpu"), boxes=("cpu", "rtx_4090"))
    found = box.gate()
    assert {night.hw: night.outcome for night in found.nights} == {"cpu": "worse", "rtx_4090": "broken"}
    assert found.exit_code == 3
    assert "no night of rtx_4090 is accepted" in of(found, "broken")[0].reason


def test_a_plan_without_a_night_is_no_reference_and_moves_nothing(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout(box.folder)
    last = box.gate().nights[0].plan
    plain = msgspec.structs.replace(read.plan(layout, last), night="")
    write.plan(layout, plain, "2026-09-30T02:00:00Z")
    path, first = box.records(last, "quality")[0]
    run = msgspec.structs.replace(first.run, plan_id=plain.id, started="2026-10-01T02:00:00Z", run_id="beef0000")
    shutil.copytree(path.parent, layout.attempt(run.cell, run.started, run.run_id))
    (layout.attempt(run.cell, run.started, run.run_id) / "record.json").write_bytes(
        msgspec.json.encode(msgspec.structs.replace(first, run=run)))
    assert box.gate().nights[0].plan == last, "the newest night, whatever was measured after it"
    assert box.verb("accept", "last", "--reason", "x") == 0
    assert "accepted night 2026-09-11" in capsys.readouterr().out
    for words in (("accept", plain.id, "--reason", "x"), ("gate", "--against", plain.id)):
        assert box.verb(*words) == 2
        assert f"no night that was measured is called '{plain.id}'" in capsys.readouterr().err


def test_errors_of_the_command_are_never_called_worse(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert box.verb("gate", "--against", "last-accepted", "--badge", str(box.folder)) == 2
    assert "cannot write" in capsys.readouterr().err
    (box.folder / "cpu/references/20260901T000000Z-x.json").write_text("{}")
    assert box.verb("gate", "--against", "last-accepted") == 2
    assert "is no reference" in capsys.readouterr().err


def test_a_damaged_record_of_another_night_keeps_no_night_from_being_judged(box: Box) -> None:
    (path, _), *_ = box.records(box.gate("2026-09-05").nights[0].plan, "quality")
    path.write_text("{}")
    assert box.gate().exit_code == 0


def test_answers_are_held_against_an_older_reference_where_the_newest_measured_speed_only(box: Box) -> None:
    box.add(count=KNOWN + 1, quality=False, context=8192)
    assert box.verb("accept", "last", "--reason", "a longer context") == 0
    box.add(Planted(KNOWN, "triage", 0.9, quant="bf16"), count=KNOWN + 2, context=8192)
    found = box.gate()
    assert [one.night for one in found.nights[0].references] == ["2026-09-12", "2026-09-01"]
    assert names(of(found, "worse")) == {("bf16", "triage")}


def test_a_figure_that_is_gone_is_sought_in_the_reference_that_has_its_load(box: Box) -> None:
    box.add(loads=("many",))
    assert box.verb("accept", "last", "--reason", "another load") == 0
    plan = box.add(count=KNOWN + 2)
    for path, _ in box.records(plan, "load"):
        record = json.loads(path.read_bytes())
        readings = record["outcome"]["readings"]
        record["outcome"]["readings"] = [one for one in readings if one["name"] != "decode"]
        path.write_bytes(json.dumps(record).encode())
    gone = of(box.gate(), "broken")
    assert {(one.name, one.load) for one in gone} == {("decode", "single")}


def test_a_flagged_night_is_accepted_by_force_only(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.flag(box.add())
    assert box.verb("accept", "last", "--reason", "so be it") == 2
    assert "qwen3 bf16 llama_cpp has degraded decode, degraded energy" in capsys.readouterr().err
    assert box.verb("accept", "last", "--reason", "so be it", "--force") == 0
    box.add(count=KNOWN + 2)
    assert box.gate().exit_code == 0, "the figures are held against the night that was accepted before"


def test_a_plans_id_may_name_the_night_of_another_box_and_the_output_says_so(box: Box) -> None:
    (away,) = write_nights(Layout(box.folder), replace(MADE, count=1, boxes=("rtx_4090",)))
    (night,) = box.gate(box.add(), against=away).nights
    assert night.changed[0] == "box: rtx_4090 -> cpu"
    assert {one.status for one in night.findings if one.kind == "quality"} == {"same"}


def test_a_box_that_did_not_measure_tonight_is_said(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    write_nights(Layout(box.folder), replace(MADE, count=1, boxes=("rtx_4090",)))
    assert box.verb("accept", "2026-09-01", "--reason", "both boxes") == 0
    box.gate()
    assert "rtx_4090: no such night; its newest is 2026-09-01" in capsys.readouterr().out
    box.gate(box.gate().nights[0].plan)
    assert capsys.readouterr().out.count("no such night") == 1, "nothing is missing from a plan that is named"
