"""The child of `calibrate`: trials in, one calibration for each out.

    python -m runners.calibrate SCRATCH

reads SCRATCH/job.json (`core.calibration.CalibrationJob`) and writes SCRATCH/found.json, a list of `Calibration`; how
many are done stands in SCRATCH/progress. What is wrong goes to SCRATCH/error.json, with exit code 3.
"""

import sys
from pathlib import Path

import msgspec

from harness.core.calibration import CalibrationJob
from harness.core.errors import HarnessError
from harness.core.record import Calibration
from runners.atomic import write_whole
from runners.calibration.measure import calibrate
from runners.worker import die_with_parent, report_error


def main(scratch: Path) -> int:
    """Make the trials of the job in `scratch`, one after the other."""
    die_with_parent()
    job = msgspec.json.decode((scratch / "job.json").read_bytes(), type=CalibrationJob)
    found: list[Calibration] = []
    try:
        for trial in job.trials:
            found.append(calibrate(trial))
            (scratch / "progress").write_text(str(len(found)))
    except (HarnessError, OSError) as error:
        return report_error(scratch, "exception", str(error))
    write_whole(scratch / "found.json", msgspec.json.encode(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
