"""Weights in memory: loading a model folder, what its files hold, and what MLX says of itself."""

import gc
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.nn import Module
from mlx.utils import tree_flatten
from mlx_lm.generate import wired_limit
from mlx_lm.models.cache import KVCache, make_prompt_cache
from mlx_lm.utils import get_total_parameters, load_config, load_model
from transformers import AutoTokenizer

from harness.core.errors import NotFound, UserError
from runners.hf_tokens import HfTokens
from runners.runtimes.mlx.settings import MlxSettings


@dataclass(frozen=True)
class Model:
    """A loaded model. `stored_bytes` counts its tensors as the files hold them, before any change of type."""

    module: Any  # mlx_lm's models are untyped: tokens [rows, length], cache -> logits [rows, length, vocabulary]
    config: dict[str, Any]
    tokens: HfTokens
    stored_bytes: int
    parameters: int

    @property
    def bits_per_weight(self) -> float:
        """Bits the files spend on one parameter, scales and unquantized tensors included."""
        return self.stored_bytes * 8 / self.parameters

    @property
    def held_bytes(self) -> int:
        """Its tensors as they are in memory."""
        return int(sum(value.nbytes for _, value in tree_flatten(self.module.parameters())))

    @property
    def context(self) -> int | None:
        """The longest sequence the model was made for, None where its configuration does not say."""
        found = {**self.config.get("text_config", {}), **self.config}.get("max_position_embeddings")
        return int(found) if found else None

    @property
    def quantization(self) -> str:
        """How the weights are quantized ("affine 4 bit, groups of 64"), "none" where they are not."""
        found = self.config.get("quantization")
        if not found:
            return "none"
        special = sum(isinstance(value, dict) for value in found.values())
        extra = f", {special} tensors otherwise" if special else ""
        return f"{found.get('mode', 'affine')} {found['bits']} bit, groups of {found['group_size']}{extra}"

    @cached_property
    def kv_bytes_per_token(self) -> float | None:
        """Bytes of keys and values over all layers, found by feeding one token; None for other kinds of cache."""
        cache = make_prompt_cache(self.module)
        if any(type(layer) is not KVCache for layer in cache):
            return None
        mx.eval(self.module(mx.array([[self.tokens.prefix]]), cache=cache))
        return float(sum((layer.keys.nbytes + layer.values.nbytes) / layer.keys.shape[2] for layer in cache))

    @property
    def dtype(self) -> str:
        """Types of the tensors in memory that are not packed integers, e.g. "float16"."""
        found = {str(value.dtype).rpartition(".")[2] for _, value in tree_flatten(self.module.parameters())
                 if mx.issubdtype(value.dtype, mx.floating)}
        return " and ".join(sorted(found))


@contextmanager
def open_model(folder: Path, settings: MlxSettings) -> Iterator[Model]:
    """Load a model folder (mlx-lm's, or Hugging Face's in an architecture mlx-lm knows) and let it go at the end.

    Raises NotFound or UserError for weights that mlx-lm refuses and for a device that is not there.
    """
    _choose_device(settings)
    module, config = read_model(folder)
    tokens = _read_tokens(folder, config)
    stored = sum(value.nbytes for _, value in tree_flatten(module.parameters()))
    dtype = settings.dtype
    if dtype == "auto":
        dtype = "float32" if mx.default_device() == mx.cpu else "stored"
    if dtype != "stored":
        module.set_dtype(getattr(mx, dtype))
    mx.eval(module.parameters())
    model = Model(module, config, tokens, stored, get_total_parameters(module))
    try:
        # On Metal, keeps the weights resident as mlx_lm.generate does; nothing elsewhere.
        with wired_limit(module):
            yield model
    finally:
        module.update_modules(module.children())
        module.clear()
        del module, model
        gc.collect()
        mx.clear_cache()


def read_model(folder: Path) -> tuple[Module, dict[str, Any]]:
    """The model with its weights still on disk, and its configuration; no code from the folder is run."""
    if not (folder / "config.json").is_file() or not any(folder.glob("model*.safetensors")):
        raise NotFound(f"{folder} is no model folder: config.json or model*.safetensors is missing",
                       "name a folder of safetensors in the model's artifacts")
    try:
        module, _ = load_model(folder, lazy=True)
        return module, load_config(folder)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"mlx-lm cannot load {folder}: {str(error).splitlines()[0]}",
                        "check that this mlx-lm knows the architecture and the quantization") from error


def device_name() -> str:
    """The device that computes, as MLX names it."""
    name = str(mx.device_info().get("device_name", platform.machine()))
    if mx.default_device() == mx.cpu:
        return f"CPU: {name}"
    return f"GPU ({'Metal' if mx.metal.is_available() else 'CUDA'}): {name}"


def _choose_device(settings: MlxSettings) -> None:
    if settings.device == "gpu" and not mx.is_available(mx.gpu):
        raise UserError("this MLX has no GPU", "use runtime.options.device=auto")
    if settings.device != "auto":
        mx.set_default_device(getattr(mx, settings.device))


def _read_tokens(folder: Path, config: dict[str, Any]) -> HfTokens:
    """The tokenizer beside the weights, with the ends that config.json or generation_config.json names."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"no tokenizer can be read from {folder}: {str(error).splitlines()[0]}",
                        "check that tokenizer.json and tokenizer_config.json stand beside the weights") from error
    text = {**config.get("text_config", {}), **config}
    ends = text.get("eos_token_id")
    return HfTokens(tokenizer, int(text.get("vocab_size", len(tokenizer))), text.get("bos_token_id"),
                    ends if isinstance(ends, list) else [] if ends is None else [ends])
