"""What `merge` takes and says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.cli import run
from harness.core.errors import ConfigError
from harness.verbs.merge import first_day

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)


_DAYS = [("", ""), ("7d", "20261115"), ("0d", "20261122"), ("2026-01-31", "20260131")]


@pytest.mark.parametrize(("word", "day"), _DAYS)
def test_a_day_is_given_as_a_date_or_so_many_days_ago(word: str, day: str) -> None:
    assert first_day(word, NOW) == day


@pytest.mark.parametrize("word", ["yesterday", "7", "2026-02-31", "99999d"])
def test_what_is_no_day_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(ConfigError, match="2026-11-15"):
        first_day(word, NOW)


def test_without_a_folder_it_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["merge"]) == 2
    assert "merge needs results folders; for example" in capsys.readouterr().err


def test_what_was_brought_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    assert run(["merge", str(tmp_path / "a"), "--to", str(tmp_path / "to")]) == 0
    assert "0 attempts and 0 other files are new in" in capsys.readouterr().out
