"""The preparing child: fetches and quantizes one cell's weights, so that neither happens inside a measurement.

    python -m runners.prepare SCRATCH

reads SCRATCH/job.json (`core.cell.Job`) and writes SCRATCH/prepared.json (`core.cell.Prepared`). What the user can mend
goes to SCRATCH/error.json, with exit code 3. A runtime that keeps no weights on this disk brings its own `prepare`.
"""

import sys
from importlib import import_module
from pathlib import Path

import msgspec

from harness.core.cell import Job
from harness.core.errors import HarnessError
from runners import artifacts
from runners.atomic import write_whole
from runners.worker import die_with_parent, report_error


def main(scratch: Path) -> int:
    """Prepare the job in `scratch`; 0, or 3 with error.json written."""
    die_with_parent()
    job = msgspec.json.decode((scratch / "job.json").read_bytes(), type=Job)
    try:
        prepare = getattr(import_module(job.cell.module), "prepare", artifacts.fetch)
        prepared = prepare(job)
    except HarnessError as error:
        return report_error(scratch, "prepare", str(error))
    write_whole(scratch / "prepared.json", msgspec.json.encode(prepared))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
