"""A site of simulated nights: whole, honest about what happened, and touched only where something changed."""

import re
import shutil
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from harness.history.summaries import summaries
from harness.publish.site import publish
from harness.store.layout import Layout
from tests.publish.made import Page, pages, report
from tools.simulated_nights import Nights, Planted, write_nights

MADE = Nights(11, planted=(Planted(6, "decode", 0.92, quant="q4_k_m"),), items=40, rounds=2)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven nights of one box with a regression in the seventh, three of another, and their reports folder."""
    folder = tmp_path_factory.mktemp("nights")
    plans = write_nights(Layout(folder / "results"), MADE)
    write_nights(Layout(folder / "results"), Nights(3, ("rtx_4090",), items=40, rounds=2))
    report(folder / "reports", "2026-09-01-qwen3", plans[0])
    report(folder / "reports", "of another plan & co", "f" * 12)
    return folder


@pytest.fixture(scope="module")
def site(nights: Path) -> Path:
    """Published once; tests that change it take a copy."""
    publish(summaries(Layout(nights / "results")), nights / "reports", nights / "site")
    return nights / "site"


def _again(nights: Path, site: Path) -> tuple[int, int, int]:
    done = publish(summaries(Layout(nights / "results")), nights / "reports", site)
    return done.written, done.kept, done.removed


def _bytes(site: Path) -> dict[str, bytes]:
    return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def _times(site: Path) -> dict[str, int]:
    return {str(path.relative_to(site)): path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}


def test_every_page_is_well_formed_and_no_link_is_dead(site: Path) -> None:
    found = pages(site)
    assert len(found) > 25
    assert [(page.path.name, page.dead()) for page in found if page.dead()] == []
    assert [page.path.name for page in found if len(set(page.ids)) != len(page.ids)] == []


def test_every_page_is_reached_from_the_front(site: Path) -> None:
    seen, todo = set[Path](), [site / "index.html"]
    while todo:
        path = todo.pop()
        if path not in seen and path.suffix == ".html":
            seen.add(path)
            links = [link.split("#")[0] for link in Page(path).links if "#" not in link or link.split("#")[0]]
            todo += [(path.parent / unquote(link)).resolve() for link in links]
    lonely = {page.path.name for page in pages(site)} - {path.name for path in seen}
    assert lonely == {"404.html"}


def test_a_policy_allows_the_style_and_scripts_of_each_page_and_nothing_else(site: Path) -> None:
    for page in pages(site):
        text = page.path.read_text()
        assert page.policy.startswith("default-src 'none'")
        assert page.events == []
        for inline in re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL):
            assert b64encode(sha256(inline.encode()).digest()).decode() in page.policy


def test_a_planted_regression_is_on_the_front_the_box_and_the_history(site: Path) -> None:
    for path in ("index.html", "box/dgx_spark.html", "history/dgx_spark/qwen3/q4_k_m/llama_cpp.html"):
        text = Page(site / path).text
        assert "since 7 Sep 2026" in text
        assert re.search(r"Decode, single stream: −[678]\.\d % \[−\d.*?, −\d.*?\] worse", text), path
    assert "No history has a step" in Page(site / "box/rtx_4090.html").text
    drawn = (site / "history/dgx_spark/qwen3/q4_k_m/llama_cpp.html").read_text()
    assert drawn.count('class="step"') >= 4
    assert 'class="step"' not in (site / "history/dgx_spark/qwen3/bf16/llama_cpp.html").read_text()


def test_inconclusive_is_said_on_the_front_and_never_looks_like_a_pass(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert "inconclusive somewhere" in text
    assert 'class="word inconclusive"' in text
    assert 'class="word equivalent"' not in text


def test_a_run_leads_to_its_report_and_others_are_listed(site: Path) -> None:
    linked = [page.path.stem for page in pages(site) if any("reports/2026-09-01-qwen3/" in one for one in page.links)]
    assert len(linked) >= 1
    assert "reports/of%20another%20plan%20%26%20co/index.html" in Page(site / "index.html").links
    assert (site / "reports/2026-09-01-qwen3/plots/forest.svg").read_text() == "<svg/>"


def test_nothing_new_writes_nothing_and_elsewhere_gives_the_same_bytes(nights: Path, site: Path) -> None:
    before = _times(site)
    assert _again(nights, site)[0::2] == (0, 0)
    assert _times(site) == before
    _again(nights, nights / "elsewhere")
    assert _bytes(nights / "elsewhere") == _bytes(site)


def test_one_more_night_touches_its_box_and_what_lists_it_alone(nights: Path, site: Path, tmp_path: Path) -> None:
    for name in ("results", "reports", "site"):
        shutil.copytree(nights / name, tmp_path / name)
    before = _times(tmp_path / "site")
    write_nights(Layout(tmp_path / "results"), Nights(4, ("rtx_4090",), items=40, rounds=2), start=3)
    _again(tmp_path, tmp_path / "site")
    after = _times(tmp_path / "site")
    changed = {path for path in after if after[path] != before.get(path)}
    assert len(changed - set(before)) == 1, "the new run's page"
    others = {path for path in changed if "dgx_spark" in path or path.startswith("reports/")}
    assert others == set()
    assert {"index.html", "feed.xml", "feed.json", "box/rtx_4090.html", "model/qwen3.html"} <= changed
    assert [page.path.name for page in pages(tmp_path / "site") if page.dead()] == []


def test_what_is_no_longer_stored_goes(nights: Path, site: Path, tmp_path: Path) -> None:
    for name in ("results", "reports", "site"):
        shutil.copytree(nights / name, tmp_path / name)
    shutil.rmtree(tmp_path / "results" / "rtx_4090")
    shutil.rmtree(tmp_path / "reports" / "of another plan & co")
    _again(tmp_path, tmp_path / "site")
    assert not (tmp_path / "site/box/rtx_4090.html").exists()
    assert not (tmp_path / "site/history/rtx_4090").exists()
    assert not (tmp_path / "site/reports/of another plan & co").exists()
    assert [page.path.name for page in pages(tmp_path / "site") if page.dead()] == []


def test_a_site_of_nothing_says_so(tmp_path: Path) -> None:
    publish([], tmp_path / "none", tmp_path / "site")
    assert "No quantization has been judged yet" in Page(tmp_path / "site/index.html").text
    assert [page.dead() for page in pages(tmp_path / "site")] == [[], []]


def test_figures_behind_a_history_are_there_as_csv(site: Path) -> None:
    import pandas as pd

    table = pd.read_csv(site / "history/dgx_spark/qwen3/q4_k_m/llama_cpp.csv")
    decode = table[(table.figure == "decode") & (table.concurrency == 1)]
    assert len(decode) == MADE.count
    assert decode.value.iloc[8] < 0.95 * decode.value.iloc[2]
    assert set(table.kind) == {"score", "reading"}
