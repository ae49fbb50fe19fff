"""`calibrate`: how exact is the load generator on this box, at 1 to 1,024 streams? Kept under results/.

    python -m harness calibrate streams=64,256 rate=100 requests=20
    python -m harness calibrate stored

Each trial drives a bundled server, in a process of its own, that sends tokens at times it knows exactly, all streams
together as a batching engine does. The rest of the words are those of `core.calibration.Schedule`: tokens,
tokens_per_chunk, first_seconds, jitter, seed, together.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from harness import bundle, environment, machine
from harness.core.calibration import Calibrated, CalibrationJob, Schedule, Trial
from harness.core.config import Hardware
from harness.core.errors import ConfigError, HarnessError
from harness.core.record import Calibration
from harness.execute import child, collect
from harness.store import calibrations
from harness.store.layout import Layout
from harness.verbs import Arguments, stored
from harness.verbs.calibrate_table import show

_USUAL = {"streams": "1,64,256,1024", "requests": "12", "rate": "50", "tokens": "40", "first_seconds": "0.1",
          "together": "true"}
_START_SECONDS = 30.0  # of a trial's processes, on a slow disk
_SLACK = 5.0  # how much longer than scheduled the slowest client may take
_RECORDED = ("numpy", "msgspec", "psutil")


def main(args: Arguments) -> int:
    """Calibrate, show and keep; with the word `stored` show the last one kept."""
    console = Console(highlight=False)
    folders = [word for word in args.overrides if word.startswith("results=")]
    words = [word for word in args.overrides if word not in folders]
    layout = Layout(stored.parse(folders, most=0).results)
    if words == ["stored"]:
        show(*calibrations.newest(layout), console)
        return 0
    wanted = trials(words)
    seconds = sum(trial.seconds for trial in wanted)
    console.print(f"Calibrating: {len(wanted)} trials, about {seconds + len(wanted):.0f} s; leave the machine alone")
    made, hw = _made(wanted, args.conf_dirs, lambda line: console.print(f"  {line}"))
    show(made, calibrations.write(layout, hw, made), console)
    return 0


def trials(words: Sequence[str]) -> tuple[Trial, ...]:
    """One trial per number of streams; raises ConfigError for a word that means nothing, or a number that cannot be."""
    if strange := [word for word in words if "=" not in word]:
        raise ConfigError(f"calibrate takes no {strange[0]!r}", "for example python -m harness calibrate streams=1,64")
    given = {**_USUAL, **dict(word.split("=", 1) for word in words)}
    each = given.pop("streams").strip("()[]").split(",")
    try:
        built = [{"streams": one, "requests": given["requests"],
                  "schedule": {key: value for key, value in given.items() if key != "requests"}} for one in each]
        return msgspec.convert(built, tuple[Trial, ...], strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(("streams", "requests", *Schedule.__struct_fields__))
        raise ConfigError(f"calibrate: {error}", f"the words are {known}") from None


def _made(wanted: tuple[Trial, ...], conf_dirs: tuple[Path, ...], say: Callable[[str], None]) -> tuple[Calibrated, str]:
    """The calibration and the box it is of, in the Python that measures servers where one was made."""
    here = machine.inspect()
    boxes = tuple(bundle.catalogue("hw", Hardware, conf_dirs).values())
    used = environment.registered("openai", environment.home())
    started, clock = datetime.now(UTC), time.monotonic()
    found = _measured(wanted, used.python if used else sys.executable, say)
    site = environment.ask(used)[1] if used else None
    packages, name = machine.packages(_RECORDED, site), used.name if used else ""
    made = Calibrated(here, machine.source(bundle.root()), packages, name, f"{started:%Y-%m-%dT%H:%M:%SZ}",
                      time.monotonic() - clock, wanted, found)
    return made, machine.detect(boxes, here).key


def _measured(wanted: tuple[Trial, ...], python: str, say: Callable[[str], None]) -> tuple[Calibration, ...]:
    """Each trial's errors, from a child; raises HarnessError with its reason where it fails."""
    patience = sum(_START_SECONDS + _SLACK * trial.seconds for trial in wanted)
    with tempfile.TemporaryDirectory(prefix="quantharness-") as name:
        scratch = Path(name)
        (scratch / "job.json").write_bytes(msgspec.json.encode(CalibrationJob(wanted)))
        tick = child.Tick(1.0, _ticker(scratch, wanted, say))
        ended = child.run("runners.calibrate", scratch, patience, tick, python)
        if ended.exit_code:
            raise HarnessError(f"the calibration failed: {collect.reason(scratch, ended).message}")
        return msgspec.json.decode((scratch / "found.json").read_bytes(), type=tuple[Calibration, ...])


def _ticker(scratch: Path, wanted: tuple[Trial, ...], say: Callable[[str], None]) -> Callable[[], None]:
    """Says which trials are done."""
    told = 0

    def tick() -> None:
        nonlocal told
        path = scratch / "progress"
        done = int(path.read_text() or 0) if path.exists() else 0
        for trial in wanted[told:done]:
            say(f"{trial.streams:,} streams done")
        told = max(told, done)

    return tick
