"""References: one file each under results/<hw>/references/, written once, never changed or deleted."""

from pathlib import Path

from harness.core.reference import REFERENCE_SCHEMA, Accepted
from harness.store import once
from harness.store.layout import Layout


def write(layout: Layout, accepted: Accepted) -> Path:
    """Store one and return its file; the same one twice is one. Raises HarnessError where the disk refuses."""
    return once.write(layout.reference(accepted.hw, accepted.when, accepted.id), accepted)


def read(layout: Layout) -> list[Accepted]:
    """All of a results folder, oldest first; raises SchemaError for one that this version cannot read."""
    found = map(read_one, layout.root.glob("*/references/*.json"))
    return sorted(found, key=lambda one: (one.when, one.id))


def read_one(path: Path) -> Accepted:
    """One of them; raises SchemaError as `read` does."""
    return once.read(path, Accepted, REFERENCE_SCHEMA, "reference")
