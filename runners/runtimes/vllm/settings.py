"""Options of the vLLM runtime as a frozen record; names follow vLLM's own engine arguments where it has one."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.core.config import Scalar
from harness.core.errors import ConfigError
from runners.cores import usable_cores

Count = Annotated[int, Meta(ge=1)]


class VllmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`max_model_len` is the window in tokens, prompt and reply together (the model's own limit, if that is less).

    `kv_cache_gib` None means 2 GiB on a CPU and on a GPU what `gpu_memory_utilization` leaves. `enforce_eager` None
    switches compilation and CUDA graphs off on a CPU only. `engine_process` puts the engine into a process of its own,
    as a server does. `threads` None means the physical cores this process may use.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantization: str | None = None
    kv_cache_dtype: str = "auto"
    max_model_len: Annotated[int, Meta(ge=32)] = 8192
    max_num_seqs: Count = 64
    max_num_batched_tokens: Annotated[int, Meta(ge=32)] = 2048
    gpu_memory_utilization: Annotated[float, Meta(gt=0, le=1)] = 0.9
    kv_cache_gib: Annotated[float, Meta(gt=0)] | None = None
    tensor_parallel_size: Count = 1
    enforce_eager: bool | None = None
    enable_prefix_caching: bool = False
    engine_process: bool = False
    threads: Count | None = None
    trust_remote_code: bool = False

    @property
    def cores(self) -> int:
        """Threads to compute with on a CPU."""
        return self.threads or usable_cores()


def parse_settings(options: Mapping[str, Scalar]) -> VllmSettings:
    """Options of a cell, checked; raises ConfigError naming the valid ones, or the impossible combination."""
    try:
        settings = msgspec.convert(dict(options), VllmSettings)
    except msgspec.ValidationError as error:
        names = ", ".join(VllmSettings.__struct_fields__)
        raise ConfigError(f"runtime.options of vllm: {error}", f"the options are {names}") from None
    if settings.max_num_batched_tokens < settings.max_num_seqs:
        raise ConfigError("runtime.options of vllm: max_num_batched_tokens is less than max_num_seqs",
                          f"give it at least {settings.max_num_seqs}")
    return settings
