"""Waiting for many sockets and one timer at once: epoll on Linux, what the platform has best elsewhere.

A plain loop over epoll costs a worker less for each read than uvloop does with a bare Protocol, and much less than
asyncio's own loop (`python -m benchmarks.read_loops` measures all three in one run).
"""

import os
import select
import selectors
import sys
import time
from array import array
from typing import Protocol

from runners.loadgen.lag import Ticks, timer_file

TICK = -1
READ, WRITE, BOTH = selectors.EVENT_READ, selectors.EVENT_WRITE, selectors.EVENT_READ | selectors.EVENT_WRITE
_NANOSECOND = 1e-9


class Poller(Protocol):
    """Level-triggered readiness; what a file is ready for is the caller's to try."""

    def watch(self, fd: int, events: int) -> None:
        """Report a file when it can be read, or written, or BOTH; again to change which."""

    def unwatch(self, fd: int) -> None:
        """Report it no more."""

    def wait(self) -> list[int]:
        """Block until files are ready, or the timer is due (TICK), and return them."""

    def late(self) -> "array[int]":
        """The delays in ns of the ticks that TICK was reported for."""


class EpollPoller:
    """Linux: the timer is one more file."""

    def __init__(self) -> None:
        now = time.perf_counter_ns()
        self._ticks = Ticks(now)
        timer = timer_file(self._ticks.due_ns)
        if timer is None:
            raise OSError("this kernel has no timerfd")
        self._timer, self._epoll, self._known = timer, select.epoll(), set[int]()
        self._epoll.register(timer, select.EPOLLIN)

    def watch(self, fd: int, events: int) -> None:
        """As the Poller says."""
        mask = (select.EPOLLIN if events & READ else 0) | (select.EPOLLOUT if events & WRITE else 0)
        if fd in self._known:
            self._epoll.modify(fd, mask)
        else:
            self._epoll.register(fd, mask)
            self._known.add(fd)

    def unwatch(self, fd: int) -> None:
        """As the Poller says."""
        self._known.discard(fd)
        self._epoll.unregister(fd)

    def wait(self) -> list[int]:
        """As the Poller says."""
        timer = self._timer
        return [TICK if fd == timer else fd for fd, _ in self._epoll.poll()]

    def late(self) -> "array[int]":
        """As the Poller says."""
        os.read(self._timer, 8)
        return self._ticks.seen(time.perf_counter_ns())


class SelectorPoller:
    """Other systems: kqueue, or whatever else takes a fraction of a second as its timeout."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector, self._ticks = selector, Ticks(time.perf_counter_ns())

    def watch(self, fd: int, events: int) -> None:
        """As the Poller says."""
        if fd in self._selector.get_map():
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events)

    def unwatch(self, fd: int) -> None:
        """As the Poller says."""
        self._selector.unregister(fd)

    def wait(self) -> list[int]:
        """As the Poller says."""
        left = self._ticks.due_ns - time.perf_counter_ns()
        ready = [key.fd for key, _ in self._selector.select(max(left, 0) * _NANOSECOND)]
        due = time.perf_counter_ns() >= self._ticks.due_ns
        return [*ready, TICK] if due else ready

    def late(self) -> "array[int]":
        """As the Poller says."""
        return self._ticks.seen(time.perf_counter_ns())


def best_poller() -> Poller:
    """The one for this system."""
    return EpollPoller() if sys.platform == "linux" else SelectorPoller(selectors.DefaultSelector())
