"""Loads a job's model once with nothing of its weights in the page cache, and says how long that took.

    python -m runners.cold SCRATCH

reads SCRATCH/job.json and writes SCRATCH/cold.json (`Cold`). A process of its own, so that the measured one is as in
every other round; it stands in that one's group and ends with it.
"""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import msgspec
from msgspec import Struct

from harness.core.cell import Job
from harness.core.record import Reading
from runners import page_cache
from runners.artifacts import Located
from runners.atomic import write_whole

_RESULT = "cold.json"


class Cold(Struct, frozen=True):
    """`seconds` from asking for the session to having it; `reason` why it was not cold, "" if it was."""

    seconds: float
    reason: str


def measure(scratch: Path) -> Reading:
    """`load_time_cold` of the job in `scratch`, without a sample where the page cache could not be emptied."""
    code = subprocess.run([sys.executable, "-m", __name__, str(scratch)], stdin=subprocess.DEVNULL).returncode
    path = scratch / _RESULT
    if code != 0 or not path.exists():
        return _reading((), f"the cold load ended with exit code {code}; the log says why")
    found = msgspec.json.decode(path.read_bytes(), type=Cold)
    return _reading((), f"not cold: {found.reason}") if found.reason else _reading((found.seconds,), "")


def _reading(samples: tuple[float, ...], reason: str) -> Reading:
    return Reading("load_time_cold", "s", "lower", samples, reason=reason)


def main(scratch: Path) -> int:
    """Load once."""
    job = msgspec.json.decode((scratch / "job.json").read_bytes(), type=Job)
    assert job.prepared is not None
    runtime = import_module(job.cell.module)
    reason = page_cache.drop(Located(Path(job.prepared.path)).files)
    seconds = 0.0
    if not reason:
        started = time.perf_counter_ns()
        with runtime.open_session(job):
            seconds = (time.perf_counter_ns() - started) / 1e9
    write_whole(scratch / _RESULT, msgspec.json.encode(Cold(seconds, reason)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
