"""`publish` as a user gives it."""

from pathlib import Path

import pytest

from harness.cli import run
from harness.store.layout import Layout
from tools.simulated_nights import Nights, write_nights


def test_a_site_is_made_told_and_left_as_it_is_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_nights(Layout(tmp_path / "results"), Nights(1, items=40, rounds=2))
    folders = [f"results={tmp_path / 'results'}", f"reports={tmp_path / 'none'}"]
    words = ["publish", "--to", str(tmp_path / "site"), *folders]
    assert run(words) == 0
    assert "1 runs: 16 files written" in capsys.readouterr().out
    assert (tmp_path / "site/index.html").is_file()
    assert run([*words, "--url", "https://example.org/x"]) == 0
    assert "3 files written, 13 as they were" in capsys.readouterr().out, "the feeds and the page of what is missing"


def test_what_cannot_be_read_is_said_and_the_rest_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_nights(Layout(tmp_path / "results"), Nights(2, items=40, rounds=2))
    next((tmp_path / "results").glob("dgx_spark/plans/20260901*")).write_text("[]")
    folders = [f"results={tmp_path / 'results'}", f"reports={tmp_path / 'none'}"]
    assert run(["publish", "--to", str(tmp_path / "site"), *folders]) == 0
    out = capsys.readouterr().out
    assert "left out:" in out
    assert "1 runs:" in out


def test_a_site_is_never_emptied_because_its_results_are_not_to_be_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, site = tmp_path / "results", tmp_path / "site"
    write_nights(Layout(results), Nights(1, items=40, rounds=2))
    words = ["publish", "--to", str(site)]
    assert run([*words, f"results={results}"]) == 0
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert run([*words, f"results={tmp_path / 'resluts'}"]) == 2
    assert "no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert run([*words, f"results={tmp_path / 'empty'}"]) == 1
    assert "no run is stored" in capsys.readouterr().err
    next(results.glob("*/plans/*")).write_text("[]")
    assert run([*words, f"results={results}"]) == 1
    assert "no run can be read" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    assert run(["publish", "--to", str(tmp_path / "new"), f"results={tmp_path / 'empty'}"]) == 0, "nothing is lost"


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert run(["publish", "--to", str(tmp_path), f"results={tmp_path}"]) == 2
    assert "not empty and no site" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["example.org", "javascript:alert(1)", "https://example.org/?a=b"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "--to", str(tmp_path / "site"), f"results={tmp_path}", "--url", url]) == 2
    assert "is no address of a site" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
