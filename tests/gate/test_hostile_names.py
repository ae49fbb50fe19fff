"""Hostile names and reasons in what the gate writes for machines: JUnit XML, annotations, a step summary, a badge."""

from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from harness.core.gate import Finding, Gate, Held, NightGate, Status
from harness.gate.badge import badge
from harness.gate.github import annotations, markdown
from harness.gate.junit import junit
from tests.browser.hostile import names

NAMES = pytest.mark.parametrize("name", names())
STATUSES: tuple[Status, ...] = ("worse", "broken", "undecided", "learning", "better", "same")
JUNIT = {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out",
         "system-err"}


def gate(name: str) -> Gate:
    """Every status once for answers and once for a verdict, with `name` wherever a text can stand."""
    found = tuple(
        Finding(kind, status, name, name, "share", reference=name, reason=name, change=-0.03, low=-0.05, high=-0.01)
        for kind in ("quality", "verdict")
        for status in STATUSES
    )
    held = Held("feedfacebeef", name, "2026-11-01T00:00:00Z")
    night = NightGate("p", name, "2026-11-02T00:00:00Z", name, "worse", (held,), found, (name,), (name,))
    return Gate(name, False, "worse", 1, (night,))


@NAMES
def test_junit_reads_back_with_its_own_elements_only(name: str) -> None:
    root = ElementTree.fromstring(junit(gate(name)))
    assert {one.tag for one in root.iter()} <= JUNIT
    assert len(root.findall(".//testcase")) == 2 * len(STATUSES)


@NAMES
def test_an_annotation_is_one_command_and_starts_no_other(name: str) -> None:
    found = list(annotations(gate(name)))
    assert found
    for one in found:
        assert one.splitlines() == [one]
        assert one.startswith(("::error title=", "::warning title="))


@NAMES
def test_the_summary_holds_no_html_and_no_link(name: str) -> None:
    text = markdown(gate(name))
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    kinds = {part.type for token in tokens for part in (token, *(token.children or ()))}
    assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "image", "fence", "code_block"})
    assert not any(line.startswith("::") for line in text.splitlines())


@NAMES
@pytest.mark.parametrize("kinds", [("quality", "verdict"), ("verdict",)])
def test_the_badge_is_xml_without_a_script(name: str, kinds: tuple[str, ...]) -> None:
    whole = gate(name)
    kept = tuple(one for one in whole.nights[0].findings if one.kind in kinds)
    night = NightGate("p", name, "", name, "worse", whole.nights[0].references, kept)
    root = ElementTree.fromstring(badge(Gate(name, False, "worse", 1, (night,))))
    assert {one.tag.rpartition("}")[2] for one in root.iter()} == {"svg", "title", "clipPath", "rect", "g", "text"}
