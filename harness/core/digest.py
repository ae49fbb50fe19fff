"""Content identity: canonical JSON and sha256, so that equal things have equal names everywhere."""

import hashlib
from pathlib import Path

import msgspec

_CHUNK_BYTES = 1 << 20


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces; equal values give equal bytes."""
    return msgspec.json.encode(msgspec.to_builtins(value), order="deterministic")


def short_id(value: object) -> str:
    """First 12 hex digits of the sha256 of `canonical(value)`."""
    return hashlib.sha256(canonical(value)).hexdigest()[:12]


def text_digest(text: str) -> str:
    """First 16 hex digits of the sha256 of a text in UTF-8: names a prompt or a reply."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def storable(text: str) -> str:
    """The text with half a surrogate pair, which no UTF-8 can hold, as its escape ("\\ud800"); of the same digest."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, hex; raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
