"""Options of the llama.cpp runtime as a frozen record; names follow llama.cpp's own.

The defaults are the reference settings: F32 KV cache and no flash attention, which stay within 5e-5 nats a token of
the same weights in float32 PyTorch.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Scalar
from harness.core.errors import ConfigError
from runners.cores import usable_cores

CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
# ggml type number, bytes per element
CACHE_TYPES: dict[CacheType, tuple[int, float]] = {
    "f32": (0, 4.0), "f16": (1, 2.0), "bf16": (30, 2.0), "q8_0": (8, 34 / 32), "q5_1": (7, 24 / 32),
    "q5_0": (6, 22 / 32), "q4_1": (3, 20 / 32), "q4_0": (2, 18 / 32), "iq4_nl": (20, 18 / 32),
}
# llama.cpp's limit is 256; two are kept for a shared prefix and for fillers.
MAX_SEQUENCES = 254
_FLASH = {"auto": -1, "off": 0, "on": 1}

Count = Annotated[int, Meta(ge=1)]


class LlamaCppSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`n_ctx` tokens of KV cache are shared by up to `n_seq_max` sequences; one sequence may use all of them.

    `n_batch` tokens go into one decode call and `n_ubatch` through the graph at once. `n_threads` None means the
    physical cores this process may use. `n_gpu_layers` -1 offloads every layer where the build has a GPU.
    """

    n_ctx: Annotated[int, Meta(ge=32)] = 8192
    n_batch: Annotated[int, Meta(ge=16, multiple_of=16)] = 512
    n_ubatch: Annotated[int, Meta(ge=16, multiple_of=16)] = 512
    n_seq_max: Annotated[int, Meta(ge=1, le=MAX_SEQUENCES)] = 64
    n_threads: Count | None = None
    n_gpu_layers: Annotated[int, Meta(ge=-1)] = -1
    flash_attention: bool | Literal["off", "on", "auto"] = "off"
    type_k: CacheType = "f32"
    type_v: CacheType = "f32"

    @property
    def threads(self) -> int:
        """Threads to start."""
        return self.n_threads or usable_cores()

    @property
    def flash(self) -> str:
        """Flash attention as a word; YAML turns a bare `off` into false."""
        if isinstance(self.flash_attention, bool):
            return "on" if self.flash_attention else "off"
        return self.flash_attention

    @property
    def flash_number(self) -> int:
        """llama.cpp's number for `flash`."""
        return _FLASH[self.flash]


def parse_settings(options: Mapping[str, Scalar]) -> LlamaCppSettings:
    """Options of a cell, checked; raises ConfigError naming the valid ones, or the impossible combination."""
    try:
        settings = msgspec.convert(dict(options), LlamaCppSettings)
    except msgspec.ValidationError as error:
        names = ", ".join(LlamaCppSettings.__struct_fields__)
        raise ConfigError(f"runtime.options of llama_cpp: {error}", f"the options are {names}") from None
    if CACHE_TYPES[settings.type_v][1] < 2 and settings.flash == "off":
        raise ConfigError(f"runtime.options of llama_cpp: type_v={settings.type_v} needs flash attention",
                          "add runtime.options.flash_attention=on")
    return settings
