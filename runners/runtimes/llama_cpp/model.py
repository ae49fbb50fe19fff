"""Weights in memory: loading, what the file's header says, and what llama.cpp says of itself."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import llama_cpp
from llama_cpp._ggml import libggml

from harness.core.errors import NotFound, UserError
from runners.runtimes.llama_cpp import log
from runners.runtimes.llama_cpp.settings import CACHE_TYPES, LlamaCppSettings
from runners.runtimes.llama_cpp.tokens import Tokens

_META_BYTES = 1 << 16
_DEVICE_CPU = 0
# Architectures whose cache is not "heads x head dimension x layers".
_OTHER_CACHE = ("attention.kv_lora_rank", "ssm.state_size", "wkv.head_size", "full_attention_interval")


class Model:
    """A loaded model; `handle` is llama.cpp's pointer."""

    def __init__(self, handle: ctypes.c_void_p, path: Path) -> None:
        self.handle = handle
        self.path = path
        self.tokens = Tokens(llama_cpp.llama_model_get_vocab(handle))
        self.bytes: int = llama_cpp.llama_model_size(handle)
        self.parameters: int = llama_cpp.llama_model_n_params(handle)
        self.layers: int = llama_cpp.llama_model_n_layer(handle)
        self.context: int = llama_cpp.llama_model_n_ctx_train(handle)

    def meta(self, key: str) -> str:
        """A value of the file's header as text, "" where the key is absent."""
        buffer = ctypes.create_string_buffer(_META_BYTES)
        size = llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, _META_BYTES)
        return buffer.value.decode(errors="replace") if size >= 0 else ""

    def template(self) -> str:
        """Source of the chat template, "" where there is none."""
        found = llama_cpp.llama_model_chat_template(self.handle, None)
        return found.decode() if found else ""

    def description(self) -> str:
        """llama.cpp's own words: architecture, size and weight type."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self.handle, buffer, 256)
        return buffer.value.decode()

    def kv_bytes_per_token(self, settings: LlamaCppSettings) -> float | None:
        """layers x KV heads x (key size + value size) in the cache's types; None for other kinds of cache."""
        arch = self.meta("general.architecture")
        if any(self.meta(f"{arch}.{key}") for key in _OTHER_CACHE):
            return None
        heads: int = llama_cpp.llama_model_n_head_kv(self.handle)
        even = llama_cpp.llama_model_n_embd(self.handle) // max(1, llama_cpp.llama_model_n_head(self.handle))
        key = int(self.meta(f"{arch}.attention.key_length") or even)
        value = int(self.meta(f"{arch}.attention.value_length") or even)
        return self.layers * heads * (key * CACHE_TYPES[settings.type_k][1] + value * CACHE_TYPES[settings.type_v][1])


@contextmanager
def load_model(path: Path, settings: LlamaCppSettings) -> Iterator[Model]:
    """Load a GGUF (a first shard brings the others along); raises UserError where llama.cpp refuses it."""
    log.capture()
    if not path.is_file():
        raise NotFound(f"no weights at {path}", "run again to prepare them")
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = settings.n_gpu_layers
    handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    if not handle:
        raise UserError(f"llama.cpp cannot load {path}: {log.last_error()}",
                        "check that the file is a complete GGUF of an architecture this llama.cpp knows")
    try:
        yield Model(handle, path)
    finally:
        llama_cpp.llama_model_free(handle)


def system_info() -> str:
    """Build flags and instruction sets, as llama.cpp prints them."""
    return str(llama_cpp.llama_print_system_info().decode()).strip()


def engine_version() -> str:
    """Version of the bundled llama.cpp, e.g. "b8245"; "unknown" for bindings too old to tell."""
    if not hasattr(llama_cpp, "llama_version"):
        return "unknown"
    return str(llama_cpp.llama_version().decode())


def device_names(gpu_layers: int) -> str:
    """Devices that compute: the GPUs ggml found where layers are offloaded, else the CPU's name."""
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_description.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_description.restype = ctypes.c_char_p
    found = [libggml.ggml_backend_dev_get(number) for number in range(libggml.ggml_backend_dev_count())]
    named = [(libggml.ggml_backend_dev_type(one), libggml.ggml_backend_dev_description(one).decode()) for one in found]
    cpu = " + ".join(name for kind, name in named if kind == _DEVICE_CPU) or "CPU"
    # Kinds other than CPU and GPU (BLAS and the like) help the CPU and are named in the build flags.
    gpus = " + ".join(name for kind, name in named if kind in (1, 2))
    return gpus if gpus and gpu_layers != 0 else f"CPU: {cpu}"
