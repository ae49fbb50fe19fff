"""Options of the transformers runtime as a frozen record.

What the weights are is the quantization's affair (hf_f16, awq); what they are computed in is `dtype`, and belongs to
the arm like every option. The defaults are the reference on a CPU, float32, and the checkpoint's own type elsewhere.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Scalar
from harness.core.errors import ConfigError
from runners.cores import usable_cores

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Count = Annotated[int, Meta(ge=1)]


class TransformersSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`context` is the window in tokens, prompt and reply together (the model's own limit, if that is less).

    `batch_tokens` bounds rows x tokens of one batch, padding and cache included; a single longer row runs alone.
    `sequences` are generated at once. `attention` "auto" is what transformers prefers for the model: sdpa, else eager.
    `device` "auto" is the first of cuda, mps, cpu that is there; "balanced" spreads the layers over all GPUs.
    `threads` None means the physical cores this process may use.
    """

    dtype: Dtype = "auto"
    device: Annotated[str, Meta(pattern=r"^(auto|balanced|cpu|mps|cuda(:\d+)?)$")] = "auto"
    attention: str = "auto"
    context: Annotated[int, Meta(ge=32)] = 8192
    batch_tokens: Annotated[int, Meta(ge=32)] = 8192
    sequences: Count = 32
    threads: Count | None = None
    trust_remote_code: bool = False

    @property
    def cores(self) -> int:
        """Threads to compute with."""
        return self.threads or usable_cores()


def parse_settings(options: Mapping[str, Scalar]) -> TransformersSettings:
    """Options of a cell, checked; raises ConfigError naming the valid ones."""
    try:
        return msgspec.convert(dict(options), TransformersSettings)
    except msgspec.ValidationError as error:
        names = ", ".join(TransformersSettings.__struct_fields__)
        raise ConfigError(f"runtime.options of transformers: {error}", f"the options are {names}") from None
