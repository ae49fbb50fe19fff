"""The files a sampler leaves in a child's scratch folder, read back as series."""

from pathlib import Path

import msgspec

from harness.core.record import Sample
from runners.sensor import SensorFacts
from runners.series import Series

SENSORS, SAMPLES = "sensors.json", "meters.jsonl"


def sensors(scratch: Path) -> list[SensorFacts]:
    """What the sampler says of its sensors; empty where it never began."""
    path = scratch / SENSORS
    return msgspec.json.decode(path.read_bytes(), type=list[SensorFacts]) if path.exists() else []


def series(scratch: Path) -> dict[str, Series]:
    """Every sensor's series by name, of missing ones an empty one with the reason; a line cut off by a kill is left."""
    samples: dict[str, list[tuple[int, float]]] = {facts.name: [] for facts in sensors(scratch)}
    decoder = msgspec.json.Decoder(Sample)
    path = scratch / SAMPLES
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        if line.endswith(b"\n"):
            sample = decoder.decode(line)
            samples[sample.sensor].append((sample.at_ns, sample.value))
    return {facts.name: Series.of(facts, samples[facts.name]) for facts in sensors(scratch)}
