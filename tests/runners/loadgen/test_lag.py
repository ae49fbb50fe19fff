"""How late a loop is, held-up ticks included; and the pollers that wait for them."""

import os
import selectors
import sys
import time
from array import array
from collections.abc import Callable

import pytest

from runners.loadgen.lag import PERIOD_NS, Samples, Ticks, lag_of
from runners.loadgen.poller import BOTH, READ, TICK, WRITE, EpollPoller, Poller, SelectorPoller

pytestmark = pytest.mark.alone

POLLERS: list[Callable[[], Poller]] = [lambda: SelectorPoller(selectors.SelectSelector())]
if sys.platform == "linux":
    POLLERS.append(EpollPoller)


def test_every_tick_that_was_held_up_counts_with_its_own_delay() -> None:
    ticks = Ticks(0)
    assert ticks.seen(PERIOD_NS + 5).tolist() == [5]
    assert ticks.seen(PERIOD_NS + 7).tolist() == []
    assert ticks.seen(4 * PERIOD_NS + 1).tolist() == [2 * PERIOD_NS + 1, PERIOD_NS + 1, 1]


def test_percentiles_are_in_seconds_and_nothing_is_zero_samples() -> None:
    lag = lag_of(array("q", [1_000_000] * 99 + [101_000_000]))
    assert (lag.p50_seconds, lag.max_seconds, lag.samples) == (0.001, 0.101, 100)
    assert lag.p99_seconds == pytest.approx(0.002)
    assert lag_of(array("q")).samples == 0


def test_samples_are_bounded() -> None:
    samples = Samples()
    for _ in range(5):
        samples.extend(array("q", range(1 << 19)))
    assert (1 << 19) <= len(samples.values) <= 1 << 20
    assert lag_of(samples.values).p50_seconds == pytest.approx(0.000262, rel=0.05)


@pytest.mark.parametrize("make", POLLERS)
def test_a_poller_reports_what_is_ready_and_the_ticks_of_its_timer(make: Callable[[], Poller]) -> None:
    poller = make()
    readable, writable = os.pipe()
    poller.watch(readable, READ)
    started, seen, late = time.perf_counter_ns(), set[int](), array("q")
    while len(late) < 3:
        ready = poller.wait()
        seen |= set(ready)
        late += poller.late() if TICK in ready else array("q")
    assert seen == {TICK}
    assert time.perf_counter_ns() - started > 2 * PERIOD_NS
    assert all(delay >= 0 for delay in late)
    os.write(writable, b"x")
    assert readable in poller.wait()
    poller.watch(writable, WRITE)
    poller.watch(writable, BOTH)
    assert writable in poller.wait()
    poller.unwatch(readable)
    poller.unwatch(writable)
    assert poller.wait() == [TICK]
    os.close(readable)
    os.close(writable)
