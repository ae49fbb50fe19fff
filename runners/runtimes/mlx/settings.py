"""Options of the MLX runtime as a frozen record."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Scalar
from harness.core.errors import ConfigError

Count = Annotated[int, Meta(ge=1)]


class MlxSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`batch_size` sequences are computed at once, `prefill_step` tokens of each in one call.

    Fewer are where they are long: together they may hold `batch_tokens` tokens of keys and values.
    `context` is the longest sequence; the model's own limit counts where it is lower. `dtype` is what is computed in:
    "stored" the type of the weights, another one converts what is not quantized, scales included, when loading; "auto"
    is "stored" on a GPU and float32 on a CPU, where MLX is up to 30 times slower on 16-bit numbers.
    """

    context: Annotated[int, Meta(ge=32)] = 8192
    batch_size: Count = 16
    batch_tokens: Count = 32768
    prefill_step: Annotated[int, Meta(ge=8)] = 512
    dtype: Literal["auto", "stored", "float32", "float16", "bfloat16"] = "auto"
    device: Literal["auto", "gpu", "cpu"] = "auto"

    def rows(self, length: int) -> int:
        """How many sequences of this many tokens to compute at once, at least 1."""
        return max(1, min(self.batch_size, self.batch_tokens // max(1, length)))


def parse_settings(options: Mapping[str, Scalar]) -> MlxSettings:
    """Options of a cell, checked; raises ConfigError naming the valid ones."""
    try:
        return msgspec.convert(dict(options), MlxSettings)
    except msgspec.ValidationError as error:
        names = ", ".join(MlxSettings.__struct_fields__)
        raise ConfigError(f"runtime.options of mlx: {error}", f"the options are {names}") from None
