"""A causal language model of transformers: one forward pass, logits only where they are needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from harness.core.errors import UserError
from runners.hf_tokens import HfTokens

Places = tuple[Tensor, Tensor]
"""Rows and columns of a batch, [n] each."""


@dataclass(frozen=True)
class Origin:
    """The folder of a checkpoint, and how its weights are quantized ("none", "awq", "fp8, dequantized on loading")."""

    path: Path
    quantization: str


class Model:
    """`network` on `device` with its `tokens`.

    `shares`: keys and values of a prefix can be computed once for many rows. `merges`: rows of different lengths can
    stand in one cache. Models that keep something else than one key and value per token (recurrent states, windows)
    are computed whole and one row at a time.
    """

    def __init__(self, network: Any, tokens: HfTokens, origin: Origin, device: torch.device) -> None:
        self.network, self.tokens, self.origin, self.device = network, tokens, origin, device
        self.config = network.config.get_text_config()
        head = network.get_output_embeddings()
        if head is None:
            raise UserError(f"{origin.path} is no causal language model: it has no output embeddings")
        self._places: Places | None = None
        self._hook = head.register_forward_pre_hook(self._only_needed)
        kept = self._try_out()
        kinds = {type(layer) for layer in kept}
        whole = all(getattr(layer, "is_initialized", False) for layer in kept)
        self.merges = whole and kinds <= {DynamicLayer, DynamicSlidingWindowLayer}
        self.shares = whole and kinds == {DynamicLayer}
        self.kv_bytes_per_token = sum(_bytes_per_token(layer) for layer in kept) if self.merges else None

    @property
    def context(self) -> int:
        """Tokens the model was made for, 0 where its configuration does not tell."""
        return int(getattr(self.config, "max_position_embeddings", 0) or 0)

    @property
    def held_bytes(self) -> int:
        """Weights in memory, in the type they are kept in; tied ones once."""
        tensors = (*self.network.parameters(), *self.network.buffers())
        return sum({one.data_ptr(): one.nbytes for one in tensors}.values())

    @property
    def dtype(self) -> str:
        """What is computed in: "float32"."""
        return str(self.network.dtype).removeprefix("torch.")

    def close(self) -> None:
        """Let the weights go."""
        self._hook.remove()
        self.network = None
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def logits(self, ids: Tensor, mask: Tensor | None, places: Places, cache: DynamicCache | None = None) -> Tensor:
        """Feed `ids` [rows, new] behind what `cache` holds and return the logits [n, vocabulary] at `places` of them.

        `mask` [rows, held + new] is true for a row's own tokens, None where all are; positions count these. The cache
        grows by `ids`.
        """
        positions = None if mask is None else (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1]:]
        self._places = places
        found: Tensor = self.network(
            input_ids=ids, attention_mask=mask, position_ids=positions,
            past_key_values=cache, use_cache=cache is not None).logits
        return found[0]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def start(self, ids: Tensor) -> tuple[DynamicCache, Tensor]:
        """Feed one row [1, new] into whatever cache the model makes itself; it and the last logits [1, vocabulary]."""
        self._places = _last(ids)
        found = self.network(input_ids=ids, use_cache=True)
        if getattr(found, "past_key_values", None) is None:
            raise UserError(f"{type(self.network).__name__} keeps its state in a way this runtime does not know",
                            "use another runtime")
        return found.past_key_values, found.logits[0]

    def tensor(self, rows: Any) -> Tensor:
        """Numbers on the model's device."""
        return torch.as_tensor(rows, device=self.device)

    def last(self, ids: Tensor) -> Places:
        """The last place of every row."""
        return _last(ids)

    def _only_needed(self, _: Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Before the output layer: only the hidden states whose logits are asked for, [1, n, hidden].

        A vocabulary of 150,000 makes logits of all places larger than the model.
        """
        hidden, places = given[0], self._places
        if places is None:
            return given
        rows, columns = (one.to(hidden.device) for one in places)
        return (hidden[rows, columns][None], *given[1:])

    def _try_out(self) -> list[Any]:
        """Layers of the model's own cache after one token."""
        cache, _ = self.start(torch.tensor([[self.tokens.prefix]], device=self.device))
        return list(getattr(cache, "layers", []))


def _last(ids: Tensor) -> Places:
    rows = torch.arange(len(ids), device=ids.device)
    return rows, torch.full_like(rows, ids.shape[1] - 1)


def _bytes_per_token(layer: Any) -> int:
    """Keys and values of one token in one layer, from a cache that holds one token."""
    return int(layer.keys.numel() * layer.keys.element_size() + layer.values.numel() * layer.values.element_size())
