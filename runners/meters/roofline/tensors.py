"""What the header of a safetensors file or folder says, without loading a weight.

Format: 8 bytes of length, then JSON of name -> type, shape and place (huggingface/safetensors README).
"""

import math
import struct
from pathlib import Path
from typing import Any

import msgspec

from harness.core.gguf import Tensor

_LONGEST_HEADER = 100_000_000  # the format's own limit
_INDEX = "model.safetensors.index.json"
# Bits of the types that hold several numbers each where the checkpoint is quantized below 8 bits.
_PACKING = {"I32": 32, "U32": 32, "I64": 64, "U8": 8, "I8": 8}


class _Entry(msgspec.Struct):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


class _Index(msgspec.Struct):
    weight_map: dict[str, str]


def files_of(folder: Path) -> list[Path]:
    """The files that hold a checkpoint's weights: those its index names, else model*.safetensors, else all there are.

    Some repositories hold the same weights a second time under another name.
    """
    index = folder / _INDEX
    if index.is_file():
        names = set(msgspec.json.decode(index.read_bytes(), type=_Index).weight_map.values())
        return [folder / name for name in sorted(names)]
    return sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("*.safetensors"))


def read_tensors(path: Path, bits: int = 0) -> list[Tensor]:
    """The tensors of one file; `bits` of a number where they are packed into integers, 0 where they are not.

    Raises ValueError for what is no safetensors file.
    """
    with path.open("rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\xff"))
        if size > _LONGEST_HEADER:
            raise ValueError(f"{path} is no safetensors file")
        entries = msgspec.json.decode(stream.read(size), type=dict[str, msgspec.Raw])
    found = {name: msgspec.json.decode(raw, type=_Entry) for name, raw in entries.items() if name != "__metadata__"}
    return [
        Tensor(name, math.prod(one.shape) * _packed(one.dtype, bits), one.data_offsets[1] - one.data_offsets[0])
        for name, one in found.items()
    ]


def _packed(dtype: str, bits: int) -> int:
    """How many numbers one element holds."""
    return max(1, _PACKING.get(dtype, 0) // bits) if 0 < bits < 8 else 1


def config_of(folder: Path) -> dict[str, Any]:
    """config.json, the part about text over what stands around it; {} where there is none."""
    path = folder / "config.json"
    if not path.is_file():
        return {}
    whole: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return {**whole, **whole.get("text_config", {})}


def bits_of(config: dict[str, Any]) -> int:
    """Bits of a quantized weight, 0 where the configuration names none."""
    told = config.get("quantization_config") or config.get("quantization") or {}
    groups = told.get("config_groups") or {}
    grouped = [(group.get("weights") or {}).get("num_bits") for group in groups.values() if isinstance(group, dict)]
    found = [told.get("bits"), *grouped, 4 if "fp4" in str(told).lower() else None]
    return next((int(bits) for bits in found if bits), 0)
