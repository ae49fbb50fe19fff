"""The comparison of load generators: what is tried, what is read of each tool, and what the page says."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.load_generator_pages import page
from benchmarks.load_generator_run import Result, run
from benchmarks.load_generator_tools import TOOLS, Tool
from benchmarks.load_generators import by_rate, by_streams, search, trial
from harness.core.calibration import Schedule, Trial
from runners.calibration.error import Errors, Seen, Spread

READ = {tool.name: tool.read for tool in TOOLS}
SPREAD = Spread(1e-5, 2e-4, -1e-5, 100)


def result(tool: str, wanted: Trial, share: float) -> Result:
    return Result(tool, wanted, share, Errors(SPREAD, SPREAD, SPREAD, 0), 2.0, 4.0)


def searched(limit: float, lowest: float = 1000, refinements: int = 2) -> list[int]:
    """The totals tried of a tool that keeps up to `limit` tokens/s."""
    tried: list[int] = []

    def go(wanted: Trial) -> Result:
        tried.append(round(wanted.schedule.rate * wanted.streams))
        return result("ours", wanted, 1.0 if tried[-1] <= limit else 0.5)

    list(search(lowest, 64_000, refinements, by_rate, go))
    return tried


def test_a_search_doubles_until_the_rate_is_missed_twice_and_then_halves() -> None:
    assert searched(5000) == [1000, 2000, 4000, 8000, 8000, 5657, 5657, 4757]


def test_a_search_ends_at_the_highest_value_and_where_nothing_is_kept() -> None:
    assert searched(1e9) == [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]
    assert searched(10) == [1000, 1000]


def test_trials_last_long_enough_and_ask_for_the_rate() -> None:
    for one in (trial(64, 50, True), by_rate(16_000), by_rate(500_000), by_streams(4096)):
        assert 7 <= one.seconds <= 9.5
    assert by_rate(16_000).tokens / by_rate(16_000).seconds == pytest.approx(16_000, rel=0.12)
    assert by_streams(512).streams == 512


def test_what_vllm_bench_serve_wrote_is_read(tmp_path: Path) -> None:
    told = {"ttfts": [0.2, 0.0], "latencies": [1.0, 0.0], "output_lens": [41, 0], "start_times": [7.0, 7.5],
            "errors": ["", "refused"]}
    (tmp_path / "result.json").write_text(json.dumps(told))
    assert READ["vllm"](tmp_path) == [Seen("r-0", 0.2, 0.02, 7.0, 8.0)]


def test_what_guidellm_wrote_is_read(tmp_path: Path) -> None:
    one = {"response_id": "cmpl-17", "time_to_first_token_ms": 200.0, "inter_token_latency_ms": 20.0,
           "time_per_output_token_ms": 24.6, "request_start_time": 5.0, "request_end_time": 6.0}
    (tmp_path / "result.json").write_text(json.dumps({"benchmarks": [{"requests": {"successful": [one]}}]}))
    assert READ["guidellm"](tmp_path) == [Seen(17, 0.2, 0.02, 5.0, 6.0)]


def test_what_aiperf_wrote_is_read(tmp_path: Path) -> None:
    row = {"metadata": {"x_request_id": "6af", "request_start_ns": 5_000_000_000, "request_end_ns": 6_000_000_000},
           "metrics": {"time_to_first_token": {"value": 200.0}, "inter_token_latency": {"value": 20.0}}}
    lines = [json.dumps(row), json.dumps({**row, "error": {"code": 500}})]
    (tmp_path / "profile_export.jsonl").write_text("\n".join(lines))
    assert READ["aiperf"](tmp_path) == [Seen("6af", 0.2, 0.02, 5.0, 6.0)]


def test_a_run_of_ours_matches_every_request_with_the_truth() -> None:
    found = run(TOOLS[0], sys.executable, Trial(4, 2, Schedule(rate=200, tokens=20, first_seconds=0.02)))
    assert found.reason == ""
    assert found.errors is not None
    assert (found.errors.ttft.count, found.errors.unmatched) == (8, 0)
    assert 0.2 < found.rate_share < 1.1
    assert found.cpu_seconds_whole > 0


def test_a_tool_that_fails_is_a_result_with_its_reason() -> None:
    broken = Tool("broken", "", lambda task: ["-c", "raise SystemExit('Error: no such flag')"], lambda folder: [])
    found = run(broken, sys.executable, Trial(1, 1, Schedule()))
    assert found.rate_share == 0
    assert found.reason == "exit code 1: Error: no such flag"


def test_the_page_says_how_far_each_went_and_who_is_missing() -> None:
    rates = [result("ours", by_rate(32_000), 0.99), result("ours", by_rate(64_000), 0.6),
             result("vllm", by_rate(8000), 0.97), result("vllm", by_rate(16_000), 0.3)]
    streams = [result("ours", by_streams(1024), 1.0), result("vllm", by_streams(128), 0.2)]
    named = {"ours": "", "vllm": "0.32.0", "guidellm": "could not be installed: no index"}
    timed = [result("ours", trial(64, 50), 1.0), result("ours", trial(64, 50), 0.98)]
    shown = page(named, timed, rates, streams)
    assert "| 64 | ours | 10 us, 10 us | 200 us, 200 us | -10 us, -10 us |" in shown
    assert "100.0 %, 98.0 %" in shown
    assert "guidellm: could not be installed: no index." in shown
    assert "ours is 3.9 times that of the best other, vllm." in shown
    assert "| 1,024 |" in shown
    assert "none kept" in shown
    assert "(60 %; 200 us)" in shown
