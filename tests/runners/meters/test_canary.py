"""The canary: what it says of this machine, of a made one, and beside what it was before."""

from pathlib import Path

import pytest

from harness.core.record import SLOWER_DEGRADED, SLOWER_INVALID
from runners.meters.canary import Canary, cache_bytes, judge, measure, once_more, probe, readings

pytestmark = pytest.mark.alone

_FINE = Canary(20.0, 30.0, 100.0)


def test_this_machine_copies_reads_and_multiplies() -> None:
    found = probe(1)
    assert isinstance(found, Canary)
    # Wide limits: from a busy small board to a server with high-bandwidth memory.
    assert 0.1 < found.copy_gbs < 10_000
    assert 0.1 < found.read_gbs < 10_000
    assert 0.1 < found.matrix_gflops < 1e6


def test_a_larger_cache_asks_for_larger_buffers_and_no_thread_shares_one() -> None:
    found = measure(threads=3, cache=1 << 20)
    assert found.copy_gbs > 0


def test_a_probe_that_cannot_run_says_why_and_gives_no_number() -> None:
    found = probe(0)
    assert isinstance(found, str)
    assert "the probe failed" in found
    copy, *_ = readings(_FINE, found)
    assert (copy.samples, copy.reason) == ((20.0,), found)
    assert judge(_FINE, found) == ()


def test_samples_are_before_and_after() -> None:
    found = {one.name: one.samples for one in readings(_FINE, Canary(19.0, 29.0, 99.0))}
    assert found == {"canary_copy": (20.0, 19.0), "canary_read": (30.0, 29.0), "canary_matrix": (100.0, 99.0)}


@pytest.mark.parametrize(("kept", "verdict"), [
    (1.2, None), (1.01 - SLOWER_DEGRADED, None), (0.99 - SLOWER_DEGRADED, "degraded"),
    (0.99 - SLOWER_INVALID, "invalid")])
def test_a_machine_that_lost_speed_is_flagged(kept: float, verdict: str | None) -> None:
    for after in (Canary(20.0 * kept, 30.0, 100.0), Canary(20.0, 30.0, 100.0 * kept)):
        assert [flag.verdict for flag in judge(_FINE, after)] == ([verdict] if verdict else [])


def test_a_machine_that_was_slow_for_a_moment_only_is_probed_again() -> None:
    slow, later = Canary(5.0, 30.0, 100.0), [Canary(19.9, 30.0, 100.0)]
    assert once_more(_FINE, iter([slow, *later]).__next__) == later[0]
    assert once_more(_FINE, lambda: slow) == slow
    assert once_more(_FINE, lambda: "the probe failed") == "the probe failed"


def test_the_last_level_cache_of_all_chiplets_counts_once_each(tmp_path: Path) -> None:
    """Two chiplets of two CPUs, each with 32 MiB of its own, as /sys of an EPYC shows them."""
    for cpu in range(4):
        chiplet = "0-1" if cpu < 2 else "2-3"
        for index, (level, shared, size) in enumerate(((1, str(cpu), "32K"), (3, chiplet, "32768K"))):
            place = tmp_path / f"cpu{cpu}" / "cache" / f"index{index}"
            place.mkdir(parents=True)
            for name, value in (("level", level), ("shared_cpu_list", shared), ("size", size)):
                (place / name).write_text(f"{value}\n")
    assert cache_bytes({0, 1, 2, 3}, tmp_path) == 64 << 20
    assert cache_bytes({0, 1}, tmp_path) == 32 << 20
    assert cache_bytes(set(), tmp_path) == 64 << 20  # not told
