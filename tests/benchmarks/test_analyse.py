"""The benchmark of the analysis runs, small, and stays within what it promises at full size."""

import pytest

from benchmarks.analyse import main


def test_the_benchmark_says_how_long_and_how_big(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2000", "3"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 tasks of 2,000 paired items compared: ")
    assert "10,000 Tango intervals" in said
    assert "reading 2,000 items of one arm from Parquet" in said
