"""Times of loading, by hand and of this process."""

import time
from pathlib import Path

import msgspec
import pytest

from harness.core.record import RequestTrace
from harness.core.runtime import Detail
from runners.meters.loading import Times, process_start_ns, readings
from tests.runners.meters.sight import NOTHING, SECOND

# Started at 1 s; 2 s of probing; loading from 4 s to 7 s; the load begins at 10 s after a rest; first token at 10.5 s.
_TIMES = Times(1 * SECOND, 4 * SECOND, 7 * SECOND, 10 * SECOND, aside_ns=2 * SECOND)


def _trace(first_ns: int) -> RequestTrace:
    return RequestTrace(1, "cold", 1, 4, 0, 1, 10 * SECOND, 10 * SECOND, first_ns, first_ns, (first_ns,))


def test_the_first_token_after_the_start_holds_all_but_the_measuring() -> None:
    found = {one.name: one for one in readings(_TIMES, [_trace(int(10.5 * SECOND))], NOTHING)}
    assert found["load_time"].samples == (3.0,)
    assert found["first_token_after_start"].samples == (10.5 - 1 - 2 - 3,)


def test_a_load_that_was_not_warm_is_shown_and_not_valid() -> None:
    cold = Times(0, 0, SECOND, SECOND, 0, "only 40 % of the weights fit into the page cache")
    (found,) = readings(cold, [], NOTHING)
    assert not found.valid
    assert "only 40 %" in found.reason


def test_an_engine_that_makes_its_context_later_says_how_long_that_took() -> None:
    facts = msgspec.structs.replace(NOTHING, details=(Detail("context_seconds", "0.25"),))
    found = {one.name: one.samples for one in readings(_TIMES, [], facts)}
    assert found["context_time"] == (0.25,)


def test_this_process_began_before_now_and_after_the_machine() -> None:
    age = (time.perf_counter_ns() - process_start_ns()) / SECOND
    assert 0 < age < 24 * 3600


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux has it")
def test_a_name_with_brackets_and_blanks_does_not_move_the_field(tmp_path: Path) -> None:
    real = Path("/proc/self/stat").read_text()
    (tmp_path / "stat").write_text(f"7 (a ) b){real.rpartition(')')[2]}")
    assert abs(process_start_ns(tmp_path) - process_start_ns()) < SECOND
