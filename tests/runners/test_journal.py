"""The journal survives kills and is never read as another model's."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.core.runtime import Generation, Score
from runners.journal import Journal

_SCORE = Score(-1.25, True, 3, 7, (1, 2, 3))
_GENERATION = Generation("a\nb \u2028 \x00 \ud7ff", 3, 5, "stop", (9,))


def test_replies_are_found_by_the_next_child(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "cell weights") as journal:
        journal.put("one", _SCORE)
        journal.put("two", _GENERATION)
    with Journal(tmp_path / "j", "cell weights") as journal:
        assert journal.get("one", Score) == _SCORE
        assert journal.get("two", Generation) == _GENERATION
        assert journal.get("three", Score) is None
        assert len(journal) == 2


def test_a_journal_of_other_weights_is_discarded(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "cell weights") as journal:
        journal.put("one", _SCORE)
    with Journal(tmp_path / "j", "cell other") as journal:
        assert journal.get("one", Score) is None
        journal.put("one", Score(-2, False, 1, 1, ()))
    with Journal(tmp_path / "j", "cell other") as journal:
        assert journal.get("one", Score) == Score(-2, False, 1, 1, ())


@given(cut=st.integers(min_value=0, max_value=400))
def test_a_journal_cut_anywhere_keeps_its_whole_lines_and_goes_on(tmp_path_factory: object, cut: int) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"  # type: ignore[attr-defined]
    with Journal(path, "owner") as journal:
        for name in ("one", "two", "three"):
            journal.put(name, _SCORE)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    with Journal(path, "owner") as journal:
        assert len(journal) == max(lines - 1, 0)
        journal.put("four", _SCORE)
    with Journal(path, "owner") as journal:
        assert journal.get("four", Score) == _SCORE
        assert len(journal) == max(lines - 1, 0) + 1
