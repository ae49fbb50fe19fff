"""Joining results folders: in any order the same, twice as once, and nothing where one of them contradicts another."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.cell import Cell
from harness.core.config import Protocol
from harness.core.errors import HarnessError, NotFound, SchemaError, UserError
from harness.core.plan import Plan
from harness.core.record import Completed, ItemResult, Machine, Outcome, Run, Source
from harness.core.reference import Accepted
from harness.core.runtime import Facts
from harness.core.suite import Suite
from harness.store import read, references, sums, write
from harness.store.layout import Layout
from harness.store.lock import alone
from harness.store.merge import merge, pieces
from tests.cells import job, load_cell

_MACHINE = Machine("a cpu", 2, 1 << 30, (), "Linux", "", (0.0, 0.0, 0.0), "3.11", "x", "y")
_DAYS = 4


def _store(root: Path, number: int, hw: str = "cpu") -> Path:
    """The attempt of that number: an item, a record, a log."""
    cell: Cell = msgspec.structs.replace(load_cell(number), hw=hw)
    prepared = job(cell, Path("/nowhere")).prepared
    assert prepared is not None
    outcome = Outcome(Facts("fake", "1", "none", None, None, 1, 1), ())
    started = f"2026-01-{1 + number % _DAYS:02}T03:04:05Z"
    run = Run(f"{number:08x}", "p" * 12, cell, _MACHINE, (), Source("0", "", False), started, 1.5)
    with tempfile.TemporaryDirectory() as scratch:
        item = ItemResult("t", f"i{number}", {"acc": 1.0}, "p", "r", 3, 4, "stop", (1, 2))
        (Path(scratch) / "items.jsonl").write_bytes(msgspec.json.encode(item) + b"\n")
        (Path(scratch) / "log.txt").write_text(f"log of {number}")
        return write.attempt(Layout(root), Completed(run, prepared, outcome), Path(scratch))


def _plan(root: Path, number: int, hw: str = "cpu") -> Path:
    suite = Suite("tiny", "", "CC0-1.0", (), digest="0" * 16)
    cell = msgspec.structs.replace(load_cell(number), hw=hw)
    started = f"2026-01-0{1 + number % _DAYS}T00:00:00Z"
    return write.plan(Layout(root), Plan(hw, (cell,), (), (), suite, Protocol()), started)


def _content(root: Path) -> dict[str, bytes]:
    """Every file that a reader can see."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.relative_to(root).parts[0].startswith("."))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight attempts of two boxes and their plans, to deal out."""
    root = tmp_path_factory.mktemp("pool")
    for number in range(8):
        _store(root, number, f"box{number % 2}")
        _plan(root, number, f"box{number % 2}")
    return root


def _dealt(pool: Path, root: Path, chosen: frozenset[int]) -> Path:
    """A results folder with some of the pool's attempts and plans."""
    root.mkdir()
    for number, piece in enumerate(pieces(pool)):
        if number in chosen:
            (root / piece.place).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if piece.path.is_dir() else shutil.copyfile)(piece.path, root / piece.place)
    return root


_HANDS = st.tuples(*[st.frozensets(st.integers(0, 15))] * 3)


@settings(max_examples=20)
@given(_HANDS, st.permutations([0, 1, 2]))
def test_three_boxes_merge_to_their_union_in_any_order_and_in_any_steps(
    pool: Path, hands: tuple[frozenset[int], ...], order: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        boxes = [_dealt(pool, base / f"box{number}", hand) for number, hand in enumerate(hands)]
        merge(boxes, base / "at once")
        for number in order:
            merge([boxes[number]], base / "one by one")
        union = _dealt(pool, base / "union", frozenset().union(*hands))
        assert _content(base / "at once") == _content(base / "one by one") == _content(union)
        again = merge([*boxes, base / "at once"], base / "at once")
        assert (again.attempts, again.files) == (0, 0)
        assert _content(base / "at once") == _content(union)


def test_what_was_merged_reads_as_what_was_written(tmp_path: Path) -> None:
    _store(tmp_path / "a", 1), _plan(tmp_path / "a", 1)
    done = merge([tmp_path / "a"], tmp_path / "to")
    assert (done.attempts, done.files, done.present) == (1, 1, 0)
    there = next((tmp_path / "to").glob("*/*/*/record.json")).parent
    assert read.record(there).run.run_id == f"{1:08x}"
    assert sums.damage(there) == ""
    assert len(read.plan(Layout(tmp_path / "to")).cells) == 1


def test_the_digests_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    folder = _store(tmp_path / "a", 1)
    assert {line.split()[1] for line in (folder / sums.NAME).read_text().splitlines()} == {
        "items.parquet", "log.txt", "record.json"}
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--strict", "-c", sums.NAME], cwd=folder, check=True, capture_output=True)


def test_two_that_differ_under_one_name_are_both_named_and_nothing_is_brought(tmp_path: Path) -> None:
    for box in "ab":
        folder = _store(tmp_path / box, 1)
    _store(tmp_path / "b", 2)
    (folder / "log.txt").write_text("another log")
    sums.write(folder)  # as an own hand would, to hide it
    with pytest.raises(HarnessError, match=r"a/.*log\.txt and .*b/.*log\.txt differ"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "to")
    assert _content(tmp_path / "to") == {}
    merge([tmp_path / "a"], tmp_path / "to")
    before = _content(tmp_path / "to")
    with pytest.raises(HarnessError, match=r"to/.*log\.txt and .*b/.*log\.txt differ"):
        merge([tmp_path / "b"], tmp_path / "to")
    assert _content(tmp_path / "to") == before


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "items.parquet").write_bytes(b"x"), "items.parquet is not what was written"),
        (lambda folder: (folder / "items.parquet").unlink(), "items.parquet is missing"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt was not there"),
        (lambda folder: (folder / "link").symlink_to("/etc/hostname"), "holds something that is no file"),
        (lambda folder: folder.rename(folder.with_name("20260101T000000Z-ffffffff")), "holds the record of run"),
        (lambda folder: (folder / "record.json").write_text("{}"), "is not a record"),
        (lambda folder: _as_of_schema(folder, 99), "too new"),
    ],
)
def test_what_is_damaged_is_named_and_nothing_is_brought(
    tmp_path: Path, harm: Callable[[Path], object], said: str
) -> None:
    _store(tmp_path / "a", 1)
    harm(_store(tmp_path / "a", 2))
    with pytest.raises((HarnessError, SchemaError), match=said):
        merge([tmp_path / "a"], tmp_path / "to")
    assert _content(tmp_path / "to") == {}


