"""What our own loop takes between two decode calls of llama.cpp, under a load as a run drives it.

    python -m benchmarks.step_cost [THREADS]

The pocket model, one stream and eight. Shown are the 10th and 50th percentile of the time from the end of one decode
call to the begin of the next, in microseconds, beside the median of the call itself.
"""

import ctypes
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from time import perf_counter_ns

import llama_cpp

from benchmarks.metering import new_job
from harness.core.cell import LoadWork
from harness.core.config import Load
from runners import loads
from runners.runtimes.llama_cpp import open_session


@contextmanager
def timed() -> Iterator[list[tuple[int, int]]]:
    """(begin, end) of every decode call inside the block."""
    calls: list[tuple[int, int]] = []
    own = llama_cpp.llama_decode

    def decode(context: ctypes.c_void_p, batch: object) -> int:
        begun = perf_counter_ns()
        code: int = own(context, batch)
        llama_cpp.llama_synchronize(context)
        calls.append((begun, perf_counter_ns()))
        return code

    llama_cpp.llama_decode = decode
    try:
        yield calls
    finally:
        llama_cpp.llama_decode = own


def main(threads: int) -> None:
    """One line for each number of streams."""
    for streams in (1, 8):
        load = Load("steps", (streams,), 4, 129, 4 * streams, 2 * streams)
        with (tempfile.TemporaryDirectory() as folder, open_session(new_job(folder, threads)) as session,
              timed() as calls):
            loads.measure(session, LoadWork(load, 1, 0))
        between = quantiles([(later[0] - one[1]) / 1e3 for one, later in zip(calls, calls[1:], strict=False)], n=10)
        call = quantiles([(end - begun) / 1e3 for begun, end in calls], n=10)
        sys.stdout.write(f"{streams} streams: between calls p10 {between[0]:.0f} us, p50 {between[4]:.0f} us; "
                         f"a call p50 {call[4]:.0f} us\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1)
