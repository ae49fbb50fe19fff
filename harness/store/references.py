"""References: one file each under results/<hw>/references/, written once, never changed or deleted."""

from pathlib import Path

import msgspec

from harness.core.errors import HarnessError, SchemaError
from harness.core.reference import REFERENCE_SCHEMA, Accepted
from harness.store.layout import Layout


def write(layout: Layout, accepted: Accepted) -> Path:
    """Store one and return its file; the same one twice is one. Raises HarnessError where the disk refuses."""
    path = layout.reference(accepted.hw, accepted.when, accepted.id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.json.format(msgspec.json.encode(accepted), indent=1))
        part.rename(path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}", "free some space") from error
    return path


def read(layout: Layout) -> list[Accepted]:
    """All of a results folder, oldest first; raises SchemaError for one that this version cannot read."""
    found = sorted(layout.root.glob("*/references/*.json"), key=lambda path: path.name)
    return sorted(map(_one, found), key=lambda one: (one.when, one.id))


def _one(path: Path) -> Accepted:
    try:
        accepted = msgspec.json.decode(path.read_bytes(), type=Accepted)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{path} is no reference: {error}", "move it away or restore it") from error
    if accepted.schema != REFERENCE_SCHEMA:
        raise SchemaError(f"{path} has schema {accepted.schema}; this version reads {REFERENCE_SCHEMA}",
                          "upgrade the harness")
    return accepted