def _as_of_schema(folder: Path, schema: int) -> None:
    found = msgspec.json.decode((folder / "record.json").read_bytes())
    found["run"]["schema"] = schema
    (folder / "record.json").write_bytes(msgspec.json.encode(found))


def test_a_damaged_reference_is_named_and_nothing_is_brought(tmp_path: Path) -> None:
    accepted = Accepted("p" * 12, "n1", "cpu", "fp", "2026-01-01", "2026-01-02", "first", schema=99)
    references.write(Layout(tmp_path / "a"), accepted)
    _store(tmp_path / "a", 1)
    with pytest.raises(SchemaError, match="has schema 99"):
        merge([tmp_path / "a"], tmp_path / "to")
    assert _content(tmp_path / "to") == {}


def test_attempts_without_digests_are_taken_with_a_remark(tmp_path: Path) -> None:
    (_store(tmp_path / "a", 1) / sums.NAME).unlink()
    done = merge([tmp_path / "a"], tmp_path / "to")
    assert done.attempts == 1
    assert "1 attempts of an earlier version have no SHA256SUMS" in done.remarks[0]


def test_half_written_attempts_and_journals_stay_where_they_are(tmp_path: Path) -> None:
    whole = _store(tmp_path / "a", 1)
    shutil.copytree(whole, whole.with_name(".building-00000001"))
    half = _store(tmp_path / "a", 2)
    (half / "record.json").unlink()
    (half.parent / "journal.jsonl").write_text("{}")
    done = merge([tmp_path / "a"], tmp_path / "to")
    assert (done.attempts, done.files) == (1, 0)
    assert len(list((tmp_path / "to").rglob("record.json"))) == 1
    assert done.remarks[-1].endswith("2 half-written attempts and 1 journals left where they are")


def test_only_what_was_begun_since_a_day_is_brought_where_one_is_given(tmp_path: Path) -> None:
    for number in range(_DAYS):
        _store(tmp_path / "a", number)
        _plan(tmp_path / "a", number)
    done = merge([tmp_path / "a"], tmp_path / "to", since="20260103")
    assert (done.attempts, done.files) == (2, 2)
    assert {path.name[:8] for path in (tmp_path / "to").glob("*/*/2*")} == {"20260103", "20260104"}


def test_a_folder_that_is_not_there_and_one_without_results_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no results folder"):
        merge([tmp_path / "none"], tmp_path / "to")
    (tmp_path / "empty").mkdir()
    assert merge([tmp_path / "empty"], tmp_path / "to").remarks == (f"{tmp_path / 'empty'}: no results in it",)


def test_nothing_is_merged_into_a_folder_that_is_being_measured_into(tmp_path: Path) -> None:
    _store(tmp_path / "a", 1)
    with alone(Layout(tmp_path / "to")), pytest.raises(UserError, match="another run is measuring"):
        merge([tmp_path / "a"], tmp_path / "to")


def test_a_full_disk_is_one_clear_line_and_leaves_what_was_there(tmp_path: Path) -> None:
    for number in range(3):
        _store(tmp_path / "a", number)
    _store(tmp_path / "to", 7)
    before = _content(tmp_path / "to")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        with pytest.raises(HarnessError) as told:
            merge([tmp_path / "a"], tmp_path / "to")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.strerror(errno.EFBIG) in str(told.value)
    assert "run the same command again" in str(told.value)
    assert "\n" not in str(told.value)
    assert _content(tmp_path / "to") == before


_KILLED = """\
import os, pathlib, shutil, signal, sys
from harness.store.merge import merge
source, target, name, left = *map(pathlib.Path, sys.argv[1:3]), sys.argv[3], int(sys.argv[4])
owner = {"copytree": shutil, "rename": pathlib.Path}[name]
usual = getattr(owner, name)
def last(*args, **more):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return usual(*args, **more)
setattr(owner, name, last)
merge([source], target)
"""


def test_a_merge_killed_at_any_moment_leaves_whole_attempts_and_the_next_one_brings_the_rest(tmp_path: Path) -> None:
    for number in range(12):
        _store(tmp_path / "a", number)
    brought = 0
    for name, done in (("copytree", 3), ("rename", 0), ("rename", 4), ("copytree", 1)):
        command = [sys.executable, "-c", _KILLED, str(tmp_path / "a"), str(tmp_path / "to"), name, str(done)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        brought += done * (name == "rename")
        there = list((tmp_path / "to").glob("cpu/*/2*"))
        assert len(there) == brought
        assert [sums.damage(folder) for folder in there] == [""] * brought
    merge([tmp_path / "a"], tmp_path / "to")
    assert _content(tmp_path / "to") == _content(tmp_path / "a")
