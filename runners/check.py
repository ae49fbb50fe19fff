"""The checking child of `setup`: does this interpreter load a model and score with it?

    python -m runners.check SCRATCH

reads SCRATCH/job.json (`core.cell.Job`). An artifact without a location means that there is nothing to load, and the
runtime is only imported. What is wrong goes to SCRATCH/error.json, with exit code 3.
"""

import math
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import msgspec

from harness.core.cell import Job
from harness.core.errors import HarnessError
from harness.core.runtime import Score, ScoreRequest, Session
from runners import artifacts
from runners.worker import die_with_parent, report_error

_ASKED = [ScoreRequest("one two three", " four"), ScoreRequest("one two three", " seven"), ScoreRequest("", "one two")]


def main(scratch: Path) -> int:
    """Check the job in `scratch`; 0, or 3 with error.json written."""
    die_with_parent()
    job = msgspec.json.decode((scratch / "job.json").read_bytes(), type=Job)
    try:
        runtime = import_module(job.cell.module)
        if job.cell.artifact.location:
            prepared = getattr(runtime, "prepare", artifacts.fetch)(job)
            with runtime.open_session(msgspec.structs.replace(job, prepared=prepared)) as session:
                check(session)
    except (HarnessError, ImportError) as error:
        return report_error(scratch, "exception", str(error))
    return 0


def check(session: Session) -> None:
    """Raises HarnessError where what it scores cannot be log-probabilities."""
    scores = [score for _, score in session.score(_ASKED)]
    if len(scores) != len(_ASKED) or not all(_possible(scores)):
        raise HarnessError(f"scores of the pocket model that cannot be: {[score.logprob for score in scores]}")


def _possible(scores: Iterable[Score]) -> Iterable[bool]:
    return (math.isfinite(score.logprob) and score.logprob < 0 and score.tokens > 0 for score in scores)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
