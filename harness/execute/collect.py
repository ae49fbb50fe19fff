"""Turn what a child left behind into a record: its own words first, then its exit, then its silence."""

from pathlib import Path

import msgspec

from harness.core.cell import Prepared
from harness.core.record import ChildError, Completed, Failed, FailureKind, Outcome, Run
from harness.execute.child import Ended


def record(run: Run, prepared: Prepared, scratch: Path, ended: Ended) -> Completed | Failed:
    """Completed only if the child wrote its outcome and exited with 0."""
    outcome = scratch / "outcome.json"
    if ended.exit_code == 0 and outcome.exists():
        return Completed(run, prepared, msgspec.json.decode(outcome.read_bytes(), type=Outcome))
    return failure(run, scratch, ended)


def failure(run: Run, scratch: Path, ended: Ended) -> Failed:
    """Why it failed, in one line."""
    why = reason(scratch, ended)
    return Failed(run, why.kind, why.message, ended.exit_code, ended.log_tail)


def reason(scratch: Path, ended: Ended) -> ChildError:
    """What the child said of its failure, else what its end tells."""
    error = scratch / "error.json"
    if error.exists():
        return msgspec.json.decode(error.read_bytes(), type=ChildError)
    return ChildError(*_from_exit(ended))


def _from_exit(ended: Ended) -> tuple[FailureKind, str]:
    if ended.timed_out:
        return "timeout", f"still running after {ended.seconds:.0f} s; raise timeout_seconds"
    if ended.out_of_memory:
        return "memory", "killed by the kernel for lack of memory; take a smaller model, context or batch"
    if ended.exit_code < 0:
        return "signal", f"killed by signal {-ended.exit_code}" + (" (SIGKILL)" if ended.exit_code == -9 else "")
    last = next((line for line in reversed(ended.log_tail.splitlines()) if line.strip()), "no output")
    if ended.exit_code == 0:
        return "protocol", "the child ended without writing an outcome"
    return "exception", last
