"""What the gate writes: the shape of each file, and the words and counts in it."""

import json
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from harness.core.gate import EXIT_CODES, Finding, Gate, Held, NightGate, Status
from harness.core.record import Step
from harness.gate.badge import badge
from harness.gate.github import annotations, markdown
from harness.gate.judge import gate, outcome
from harness.gate.junit import junit
from harness.gate.table import short_names, show
from tests.gate.conftest import KNOWN, Box
from tools.simulated_nights import Planted

LOST = Finding("quality", "worse", "qwen3 q4_k_m llama_cpp", "triage", "share", reference="aaa", before=0.84, after=0.8,
               change=-0.04, low=-0.06, high=-0.02, margin=0.02, n_items=500, lost=22, gained=2)
SLOW = Finding("figure", "worse", "qwen3 q4_k_m llama_cpp", "decode", "tok/s", "higher", "single", Step(1), "aaa", 50.0,
               46.0, 0.92, 0.9, 0.94, 0.03, nights=12, spread=0.008)
SAME = msgspec.structs.replace(LOST, status="same", arm="qwen3 bf16 llama_cpp", change=0.0, low=-0.01, high=0.01)


def made(*findings: Finding, allow: bool = False) -> Gate:
    held = (Held("aaa", "2026-11-01", "2026-11-01T02:00:00Z"),)
    night = NightGate("bbb", "2026-11-22", "2026-11-22T02:00:00Z", "cpu", outcome(findings), held, findings,
                      ("engine: b1 -> b2 (all)",))
    return gate("last-accepted", [night], allow)


def of(status: Status, kind: str = "quality") -> Finding:
    return msgspec.structs.replace(LOST if kind == "quality" else SLOW, status=status)


@pytest.mark.parametrize(
    ("statuses", "allow", "code"),
    [
        (("same", "noise", "better", "learning", "not compared"), False, 0),
        (("same", "worse"), False, 1),
        (("worse", "undecided"), True, 1),
        (("undecided",), False, 2),
        (("invalid",), False, 2),
        (("undecided", "invalid"), True, 0),
        (("worse", "broken", "undecided"), True, 3),
    ],
)
def test_broken_goes_before_worse_before_undecided(statuses: tuple[Status, ...], allow: bool, code: int) -> None:
    found = made(*map(of, statuses), allow=allow)
    assert found.exit_code == code
    assert code in (EXIT_CODES[found.outcome], 0)


def test_figures_that_only_inform_decide_nothing() -> None:
    assert made(msgspec.structs.replace(SLOW, gated=False), SAME).exit_code == 0


def test_the_worst_box_is_the_outcome() -> None:
    nights = [*made(SAME).nights, *made(LOST).nights, *made(of("undecided")).nights]
    assert gate("x", nights, True).exit_code == 1


def test_the_table_fits_eighty_columns_and_tells_what_changed_first() -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    show(made(LOST, SLOW, SAME), console)
    text = console.export_text()
    console.file.close()
    assert max(map(len, text.splitlines())) <= 80
    assert "-4.0 points (-6.0 to" in text
    assert "q4_k_m decode, 1 at" in text
    assert text.index("worse") < text.index("the same within the margin: 1 answer")
    assert text.rstrip().endswith("worse: a loss is shown")


def test_arms_are_named_by_what_tells_them_apart() -> None:
    assert short_names(["a bf16 x", "a q8_0 x"]) == {"a bf16 x": "bf16", "a q8_0 x": "q8_0"}
    assert short_names(["a q8_0 x", "b q8_0 x"]) == {"a q8_0 x": "a", "b q8_0 x": "b"}
    assert short_names(["a q8_0 x", ""]) == {"a q8_0 x": "a q8_0 x"}


def test_junit_has_what_its_schemas_ask_for_in_their_order() -> None:
    found = made(LOST, SLOW, SAME, of("learning", "figure"), of("broken"), of("undecided"))
    (suite,) = ElementTree.fromstring(junit(found))
    asked = {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "id", "package"}
    assert asked <= set(suite.attrib)
    counts = [suite.get(one) for one in ("tests", "failures", "errors", "skipped")]
    assert counts == ["6", "3", "1", "1"]
    tags = [one.tag for one in suite]
    assert tags == ["properties", *["testcase"] * 6, "system-out", "system-err"]
    assert all({"name", "classname", "time"} <= set(one.attrib) for one in suite.iter("testcase"))
    assert all({"message", "type"} <= set(one.attrib) for one in suite.iter("failure"))
    assert "T" in suite.get("timestamp", "")
    assert not suite.get("timestamp", "").endswith("Z")
    allowed = ElementTree.fromstring(junit(made(of("undecided"), allow=True)))
    assert [len(list(allowed.iter(tag))) for tag in ("failure", "skipped")] == [0, 1]


def test_annotations_are_errors_and_warnings_ten_of_each_at_most() -> None:
    found = list(annotations(made(*[LOST] * 14, of("invalid"), SAME)))
    assert len([one for one in found if one.startswith("::error")]) == 10
    assert found[9] == "::error title=gate::and 5 more, see the table"
    assert found[10].startswith("::warning title=gate 2026-11-22%3A invalid::invalid: qwen3 q4_k_m")
    assert "84.0 %25" in found[0]


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((SAME,), "quality: within 2 points of 2026-11-01"),
        ((SAME, LOST), "quality: worse than 2026-11-01 on 1 of 2"),
        ((SAME, SLOW), "speed: worse than 2026-11-01 in decode"),
        ((SAME, of("undecided")), "quality: undecided against 2026-11-01"),
        ((SAME, of("broken")), "gate: broken, not judged against 2026-11-01"),
        ((SAME, of("better")), "quality: no worse than 2026-11-01"),
        ((of("same", "figure"),), "speed: not shown to be worse than 2026-11-01"),
        ((of("learning", "figure"),), "speed: learning the box's noise"),
    ],
)
def test_the_badge_says_in_words_what_its_colour_says(findings: tuple[Finding, ...], said: str) -> None:
    root = ElementTree.fromstring(badge(made(*findings)))
    assert root.get("aria-label") == said
    shown = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert ": ".join(filter(None, shown)) == said


def test_the_summary_has_a_row_for_what_changed_and_counts_for_the_rest() -> None:
    lines = markdown(made(LOST, SLOW, SAME)).splitlines()
    assert lines[0] == "### Gate: worse: a loss is shown"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 3
    assert len({line.count("|") for line in rows}) == 1
    assert any("1 answer" in line for line in lines)


def test_all_files_are_written_and_the_step_summary_is_added_to(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    box.add(Planted(KNOWN, "decode", 0.9, quant="q4_k_m"))
    step = box.folder / "step.md"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    out = box.folder / "out"
    words = ("gate", "--against", "last-accepted", "--junit", str(out / "g.xml"), "--badge", str(out / "g.svg"))
    assert box.verb(*words, "--json", str(out / "g.json"), "--annotations") == 1
    assert step.read_text().startswith("before\n### Gate: worse")
    assert ElementTree.parse(out / "g.xml").getroot().tag == "testsuites"
    assert ElementTree.parse(out / "g.svg").getroot().get("role") == "img"
    whole = json.loads((out / "g.json").read_bytes())
    assert (whole["outcome"], whole["schema"]) == ("worse", 1)
    assert "::error title=gate 2026-09-12" in capsys.readouterr().out
    kept = step.read_text()
    assert box.verb("gate", "--against", "last-accepted", "--summary", str(out / "own.md")) == 1
    assert step.read_text() == kept
    assert (out / "own.md").read_text().startswith("### Gate")
