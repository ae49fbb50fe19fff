"""Every way a child can end becomes the right record, in one line a person can act on."""

from pathlib import Path

import msgspec
import pytest

from harness.core.record import ChildError, Completed, Failed, Machine, Outcome, Run, Source
from harness.core.runtime import Facts
from harness.execute import collect
from harness.execute.child import Ended
from tests.cells import job, load_cell

_MACHINE = Machine("a cpu", 2, 1 << 30, (), "Linux", "", (0.0, 0.0, 0.0), "3.11", "x", "y")
_RUN = Run("r", "p", load_cell(), _MACHINE, (), Source("0", "", False), "2026-01-02T03:04:05Z", 1.0)


def _record(scratch: Path, ended: Ended) -> Completed | Failed:
    prepared = job(load_cell(), scratch).prepared
    assert prepared is not None
    return collect.record(_RUN, prepared, scratch, ended)


def _ended(code: int, timed_out: bool = False, out_of_memory: bool = False, tail: str = "") -> Ended:
    return Ended(code, 12.0, timed_out, out_of_memory, tail)


@pytest.mark.parametrize(
    ("ended", "kind", "said"),
    [
        (_ended(-9, timed_out=True), "timeout", "still running after 12 s; raise timeout_seconds"),
        (_ended(-9, out_of_memory=True), "memory", "lack of memory"),
        (_ended(-9), "signal", "killed by signal 9 (SIGKILL)"),
        (_ended(-11), "signal", "killed by signal 11"),
        (_ended(1, tail="Traceback\n  ...\nValueError: bad shape\n\n"), "exception", "ValueError: bad shape"),
        (_ended(1), "exception", "no output"),
        (_ended(0), "protocol", "without writing an outcome"),
    ],
)
def test_an_end_without_words_is_read_from_its_exit(tmp_path: Path, ended: Ended, kind: str, said: str) -> None:
    record = _record(tmp_path, ended)
    assert isinstance(record, Failed)
    assert record.kind == kind
    assert said in record.reason
    assert record.exit_code == ended.exit_code


def test_a_childs_own_words_come_first(tmp_path: Path) -> None:
    (tmp_path / "error.json").write_bytes(msgspec.json.encode(ChildError("memory", "no room for the cache")))
    record = _record(tmp_path, _ended(3, tail="noise"))
    assert isinstance(record, Failed)
    assert (record.kind, record.reason) == ("memory", "no room for the cache")


def test_an_outcome_counts_only_if_the_child_ended_well(tmp_path: Path) -> None:
    outcome = Outcome(Facts("fake", "1", "none", None, None, 1, 1), ())
    (tmp_path / "outcome.json").write_bytes(msgspec.json.encode(outcome))
    done = _record(tmp_path, _ended(0))
    assert isinstance(done, Completed)
    assert done.outcome == outcome
    assert isinstance(_record(tmp_path, _ended(-6)), Failed)
