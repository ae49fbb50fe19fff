"""What the header of a GGUF file says of the model in it, without an engine.

Format: ggml/docs/gguf.md. Metadata pairs come first, then one record per tensor; the weights are not read.
"""

import math
import re
import struct
from pathlib import Path
from typing import BinaryIO

from harness.core.errors import ConfigError, NotFound

# Value types of gguf.md as struct formats; 8 is a string, 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_TEXT = 1 << 24  # chat templates are the longest texts, some 10 kB
# general.file_type (llama_ftype) of unquantized files -> our quantization key.
_FULL_PRECISION = {0: "f32", 1: "f16", 32: "bf16"}

_FIRST_SHARD = re.compile(r"-00001-of-(\d{5})\.gguf$")

Header = dict[str, bool | int | float | str]


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
    if not path.is_file():
        raise NotFound(f"no file {path}", "give the path of a GGUF file, or a name from python -m harness list")
    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ConfigError(f"{path} is not a GGUF file", "give the path of a GGUF file")
        try:
            return _read(stream)
        except (struct.error, KeyError, ValueError, OverflowError, OSError, RecursionError) as error:
            raise ConfigError(f"{path}: the GGUF header is damaged ({error!r})", "fetch the file again") from error


def _read(stream: BinaryIO) -> Header:
    _scalar(stream, "I")  # version
    tensors, pairs = _count(stream), _count(stream)
    header: Header = {}
    for _ in range(pairs):
        name, kind = _text(stream), int(_scalar(stream, "I"))
        if kind == _ARRAY:
            _skip_array(stream)
        else:
            header[name] = _text(stream) if kind == _STRING else _scalar(stream, _SCALARS[kind])
    header["parameters"] = sum(_weights(stream) for _ in range(tensors))
    return header


def _weights(stream: BinaryIO) -> int:
    _text(stream)
    shape = [_count(stream) for _ in range(int(_scalar(stream, "I")))]
    stream.seek(4 + 8, 1)  # tensor type and offset
    return math.prod(shape)


def overrides_for(path: Path) -> list[str]:
    """Hydra overrides that describe the model of a local GGUF file; raises ConfigError for a quantized one."""
    header = read_header(path)
    header["parameters"] = sum(int(read_header(shard)["parameters"]) for shard in shards(path))
    kind = int(header.get("general.file_type", -1))
    if kind not in _FULL_PRECISION:
        raise ConfigError(
            f"{path.name} is quantized already", "give its F16 or BF16 file; quantizations are made on the box"
        )
    texts = {"name": str(header.get("general.name", path.stem)), "artifacts.gguf.location": str(path)}
    figures = {"native": _FULL_PRECISION[kind], **_figures(header)}
    quoted = [f"model.{key}={_quoted(value)}" for key, value in texts.items()]
    return quoted + [f"model.{key}={value}" for key, value in figures.items() if value]


def _figures(header: Header) -> dict[str, int]:
    """Configuration keys with what the header says; 0 where it does not."""

    def named(name: str) -> int:
        return int(header.get(f"{header.get('general.architecture')}.{name}", 0))

    layers, heads, parameters = named("block_count"), named("attention.head_count"), int(header["parameters"])
    width = named("attention.key_length") or (named("embedding_length") // heads if heads else 0)
    return {
        "layers": layers,
        "context": named("context_length"),
        "params.value": parameters,
        "active_params.value": 0 if named("expert_count") else parameters,
        "kv_bytes_per_token.value": 2 * layers * named("attention.head_count_kv") * width * 2,
    }


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
