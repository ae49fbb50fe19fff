"""items.html around the list: what its policy lets run, what it says of what is missing, and how it is linked."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from harness.core.record import Completed
from harness.report.items import address
from harness.report.page import asset
from harness.report.render import write
from harness.store.items import LoadedRun
from tests.browser.hostile import PAYLOADS
from tests.report.items.made import compared, extraction, index, reader, row, said, written


class _Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _page(folder: Path) -> str:
    return (folder / "items.html").read_text(encoding="utf-8")


def test_only_our_script_and_what_it_loads_may_run(tmp_path: Path) -> None:
    page = _page(written(*compared({"f16": [1], "q4_k_m": [0]}), tmp_path / "report"))
    meta = str(next(tag for tag in _Tags(page).found if tag[1].get("http-equiv"))[1]["content"])
    directives = dict(part.split(" ", 1) for part in meta.split("; "))
    scripts = directives.pop("script-src").split()
    assert [one for one in scripts if not one.startswith("'sha256-")] == ["'strict-dynamic'"]
    assert len(scripts) == 3
    assert directives.pop("style-src").count("sha256-") == 2
    assert directives == {
        "default-src": "'none'", "base-uri": "'none'", "form-action": "'none'",
        "require-trusted-types-for": "'script'", "trusted-types": "items",
    }
    assert [tag for tag, attributes in _Tags(page).found if {"src", "style"} & set(attributes)] == []


@pytest.mark.parametrize("name", ["items.js", "page.js"])
def test_our_scripts_make_no_markup_of_text_and_ask_nothing_of_a_network(name: str) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|fetch\(|XMLHttp|import\("
    assert re.findall(ways, asset(name)) == []


@pytest.mark.parametrize("bad", PAYLOADS[:40])
def test_hostile_names_stay_names(bad: str, tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1, 1], "q4_k_m": [0, 0]}, extraction(bad), item_id=[bad, "x"])
    folder = written(analysis, runs, tmp_path / "report")
    plain = _page(written(*compared({"f16": [1, 1], "q4_k_m": [0, 0]}), tmp_path / "plain"))
    assert _Tags(_page(folder)).found == _Tags(plain).found
    assert bad in (row(folder, 0)["id"], row(folder, 1)["id"])
    assert index(folder)["tasks"][0][0] == bad


def _by(run: LoadedRun, texts: str) -> LoadedRun:
    """As a record of which it is known whether texts were kept."""
    record = run.record
    assert isinstance(record, Completed)
    outcome = msgspec.structs.replace(record.outcome, texts=texts)
    return replace(run, record=msgspec.structs.replace(record, outcome=outcome))


@pytest.mark.parametrize(
    ("kept", "said_"), [("", "a version that kept none"), ("declined", "texts=false"), ("kept", "missing beside")]
)
def test_missing_texts_are_missed_with_the_reason(kept: str, said_: str, tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1], "q4_k_m": [0]})
    runs["f16"] = said(runs["f16"], tmp_path, ["reply"])
    runs["q4_k_m"] = _by(runs["q4_k_m"], kept)
    folder = written(analysis, runs, tmp_path / "report")
    assert re.search(rf"No prompts and replies of Q4_K_M: [^<]*{said_}", _page(folder))
    found = row(folder, 0)
    assert (found["id"], found["before"], found["after"]) == ("i00000", 1, 0)
    assert (found["prompt"], found["replies"]) == ("ask i00000", [["reply"], []])


def test_what_could_not_be_laid_side_by_side_is_said(tmp_path: Path) -> None:
    analysis, runs = compared({"f16": [1], "q4_k_m": [0], "q2_k": [0]})
    broken = msgspec.structs.replace(analysis.comparisons[1], n_items=0)
    analysis = msgspec.structs.replace(analysis, comparisons=(analysis.comparisons[0], broken))
    assert "Not listed, since the arms could not be laid side by side: Q2_K on extract" in _page(
        written(analysis, runs, tmp_path / "report")
    )


def test_a_report_links_to_its_list_only_where_it_has_one(tmp_path: Path) -> None:
    for scores, changed in (([1, 0], 1), ([1, 1], 0)):
        analysis, runs = compared({"f16": [1, 1], "q4_k_m": scores})
        report = write(analysis, tmp_path, reader(runs))
        assert (report / "items.html").exists() == (report / "items").exists() == bool(changed)
        page = (report / "index.html").read_text()
        assert ('href="items.html"' in page) == ('href="items.html#extract"' in page) == bool(changed)
        assert page.count("1 changed answer") == 2 * changed
    assert not (write(analysis, tmp_path) / "items.html").exists()


@pytest.mark.parametrize(
    ("parts", "link"),
    [
        (("t",), "items.html#t"),
        (("t", "", "Q2_K on x"), "items.html#t//Q2_K%20on%20x"),
        (("a/b", "<i>#1", "Q"), "items.html#a%2Fb/%3Ci%3E%231/Q"),
        (("",), "items.html"),
    ],
)
def test_an_address_names_a_task_an_arm_or_an_item(parts: tuple[str, ...], link: str) -> None:
    assert address(*parts) == link
