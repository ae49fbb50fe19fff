"""The verb `calibrate`, from the command line to the stored record."""

from pathlib import Path

import pytest

from harness.cli import run
from harness.core.errors import ConfigError, NotFound, SchemaError
from harness.core.record import Calibration
from harness.store.calibrations import newest
from harness.store.layout import Layout
from harness.verbs.calibrate import trials
from harness.verbs.calibrate_table import time_of, verdict

pytestmark = pytest.mark.alone

GOOD = Calibration(64, (1e-5, 8e-5), (1e-8, 1e-6), 0.998, (1e-5, 2e-4), 2850.0, interval_seconds=0.02, requests=768)


def test_without_words_four_numbers_of_streams_are_tried_together() -> None:
    found = trials([])
    assert [trial.streams for trial in found] == [1, 64, 256, 1024]
    assert all(trial.schedule.together for trial in found)


def test_words_change_the_streams_and_the_schedule() -> None:
    found = trials(["streams=[2,3]", "rate=200", "tokens_per_chunk=4", "jitter=0.1", "requests=5", "together=false"])
    assert [trial.streams for trial in found] == [2, 3]
    schedule = found[0].schedule
    assert (schedule.rate, schedule.tokens_per_chunk, schedule.jitter, schedule.together) == (200, 4, 0.1, False)
    assert found[0].requests == 5


@pytest.mark.parametrize("word", ["streams=0", "streams=many", "rate=0", "jitter=0.5", "strems=2", "quickly"])
def test_a_word_that_cannot_be_is_a_users_error(word: str) -> None:
    with pytest.raises(ConfigError, match="calibrate"):
        trials([word])


def test_it_measures_shows_keeps_and_shows_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["streams=1,4", "rate=200", "tokens=10", "requests=2", "first_seconds=0.02"]
    assert run(["calibrate", *words, f"results={tmp_path}"]) == 0
    shown = capsys.readouterr().out
    made, path = newest(Layout(tmp_path))
    assert path.parent.name == "calibrations"
    assert [found.streams for found in made.found] == [1, 4]
    assert [found.requests for found in made.found] == [2, 8]
    assert all(0 < found.cpu_seconds_per_1000_tokens < 60 for found in made.found)
    assert run(["calibrate", "stored", f"results={tmp_path}"]) == 0
    again = capsys.readouterr().out
    assert again in shown
    assert "TTFT error p99" in again
    assert "At 4 streams: " in again


def test_what_is_not_there_or_not_readable_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="harness calibrate"):
        newest(Layout(tmp_path))
    path = Layout(tmp_path).calibration("cpu", "2026-01-01T00:00:00Z", "abc")
    path.parent.mkdir(parents=True)
    path.write_text('{"schema": 1}')
    with pytest.raises(SchemaError, match=r"abc\.json is no calibration"):
        newest(Layout(tmp_path))


def test_the_verdict_says_what_the_client_is_good_for() -> None:
    assert verdict(GOOD) == "At 64 streams: good for TPOT above 4.0 ms; TTFT is off by 80 us at most."


def test_a_client_that_fell_behind_is_good_for_nothing_at_that_rate() -> None:
    behind = Calibration(1024, (1e-5, 8e-5), (1e-8, 1e-6), 0.5, (1e-5, 2e-4), 20_000.0, interval_seconds=0.02)
    assert verdict(behind) == ("At 1,024 streams: not good for this rate: 50.0 % of the scheduled 40,000 tok/s came.")
    late = Calibration(1024, (1e-5, 8e-5), (1e-8, 1e-6), 0.5, (1e-5, 2e-4), 20_000.0, interval_seconds=0.02,
                       server_late_seconds=(0.1, 0.3))
    assert "the server itself was late" in verdict(late)


@pytest.mark.parametrize(("seconds", "text"), [
    (0.0, "0 ns"), (4e-8, "40 ns"), (-1.2e-7, "120 ns"), (9.34e-6, "9.3 us"), (8e-5, "80 us"), (0.0041, "4.1 ms"),
    (0.1234, "123 ms"), (2.0, "2.0 s")])
def test_times_have_two_digits_and_a_unit(seconds: float, text: str) -> None:
    assert time_of(seconds) == text
    assert time_of(-0.002, signed=True) == "-2.0 ms"
