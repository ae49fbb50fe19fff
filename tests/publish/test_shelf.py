"""The folder of a site: ours or empty, readable even when half written, and nobody else's files touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import SchemaError, UserError
from harness.publish.shelf import MANIFEST, Item, put


def _text(path: str, text: str) -> Item:
    return Item(path, text, lambda: text.encode())


def test_only_what_is_new_or_changed_is_written_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    site = tmp_path / "a" / "site"
    first = put(site, [_text("index.html", "1"), _text("a/b/c.html", "2")])
    assert (first.written, first.kept, first.removed) == (2, 0, 0)
    second = put(site, [_text("index.html", "1"), _text("d.html", "3")])
    assert (second.written, second.kept, second.removed) == (1, 1, 1)
    assert sorted(path.name for path in site.rglob("*")) == [MANIFEST, "d.html", "index.html"]


def test_a_page_made_of_something_else_with_the_same_bytes_stays_untouched(tmp_path: Path) -> None:
    put(tmp_path / "s", [_text("index.html", "1")])
    before = (tmp_path / "s/index.html").stat().st_mtime_ns
    done = put(tmp_path / "s", [Item("index.html", "another digest", lambda: b"1")])
    assert (done.written, (tmp_path / "s/index.html").stat().st_mtime_ns) == (0, before)


def test_a_file_that_somebody_deleted_comes_back(tmp_path: Path) -> None:
    put(tmp_path / "s", [_text("index.html", "1")])
    (tmp_path / "s/index.html").unlink()
    assert put(tmp_path / "s", [_text("index.html", "1")]).written == 1


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="not empty and no site"):
        put(tmp_path, [_text("index.html", "1")])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(UserError, match="not empty and no site"):
        put(tmp_path / "thesis.tex", [_text("index.html", "1")])


def test_files_that_the_owner_of_a_site_added_stay(tmp_path: Path) -> None:
    put(tmp_path / "s", [_text("index.html", "1"), _text("old/page.html", "2")])
    (tmp_path / "s/CNAME").write_text("example.org")
    (tmp_path / "s/old/mine.txt").write_text("mine")
    put(tmp_path / "s", [_text("index.html", "2")])
    assert (tmp_path / "s/CNAME").read_text() == "example.org"
    assert (tmp_path / "s/old/mine.txt").exists()
    assert not (tmp_path / "s/old/page.html").exists()


def test_killed_half_way_it_can_be_read_and_the_next_one_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "s", [_text("run/1.html", "one"), _text("index.html", "leads to 1")])

    def killed() -> Iterator[Item]:
        yield _text("run/2.html", "two")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "s", killed())
    assert (tmp_path / "s/index.html").read_text() == "leads to 1"
    assert (tmp_path / "s/run/1.html").read_text() == "one"
    put(tmp_path / "s", [_text("run/2.html", "two"), _text("index.html", "leads to 2")])
    assert sorted(path.name for path in (tmp_path / "s").rglob("*.html")) == ["2.html", "index.html"]


def test_killed_at_the_very_first_it_goes_on_too(tmp_path: Path) -> None:
    def killed() -> Iterator[Item]:
        yield _text("run/2.html", "two")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "s", killed())
    assert put(tmp_path / "s", [_text("index.html", "1")]).written == 1


@pytest.mark.parametrize("path", ["../mine.txt", "/etc/hostname", "a/../../mine.txt", "..\\mine.txt"])
def test_a_list_that_names_files_elsewhere_removes_none_of_them(tmp_path: Path, path: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / MANIFEST).write_text(f'{{"schema": 1, "files": {{{path!r}: "x"}}}}'.replace("'", '"'))
    put(tmp_path / "s", [_text("index.html", "1")])
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 9, "files": {}}'])
def test_a_damaged_list_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(SchemaError, match=r"\.publish\.json"):
        put(tmp_path, [_text("index.html", "1")])


def test_a_copied_file_is_the_same_file_where_the_disk_allows_it_and_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    put(tmp_path / "s", [Item("r.html", "1", tmp_path / "report.html")])
    assert (tmp_path / "s/r.html").samefile(tmp_path / "report.html")
    put(tmp_path / "s", [Item("r.html", "2", lambda: b"new")])
    assert (tmp_path / "report.html").read_text() == "old"
    put(tmp_path / "s", [Item("r.html", "3", tmp_path / "report.html")])
    put(tmp_path / "s", [Item("r.html", "4", tmp_path / "report.html")])
    assert [path.name for path in sorted((tmp_path / "s").iterdir())] == [MANIFEST, "r.html"]
