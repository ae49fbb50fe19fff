"""The gate as JUnit XML, in the shape that the schema of Jenkins' xUnit plug-in and that of Ant's task both allow.

A loss is a failure, what broke is an error, what cannot be judged yet is skipped. Undecided is a failure unless it is
allowed.
"""

from collections.abc import Iterable
from xml.etree import ElementTree

from harness.core.gate import Finding, Gate, NightGate
from harness.gate.words import called, headline, line, plain, what

_SKIPPED = ("learning", "not compared")
_OPEN = ("undecided", "invalid")


def junit(gate: Gate) -> bytes:
    """UTF-8 with a declaration."""
    root = ElementTree.Element("testsuites", name="gate")
    for number, night in enumerate(gate.nights):
        _suite(root, number, night, gate)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _suite(root: ElementTree.Element, number: int, night: NightGate, gate: Gate) -> None:
    cases = [one for one in night.findings if one.gated]
    tags = [_tag(one, gate.allow_undecided) for one in cases]
    suite = ElementTree.SubElement(
        root, "testsuite", name=f"{plain(night.hw)} {called(night)}", id=str(number), package="gate",
        hostname=plain(night.hw), timestamp=night.started[:19] or "1970-01-01T00:00:00", time="0",
        tests=str(len(cases)), failures=str(tags.count("failure")), errors=str(tags.count("error")),
        skipped=str(tags.count("skipped")))
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(night, gate):
        ElementTree.SubElement(properties, "property", name=name, value=plain(value))
    for one, tag in zip(cases, tags, strict=True):
        case = ElementTree.SubElement(suite, "testcase", classname=plain(one.arm) or "night", name=what(one), time="0")
        if tag == "skipped":
            ElementTree.SubElement(case, tag, message=line(one))
        elif tag:
            ElementTree.SubElement(case, tag, message=line(one), type=one.status).text = line(one)
    ElementTree.SubElement(suite, "system-out").text = headline(gate)
    ElementTree.SubElement(suite, "system-err")


def _properties(night: NightGate, gate: Gate) -> Iterable[tuple[str, str]]:
    yield "plan", night.plan
    yield "against", gate.against
    yield from (("reference", one.plan) for one in night.references)
    yield from (("changed", one) for one in night.changed)


def _tag(one: Finding, allow_undecided: bool) -> str:
    """The element below its test case, "" where it passed."""
    if one.status in _OPEN:
        return "skipped" if allow_undecided else "failure"
    if one.status in _SKIPPED:
        return "skipped"
    return {"worse": "failure", "broken": "error"}.get(one.status, "")
