"""What the header of a GGUF file says of the model in it, without an engine.

Format: ggml/docs/gguf.md. Metadata pairs come first, then one record per tensor; the weights are not read. How large a
tensor is follows from where the next one begins, so that no table of quantization types can be out of date; what fills
up to the alignment counts with the tensor before it.
"""

import math
import re
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from harness.core.errors import ConfigError, NotFound

# Value types of gguf.md as struct formats; 8 is a string, 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_TEXT = 1 << 24  # chat templates are the longest texts, some 10 kB
_ALIGNMENT = 32  # where general.alignment does not say

_FIRST_SHARD = re.compile(r"-00001-of-(\d{5})\.gguf$")

Header = dict[str, bool | int | float | str]


class Tensor(NamedTuple):
    """One tensor: its name, how many numbers it has, and how many bytes they take in the file."""

    name: str
    elements: int
    bytes: int


class _Place(NamedTuple):
    """A tensor's record: its data begins `offset` bytes behind the header's end."""

    name: str
    elements: int
    offset: int


def shards(path: Path) -> list[Path]:
    """All shards of a split GGUF whose first one is given, else the file alone."""
    first = _FIRST_SHARD.search(path.name)
    return sorted(path.parent.glob(f"{path.name[: first.start()]}-*-of-{first[1]}.gguf")) if first else [path]


def _scalar(stream: BinaryIO, code: str) -> int | float | bool:
    size = struct.calcsize("<" + code)
    value: int | float | bool = struct.unpack("<" + code, stream.read(size))[0]
    return value


def _count(stream: BinaryIO) -> int:
    return int(_scalar(stream, "Q"))


def _text(stream: BinaryIO) -> str:
    size = _count(stream)
    if size > _LONGEST_TEXT:
        raise ValueError(f"a text of {size} bytes")
    return stream.read(size).decode("utf-8", "replace")


def _skip_array(stream: BinaryIO) -> None:
    kind, length = int(_scalar(stream, "I")), _count(stream)
    if kind in _SCALARS:
        stream.seek(length * struct.calcsize("<" + _SCALARS[kind]), 1)
        return
    for _ in range(length):
        _text(stream) if kind == _STRING else _skip_array(stream)


def read_header(path: Path) -> Header:
    """Scalar metadata by name, and "parameters": the number of weights; raises NotFound or ConfigError."""
    header, places, _ = _opened(path)
    return {**header, "parameters": sum(one.elements for one in places)}


def read_tensors(path: Path) -> list[Tensor]:
    """The tensors of one file (of a split model, of this shard), as they lie; raises NotFound or ConfigError."""
    header, places, end = _opened(path)
    alignment = int(header.get("general.alignment", _ALIGNMENT))
    data = end + -end % alignment
    ordered = sorted(places, key=lambda one: one.offset)
    ends = [one.offset for one in ordered[1:]] + [path.stat().st_size - data]
    return [Tensor(one.name, one.elements, stop - one.offset) for one, stop in zip(ordered, ends, strict=True)]


def _opened(path: Path) -> tuple[Header, list[_Place], int]:
    """Metadata, tensor records, and the length of the header in bytes."""
    if not path.is_file():
        raise NotFound(f"no file {path}", "give the path of a GGUF file, or a name from python -m harness list")
    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ConfigError(f"{path} is not a GGUF file", "give the path of a GGUF file")
        try:
            return _read(stream)
        except (struct.error, KeyError, ValueError, OverflowError, OSError, RecursionError) as error:
            raise ConfigError(f"{path}: the GGUF header is damaged ({error!r})", "fetch the file again") from error


def _read(stream: BinaryIO) -> tuple[Header, list[_Place], int]:
    _scalar(stream, "I")  # version
    tensors, pairs = _count(stream), _count(stream)
    header: Header = {}
    for _ in range(pairs):
        name, kind = _text(stream), int(_scalar(stream, "I"))
        if kind == _ARRAY:
            _skip_array(stream)
        else:
            header[name] = _text(stream) if kind == _STRING else _scalar(stream, _SCALARS[kind])
    places = [_place(stream) for _ in range(tensors)]
    return header, places, stream.tell()


def _place(stream: BinaryIO) -> _Place:
    name = _text(stream)
    shape = [_count(stream) for _ in range(int(_scalar(stream, "I")))]
    stream.seek(4, 1)  # the type of its numbers
    return _Place(name, math.prod(shape), _count(stream))
