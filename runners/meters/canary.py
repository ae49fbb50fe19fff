"""Is the machine as fast as it was? Bandwidth and matrix products, probed in a process of its own.

    python -m runners.meters.canary THREADS

writes one JSON object. A process of its own, so that its buffers stand in no memory figure and its numbers are those of
a fresh start every time. Copying counts what is read and what is written, as STREAM does (McCalpin 1995); its buffers
together are four times the last-level cache. Every figure is the median over passes: what runs beside them shows.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec
from msgspec import Struct

from harness.core.record import SLOWER_DEGRADED, SLOWER_INVALID, Flag, Reading
from harness.core.units import GIGA, MIB

_PASSES, _SECONDS = 5, 0.15
_TRIES = 3
_MATRIX = 1024
_DEFAULT_CACHE, _LARGEST_BUFFER = 64 * MIB, 1024 * MIB
_CPUS = Path("/sys/devices/system/cpu")
_PATIENCE_SECONDS = 60.0
_THREAD_LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Canary(Struct, frozen=True):
    """Bytes copied (read and written) and read per second in 1e9, float32 matrix products in 1e9 operations/s."""

    copy_gbs: float
    read_gbs: float
    matrix_gflops: float


def probe(threads: int) -> Canary | str:
    """Probe the machine with so many threads, in about half a second; or why that could not be done."""
    limits = dict.fromkeys(_THREAD_LIMITS, str(threads))
    words = [sys.executable, "-m", __name__, str(threads)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_PATIENCE_SECONDS, env={**os.environ, **limits},
                              stdin=subprocess.DEVNULL, check=True)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return f"the probe failed: {lines[-1] if lines else f'exit code {error.returncode}'}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the probe failed: {error}"
    return msgspec.json.decode(done.stdout, type=Canary)


def once_more(before: Canary | str, take: Callable[[], Canary | str]) -> Canary | str:
    """The probe after a cell, repeated where the machine seems slower: what lasts a moment says nothing of the cell."""
    found = take()
    for _ in range(_TRIES - 1):
        if not judge(before, found):
            break
        found = take()
    return found


def readings(before: Canary | str, after: Canary | str) -> tuple[Reading, ...]:
    """`canary_copy`, `canary_read` and `canary_matrix`; two samples each: before the cell, and after it."""
    kinds = {"copy": ("GB/s", "copy_gbs"), "read": ("GB/s", "read_gbs"), "matrix": ("GFLOP/s", "matrix_gflops")}
    probes = [one for one in (before, after) if isinstance(one, Canary)]
    why = next((one for one in (before, after) if isinstance(one, str)), "")
    return tuple(
        Reading(f"canary_{kind}", unit, "higher", tuple(getattr(one, field) for one in probes), reason=why)
        for kind, (unit, field) in kinds.items()
    )


def judge(before: Canary | str, after: Canary | str) -> tuple[Flag, ...]:
    """What a slower machine after the cell says against what was measured between."""
    if isinstance(before, str) or isinstance(after, str):
        return ()
    pairs = {"memory bandwidth": (before.copy_gbs, after.copy_gbs),
             "matrix products": (before.matrix_gflops, after.matrix_gflops)}
    lost = {name: 1 - now / then for name, (then, now) in pairs.items()}
    name, share = max(lost.items(), key=lambda one: one[1])
    if share <= SLOWER_DEGRADED:
        return ()
    reason = f"{name} fell by {100 * share:.0f} % from before the cell to after it: something else ran, or it throttled"
    return (Flag("invalid" if share > SLOWER_INVALID else "degraded", reason),)


def cache_bytes(cpus: set[int], root: Path = _CPUS) -> int:
    """Last-level cache behind these CPUs, all its instances together; 64 MiB where the system does not tell."""
    found: dict[tuple[int, str], int] = {}
    for cpu in cpus:
        for index in (root / f"cpu{cpu}" / "cache").glob("index*"):
            with suppress(OSError, ValueError):
                level, shared = int((index / "level").read_text()), (index / "shared_cpu_list").read_text().strip()
                size = re.fullmatch(r"(\d+)K", (index / "size").read_text().strip())
                found[level, shared] = int(size[1]) * 1024 if size else 0
    last = max((level for level, _ in found), default=0)
    return sum(size for (level, _), size in found.items() if level == last) or _DEFAULT_CACHE


def main(threads: int) -> int:
    """Probe in this process and write the result."""
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    sys.stdout.write(msgspec.json.encode(measure(threads, cache_bytes(cpus))).decode())
    return 0


def measure(threads: int, cache: int) -> Canary:
    """The probe itself, on `threads` threads of this process."""
    import numpy as np

    length = min(2 * cache, _LARGEST_BUFFER) // 8 // threads
    pairs = [(np.ones(length, dtype=np.int64), np.empty(length, dtype=np.int64)) for _ in range(threads)]
    matrix = np.ones((_MATRIX, _MATRIX), dtype=np.float32)
    size = 8 * length * threads
    with ThreadPoolExecutor(threads) as pool:
        copies = [partial(np.copyto, target, source) for source, target in pairs]
        copied = _median_seconds(lambda: list(pool.map(_call, copies)))
        # The fastest of numpy's own reductions; a product of vectors would start threads of its own.
        reads = [partial(np.bitwise_or.reduce, source) for source, _ in pairs]
        read = _median_seconds(lambda: list(pool.map(_call, reads)))
    multiplied = _median_seconds(lambda: matrix @ matrix)
    return Canary(2 * size / copied / GIGA, size / read / GIGA, 2 * _MATRIX**3 / multiplied / GIGA)


def _call(step: Callable[[], object]) -> None:
    step()


def _median_seconds(step: Callable[[], object]) -> float:
    """Of the passes that fit in the time, at least `_PASSES`; the first, which touches new pages, is none of them."""
    step()
    return median(_passes(step))


def _passes(step: Callable[[], object]) -> Iterator[float]:
    started, count = perf_counter(), 0
    while count < _PASSES or perf_counter() - started < _SECONDS:
        begun = perf_counter()
        step()
        yield perf_counter() - begun
        count += 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
