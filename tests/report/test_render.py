"""The report folder: what is in it, what must not be in it, and that it comes out the same twice."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from harness.core.verdict import Analysis
from harness.report.render import slug, write
from harness.report.view import View
from tests.report.example import analysis, only
from tests.report.pieces import QUANTS, TASKS

CARDS = ("task-classify", "task-extract", "task-passage-qa", "task-code", "task-arithmetic")
HOSTILE = "<script>alert('x')</script>|$x$ & \"y\" [bold] \x1b[31m /home/someone/secret/model.gguf](http:x)"
VOID = {"meta", "br", "link", "input", "hr", "img", "path", "use", "rect"}


class Page(HTMLParser):
    """Checks nesting and keeps tags, references and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(analysis(), tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = only(analysis(model=HOSTILE), ("q4_0", "q3_k_m"), ("passage_qa", "arithmetic"))
    found = tuple(replace(one, note=HOSTILE, second_opinion=HOSTILE, method=HOSTILE) for one in base.comparisons)
    claims = tuple(replace(one, sentence=HOSTILE, qualifiers=(HOSTILE,)) for one in base.claims)
    inputs = tuple(replace(one, path=f"/home/someone/secret/{one.path}") for one in base.inputs)
    plan = replace(base.plan, overrides=(f"model={HOSTILE}",))
    changed = replace(base, comparisons=found, claims=claims, inputs=inputs, plan=plan, warnings=(HOSTILE,))
    return write(changed, tmp_path_factory.mktemp("reports"))


def texts(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".png", ".parquet"))
    return {path.name: path.read_text() for path in files}


def test_the_folder_holds_every_form(folder: Path) -> None:
    assert folder.name == "2026-11-22-pocket-cpu"
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    plots = {f"plots/{key}.{kind}" for key in ("opening", *CARDS, "pareto") for kind in ("svg", "png")}
    texts = {"report.md", "summary.md", "index.html", "data.csv", "data.parquet", "inputs.json"}
    assert names == texts | plots


def test_nothing_but_finished_reports_is_left_beside_it(folder: Path) -> None:
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_the_page_is_well_formed_and_refers_to_nothing_outside(folder: Path) -> None:
    page = Page((folder / "index.html").read_text())
    assert page.open == []
    assert page.references
    assert all(reference.startswith("#") for reference in page.references)
    assert "url(http" not in (folder / "index.html").read_text()
    assert "@import" not in (folder / "index.html").read_text()


def test_ids_are_unique_and_every_inner_link_has_its_target(folder: Path) -> None:
    page = Page((folder / "index.html").read_text())
    assert len(page.ids) == len(set(page.ids))
    assert {reference[1:] for reference in page.references} <= set(page.ids)


def test_every_figure_on_the_page_has_a_text_alternative(folder: Path) -> None:
    text = (folder / "index.html").read_text()
    drawings = re.findall(r"<svg [^>]*>.{0,80}", text, re.DOTALL)
    assert len(drawings) == 1 + len(TASKS) + 3
    for drawing in drawings:
        assert 'role="img"' in drawing
        assert "<title id=" in drawing


@pytest.mark.parametrize("name", ["report.md", "index.html"])
def test_every_arm_task_and_claim_is_named(folder: Path, name: str) -> None:
    text = (folder / name).read_text()
    for quant in QUANTS:
        assert quant.key.upper() in text
    for task in TASKS:
        assert task.replace("_", " ") in text
    for claim in analysis().claims:
        assert claim.sentence in text


@pytest.mark.parametrize("name", ["report.md", "index.html"])
def test_what_went_wrong_is_said(folder: Path, name: str) -> None:
    text = (folder / name).read_text()
    for words in (
        "prompt hashes differ in 12 of 1,000 items",
        "no information: baseline at chance",
        "killed at 2.0 GiB of memory",
        "no kernel for this type",
        "awq is a Hugging Face format",
        "Newcombe: inconclusive",
        "3.1 % in the candidate",
        "no sensor",
    ):
        assert words in text


def test_the_inputs_carry_the_digest_of_every_record(folder: Path) -> None:
    found = json.loads((folder / "inputs.json").read_text())
    assert [one["sha256"] for one in found["records"]] == [one.sha256 for one in analysis().inputs]
    assert found["suite"]["digest"] == "5d1c0ffee5d1"


def test_the_same_content_is_one_folder_and_other_content_gets_a_number(tmp_path: Path) -> None:
    empty = nothing_but(analysis())
    other = replace(empty, warnings=("something else",))
    names = [write(one, tmp_path).name for one in (empty, empty, other, empty, other)]
    assert names == ["undated-pocket-cpu"] * 2 + ["undated-pocket-cpu-2", "undated-pocket-cpu", "undated-pocket-cpu-2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["undated-pocket-cpu", "undated-pocket-cpu-2"]


def test_the_date_is_that_of_the_newest_record(tmp_path: Path) -> None:
    older, newer = analysis().records[:2]
    later = replace(newer, run=replace(newer.run, started="2026-12-02T23:59:00-01:00"))
    odd = replace(older, run=replace(older.run, started="last Tuesday"))
    small = replace(nothing_but(analysis()), records=(later, older, odd))
    folder = write(small, tmp_path)
    assert folder.name == "2026-12-03-pocket-cpu", "in UTC; what is no time is passed over"
    assert "3 December 2026" in (folder / "report.md").read_text()


def nothing_but(base: Analysis) -> Analysis:
    """The arms and the plan, and nothing measured."""
    return replace(base, comparisons=(), diagnostics=(), speed=(), claims=(), records=(), inputs=())


def test_a_hostile_name_stays_text_on_the_page(hostile: Path) -> None:
    page = Page((hostile / "index.html").read_text())
    assert page.open == []
    assert page.tags.count("script") == 1
    assert "alert('x')" in page.said


def test_figures_are_xml_in_which_a_hostile_name_stays_text(hostile: Path, folder: Path) -> None:
    for path in [*(hostile / "plots").glob("*.svg"), *(folder / "plots").glob("*.svg")]:
        tags = [element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()]
        assert "text" in tags
        assert "script" not in tags


def test_a_hostile_name_breaks_no_markdown_table(hostile: Path) -> None:
    before, _, after = (hostile / "report.md").read_text().split("```")
    text = before + after
    assert "<script" not in text
    widths: list[int] = []
    for line in text.splitlines():
        borders = line.replace("\\|", "").count("|")
        if not line.startswith("|"):
            widths = []
        else:
            widths.append(borders)
            assert len(set(widths)) == 1, line


def test_no_path_of_the_machine_and_no_control_character_is_published(hostile: Path, folder: Path) -> None:
    for name, text in [*texts(folder).items(), *texts(hostile).items(), ("folder", hostile.name)]:
        for leak in ("/home/", "/srv/", "someone", "secret", "\x1b"):
            assert leak not in text, (name, leak)


def test_a_folder_name_holds_plain_letters_only() -> None:
    assert slug(View(analysis(model="Über/Model 8B <x>"))) == "ber-model-8b-x-cpu"
    assert slug(View(replace(analysis(), arms=()))) == "0-models-cpu"
