"""The whole life of a child process: one job in, record files out.

    python -m runners.worker SCRATCH

SCRATCH/job.json holds the job. Written beside it: items.jsonl and texts.jsonl, or requests.jsonl, and last, so that its
presence means "done", outcome.json. What ends the work early on purpose goes to error.json; anything else is a
traceback in the log.
"""

import os
import signal
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import msgspec

from harness.core import progress
from harness.core.cell import Job, LoadWork, QualityWork
from harness.core.errors import HarnessError
from harness.core.record import ChildError, FailureKind, Outcome, Reading
from harness.core.runtime import Session
from runners import bracket, items, loads, metering
from runners.atomic import write_whole
from runners.calibration import replay
from runners.journal import Journal
from runners.meters import loading
from runners.parts import Parts
from runners.progress import Reporter
from runners.seen import Load

EXIT_KNOWN_ERROR = 3


def main(scratch: Path) -> int:
    """Do the job in `scratch` and return the exit code."""
    die_with_parent()
    job = msgspec.json.decode((scratch / "job.json").read_bytes(), type=Job)
    try:
        outcome = _measure(job, scratch)
    except HarnessError as error:
        return report_error(scratch, "exception", str(error))
    except MemoryError as error:
        return report_error(scratch, "memory", f"out of memory: {error}")
    write_whole(scratch / "outcome.json", msgspec.json.encode(outcome))
    return 0


def die_with_parent() -> None:
    """End this process group when the parent is gone, however it went: its end of our stdin closes with it."""

    def wait_for_end() -> None:
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)

    if os.environ.get("HARNESS_CHILD") == "1":
        threading.Thread(target=wait_for_end, daemon=True).start()


def report_error(scratch: Path, kind: FailureKind, message: str) -> int:
    """Leave a known error for the parent and return the exit code that says so."""
    write_whole(scratch / "error.json", msgspec.json.encode(ChildError(kind, message)))
    return EXIT_KNOWN_ERROR


def _measure(job: Job, scratch: Path) -> Outcome:
    if isinstance(job.cell.work, LoadWork):
        opening = bracket.before(job)
        return bracket.after(opening, _load(job, job.cell.work, opening))
    runtime, started = import_module(job.cell.module), time.perf_counter_ns()
    with runtime.open_session(job) as session:
        load_time = Reading("load_time", "s", "lower", ((time.perf_counter_ns() - started) / 1e9,))
        return _quality(job, job.cell.work, session, scratch, (load_time,))


def _load(job: Job, work: LoadWork, opening: bracket.Opening) -> Outcome:
    scratch, runtime = Path(job.scratch), import_module(job.cell.module)
    before, loading_ns = bracket.at_rest(opening), time.perf_counter_ns()
    with runtime.open_session(job) as session:
        loaded_ns = time.perf_counter_ns()
        with metering.watch(job, scratch, before) as watched:
            begun_ns = time.perf_counter_ns()
            measured = loads.measure(session, work, Path(job.assets))
        encoder = msgspec.json.Encoder()
        write_whole(scratch / "requests.jsonl", b"".join(encoder.encode(one) + b"\n" for one in measured.traces))
        times = loading.Times(loading.process_start_ns(), loading_ns, loaded_ns, begun_ns, opening.took_ns,
                              opening.not_warm)
        facts = session.facts()
        readings = (*loading.readings(times, measured.traces, facts), *measured.readings)
        given = Load(facts, measured.windows, measured.traces, readings)
        beside = watched.readings(given)
        # Last: nothing of the client's own test may stand in what was measured, memory included.
        calibration, flags = replay.of_load(measured.traces, measured.windows)
        return Outcome(facts, (*readings, *beside), windows=measured.windows, calibration=calibration,
                       flags=(*measured.flags, *watched.flags(given), *flags))


def _quality(job: Job, work: QualityWork, session: Session, scratch: Path, readings: tuple[Reading, ...]) -> Outcome:
    # Imported here: lm_eval's own memory and start-up must not stand in the figures of a load.
    from runners import quality

    if job.suite is None or job.prepared is None:
        raise HarnessError("a quality job needs a suite and prepared weights")
    facts = session.facts()
    # Another version of the engine may answer otherwise: replies of two never stand in one record.
    owner = f"{job.cell.whole.id} {job.prepared.sha256} {facts.engine} {facts.version}"
    parts = Parts(work, job.looks)
    with Journal(Path(job.journal), owner) as journal:
        lm = quality.SessionLM(session, journal, work, Reporter(scratch / progress.FILE))
        texts = scratch / "texts.jsonl" if job.texts else None
        items.write(quality.measure(lm, job.suite, work, parts), scratch / "items.jsonl", texts)
    return Outcome(session.facts(), readings, answered=lm.answered, resumed=lm.resumed, asked=parts.asked,
                   texts="kept" if job.texts else "declined")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
