"""Write the exported model as one F16 GGUF file, tokenizer and chat template inside.

Run: python -m tools.pocket gguf --assets DIR (needs `pip install gguf`). Norms stay F32, as llama.cpp's converter does.
"""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import load_file

from tools.pocket.tokens import CHAT_TEMPLATE, END, PAD, START

NAME = "pocket-f16.gguf"
LAYER_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
TOP_NAMES = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}


def tensor_name(name: str) -> str:
    """The GGUF name of a Hugging Face tensor."""
    if name in TOP_NAMES:
        return TOP_NAMES[name]
    _, _, layer, *middle, last = name.split(".")
    return f"blk.{layer}.{LAYER_NAMES['.'.join(middle)]}.{last}"


def add_shape(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    """The sizes of the model."""
    writer.add_name("pocket")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])


def add_tokens(writer: gguf.GGUFWriter, tokenizer: dict[str, Any]) -> None:
    """Vocabulary, merges, special tokens and chat template."""
    vocab = tokenizer["model"]["vocab"]
    names = sorted(vocab, key=vocab.__getitem__)
    special = {one["content"] for one in tokenizer["added_tokens"]}
    kinds = [gguf.TokenType.CONTROL if name in special else gguf.TokenType.NORMAL for name in names]
    merges = [one if isinstance(one, str) else " ".join(one) for one in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(vocab[PAD])
    writer.add_eos_token_id(vocab[END])
    writer.add_eot_token_id(vocab[END])
    writer.add_pad_token_id(vocab[PAD])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    if START not in vocab:
        raise ValueError(f"the tokenizer has no {START}: train it again with `python -m tools.pocket tokenizer`")


def run(assets: Path) -> Path:
    """Write the GGUF beside the safetensors; returns its path."""
    path = assets / NAME
    writer = gguf.GGUFWriter(path, "qwen3")
    add_shape(writer, json.loads((assets / "config.json").read_text(encoding="utf-8")))
    add_tokens(writer, json.loads((assets / "tokenizer.json").read_text(encoding="utf-8")))
    for name, tensor in load_file(assets / "model.safetensors").items():
        writer.add_tensor(tensor_name(name), tensor.astype(np.float32) if tensor.ndim == 1 else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
