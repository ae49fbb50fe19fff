"""The process that reads the sensors while a load runs.

    python -m runners.sampler SCRATCH PERIOD_SECONDS

Its parent is the measured process and holds its stdin: each byte asks for a round of readings at once, answered by a
line when it is done; at the end of stdin, however the parent went, it ends. Left in SCRATCH: sensors.json (every sensor
and what became of it, there before the first answer) and meters.jsonl (one `Sample` a line).

A process of its own, because a thread would share the interpreter's lock with the engine's Python. A round that costs
more than a share of the period makes the period longer, up to a bound: never a busy loop.
"""

import os
import select
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.core.record import Sample
from runners.atomic import write_whole
from runners.metering import METERS
from runners.recording import SAMPLES, SENSORS
from runners.sensor import Place, Sensor, Unreadable

# Of one core; and below the gap at which an integral is given up (runners.series.LONGEST_GAP_SECONDS).
_COST_SHARE, _LONGEST_PERIOD_SECONDS = 0.005, 2.0
# A sensor may be busy for a moment; one that fails this often in a row is not asked again.
_FAILURES = 5


class Sampler:
    """Reads the sensors that are due and writes what they say."""

    def __init__(self, sensors: list[Sensor], scratch: Path) -> None:
        self._sensors, self._scratch = sensors, scratch
        self._failures = dict.fromkeys(range(len(sensors)), 0)
        self._round = 0
        self._encoder = msgspec.json.Encoder()
        self._note()

    def read(self, out: BinaryIO, everything: bool = False) -> None:
        """One round: sensors whose turn it is, or all of them; lines are written whole."""
        lines = []
        for index, sensor in enumerate(self._sensors):
            if sensor.read is None or not (everything or self._round % sensor.every == 0):
                continue
            sample = self._sample(index, sensor)
            lines += [self._encoder.encode(sample) + b"\n"] if sample else []
        out.write(b"".join(lines))
        out.flush()
        self._round += 1

    def _sample(self, index: int, sensor: Sensor) -> Sample | None:
        assert sensor.read is not None
        at_ns = time.perf_counter_ns()
        try:
            value = sensor.read()
        except Unreadable as error:
            self._failures[index] += 1
            if self._failures[index] == _FAILURES:
                facts = msgspec.structs.replace(sensor.facts, reason=str(error))
                self._sensors[index] = replace(sensor, facts=facts, read=None)
                self._note()
            return None
        self._failures[index] = 0
        return Sample(at_ns, sensor.facts.name, value, sensor.facts.unit)

    def _note(self) -> None:
        write_whole(self._scratch / SENSORS, msgspec.json.encode([sensor.facts for sensor in self._sensors]))


def found(place: Place) -> list[Sensor]:
    """Every meter's sensors; those that two of them need stand once."""
    sensors = [sensor for meter in METERS for sensor in meter.sensors(place)]
    return list({sensor.facts.name: sensor for sensor in sensors}.values())


def main(scratch: Path, period_seconds: float) -> None:
    """Read until stdin ends."""
    sampler = Sampler(found(Place(os.getppid())), scratch)
    with (scratch / SAMPLES).open("ab") as out:
        asked, pause = True, period_seconds
        while True:
            started = time.process_time()
            sampler.read(out, everything=asked)
            if asked:
                sys.stdout.write("read\n")
                sys.stdout.flush()
            cost = (time.process_time() - started) / _COST_SHARE
            pause = max(period_seconds, min(cost, _LONGEST_PERIOD_SECONDS))
            asked = bool(select.select([0], [], [], pause)[0])
            if asked and not os.read(0, 64):
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
