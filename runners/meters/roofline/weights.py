"""What one decoding step reads of a model's weights, and what a prompt token costs, by the file's own header.

Read whole: every matrix, and the output matrix, which in tied models is the embedding. Not read: the embedding where it
is only looked up (one row, some kB), experts that were not chosen, layers that predict further tokens, and what sees
or hears. The bytes are those of the file: an engine that keeps the weights in another type reads more or less.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.core import gguf
from harness.core.gguf import Tensor
from runners.meters.roofline import tensors as safetensors

# Names of GGUF (llama.cpp's gguf-py constants), of Hugging Face's checkpoints and of mlx-lm's.
_EMBEDDING = re.compile(r"(^|\.)(token_embd|embed_tokens|wte|word_embeddings|tok_embeddings|embed_in)\.")
_LOOKUP = re.compile(r"(^|\.)(per_layer_token_embd|embed_tokens_per_layer|position_embd|wpe|token_types)\.")
_OUTPUT = re.compile(r"^(model\.|language_model\.|transformer\.)*(output|lm_head|embed_out)\.")
_EXPERTS = re.compile(r"_exps\.|\.experts\.|\.switch_mlp\.")
_ELSEWHERE = re.compile(r"(^|\.)(visual|vision_tower|vision_model|audio_tower|multi_modal_projector|mtp|nextn)\.")
_LAYER = re.compile(r"(?:^|\.)(?:blk|layers|h)\.(\d+)\.")
_EXPERT_COUNTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_USED = ("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "top_k_experts")


@dataclass(frozen=True)
class Weights:
    """`token_bytes` are read to decode one token; a prompt token takes `prefill_operations` (2 for each weight used).

    The output matrix is left out of the latter: a prompt needs it once. Attention over what came before is in neither.
    """

    parameters: int
    token_bytes: float
    prefill_operations: float
    dense: bool


@dataclass(frozen=True)
class Kind:
    """Of a model: the share of its experts that a token uses, and its number of layers (None: all there are)."""

    expert_share: float = 1.0
    layers: int | None = None


def weights_of(path: Path) -> Weights | None:
    """Of a GGUF file (with its shards) or a folder of safetensors; None where there is neither.

    Raises HarnessError or ValueError for a damaged header.
    """
    if path.is_file() and path.suffix == ".gguf":
        header = gguf.read_header(path)
        found = [tensor for shard in gguf.shards(path) for tensor in gguf.read_tensors(shard)]
        return count(found, _kind_of_gguf(header))
    files = safetensors.files_of(path) if path.is_dir() else []
    if not files:
        return None
    config = safetensors.config_of(path)
    bits = safetensors.bits_of(config)
    return count([one for file in files for one in safetensors.read_tensors(file, bits)], _kind_of_folder(config))


def _kind_of_gguf(header: gguf.Header) -> Kind:
    def told(name: str) -> int:
        return int(header.get(f"{header.get('general.architecture')}.{name}", 0))

    layers = told("block_count") - told("nextn_predict_layers")
    experts, used = told("expert_count"), told("expert_used_count")
    return Kind(used / experts if experts and used else 1.0, layers if layers > 0 else None)


def _kind_of_folder(config: dict[str, object]) -> Kind:
    def told(*names: str) -> int:
        return next((value for name in names if isinstance(value := config.get(name), int) and value), 0)

    experts, used = told(*_EXPERT_COUNTS), told(*_EXPERTS_USED)
    return Kind(used / experts if experts and used else 1.0, told("num_hidden_layers") or None)


def count(found: Iterable[Tensor], kind: Kind) -> Weights:
    """Add up the tensors of a model."""
    kept = [one for one in found if _decodes(one.name, kind)]
    untied = any(_OUTPUT.search(one.name) for one in kept)
    read = operations = 0.0
    for one in kept:
        share = kind.expert_share if _EXPERTS.search(one.name) else 1.0
        is_embedding = bool(_EMBEDDING.search(one.name))
        if not _LOOKUP.search(one.name) and not (is_embedding and untied):
            read += one.bytes * share
            operations += 0 if is_embedding or _OUTPUT.search(one.name) else 2 * one.elements * share
    dense = not any(_EXPERTS.search(one.name) for one in kept)
    return Weights(sum(one.elements for one in kept), read, operations, dense)


def _decodes(name: str, kind: Kind) -> bool:
    """Whether a tensor has a part in decoding text."""
    layer = _LAYER.search(name)
    beyond = layer is not None and kind.layers is not None and int(layer[1]) >= kind.layers
    return not beyond and not _ELSEWHERE.search(name)
