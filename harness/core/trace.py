"""A trace of requests to replay: JSON lines {"arrival_seconds": 0.5, "input_tokens": 100, "output_tokens": 20}."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Load
from harness.core.digest import file_digest
from harness.core.errors import ConfigError, NotFound

Tokens = Annotated[int, Meta(ge=1)]


class Arrival(Struct, frozen=True, forbid_unknown_fields=True):
    """One request: when it comes, counted from any start, and its lengths."""

    arrival_seconds: Annotated[float, Meta(ge=0)]
    input_tokens: Tokens
    output_tokens: Tokens


def trace_file(load: Load, assets: Path) -> Path:
    """Where its trace lies: a path, or a name in assets/traces; raises NotFound where it is neither."""
    named = Path(load.trace).expanduser()
    shipped = assets / "traces" / load.trace
    for place in (shipped, named):
        if place.is_file():
            return place
    found = ", ".join(sorted(path.name for path in (assets / "traces").glob("*.jsonl"))) or "none"
    raise NotFound(f"load={load.key}: there is no trace {load.trace}", f"give load.trace=FILE; shipped: {found}")


def read_trace(load: Load, assets: Path) -> list[Arrival]:
    """Its requests by time; raises ConfigError for a line that is none, or a file changed since planning."""
    place = trace_file(load, assets)
    if load.trace_sha256 and file_digest(place) != load.trace_sha256:
        raise ConfigError(f"{place} is not what was planned with", "plan again")
    decoder = msgspec.json.Decoder(Arrival)
    arrivals = []
    for number, line in enumerate(place.read_bytes().splitlines(), 1):
        try:
            arrivals += [decoder.decode(line)] if line.strip() else []
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{place} line {number}: {error}",
                              'write {"arrival_seconds": 0.5, "input_tokens": 100, "output_tokens": 20}') from None
    if not arrivals:
        raise ConfigError(f"{place} holds no request", "give load.trace=FILE")
    return sorted(arrivals, key=lambda one: one.arrival_seconds)
