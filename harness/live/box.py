"""The box's temperature and memory while cells are measured, from what a sampler writes.

A load has a sampler of its own, whose file is read. Beside quality cells, which nobody times, one is started here.
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import psutil

from harness.core.events import Box
from harness.core.record import Sample
from harness.execute.child import environment

SAMPLES = "meters.jsonl"
_PERIOD_SECONDS = 2.0
_TAIL_BYTES = 8_192  # holds the last round of many sensors


class Sampling:
    """The sampler that runs while no load is measured; nothing happens before `start`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """From now on `samples` grows; does nothing where it runs already."""
        if self._process is not None:
            return
        self._scratch = tempfile.TemporaryDirectory(prefix="quantharness-")
        folder = Path(self._scratch.name)
        command = [sys.executable, "-m", "runners.sampler", str(folder), str(_PERIOD_SECONDS)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True,
            env=environment(sys.executable, folder),
        )

    @property
    def samples(self) -> Path | None:
        """The file it writes, None where it does not run."""
        return Path(self._scratch.name) / SAMPLES if self._scratch else None

    def stop(self) -> None:
        """End it and wait for that: a load must not be measured beside it."""
        if self._process is None or self._scratch is None:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        self._process.kill()
        self._process.wait()
        self._scratch.cleanup()
        self._process = self._scratch = None


def last(samples: Path | None) -> Box:
    """What the sensors said last; empty where nobody reads them."""
    found = _newest(samples)
    heat = [value for name, value in found.items() if name.endswith("_temperature")]
    power = [value for name, value in found.items() if name.startswith("gpu") and name.endswith("_power")]
    available, total = found.get("mem_available"), float(psutil.virtual_memory().total)
    return Box(
        temperature=max(heat, default=None),
        memory_used=None if available is None else total - available,
        memory_total=None if available is None else total,
        gpu_memory_used=found.get("device_memory_used"),
        power_watts=sum(power) if power else None,
    )


def _newest(samples: Path | None) -> dict[str, float]:
    """The newest value of each sensor at the file's end; lines cut off at either side are left."""
    if samples is None or not samples.exists():
        return {}
    with samples.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        lines = stream.read().splitlines(keepends=True)[1 if size > _TAIL_BYTES else 0 :]
    decoder = msgspec.json.Decoder(Sample)
    read = [decoder.decode(line) for line in lines if line.endswith(b"\n")]
    return {one.sensor: one.value for one in read}
