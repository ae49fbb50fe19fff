"""Write the trained model as Hugging Face files: F16 safetensors, configuration, tokenizer and chat template.

Run: python -m tools.pocket export --work DIR --assets DIR. `transformers.AutoModelForCausalLM` loads the folder.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tools.pocket.model import Pocket, Shape
from tools.pocket.tokens import CHAT_TEMPLATE, END, PAD, START, load

CONTEXT = Shape().context


def read_checkpoint(path: Path) -> Pocket:
    """The model of a training checkpoint, in fp32."""
    model = Pocket(Shape())
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])
    model.eval()
    return model


def config(shape: Shape, pad: int, end: int) -> dict[str, object]:
    """config.json of a Qwen3 model."""
    return {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": shape.vocab,
        "hidden_size": shape.hidden, "intermediate_size": shape.inner, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
        "hidden_act": "silu", "max_position_embeddings": shape.context, "rms_norm_eps": shape.eps,
        "rope_theta": shape.rope_theta, "attention_bias": False, "attention_dropout": 0.0, "use_sliding_window": False,
        "tie_word_embeddings": True, "initializer_range": 0.02, "torch_dtype": "float16", "use_cache": True,
        "bos_token_id": pad, "eos_token_id": end, "pad_token_id": pad,
    }


def tokenizer_config(ids: dict[str, int]) -> dict[str, object]:
    """tokenizer_config.json: no token is added by itself; the chat template writes the marks."""
    flags = {"special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False}
    added = {str(number): {"content": name, **flags} for name, number in ids.items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": added, "bos_token": None,
        "eos_token": END, "pad_token": PAD, "unk_token": None, "add_bos_token": False, "add_prefix_space": False,
        "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT, "chat_template": CHAT_TEMPLATE,
    }


def write_json(path: Path, content: dict[str, object]) -> None:
    """One readable JSON file."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def run(work: Path, assets: Path) -> None:
    """Export the newest checkpoint of `work` into `assets`."""
    assets.mkdir(parents=True, exist_ok=True)
    tokenizer = load(work / "tokenizer.json")
    ids = {name: tokenizer.token_to_id(name) for name in (PAD, START, END)}
    model = read_checkpoint(work / "checkpoint.pt")
    weights = {name: one.detach().to(torch.float16).contiguous() for name, one in model.state_dict().items()}
    save_file(weights, assets / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(assets / "tokenizer.json"))
    write_json(assets / "config.json", config(model.shape, ids[PAD], ids[END]))
    write_json(assets / "generation_config.json", {
        "do_sample": False, "bos_token_id": ids[PAD], "eos_token_id": ids[END], "pad_token_id": ids[PAD]})
    write_json(assets / "tokenizer_config.json", tokenizer_config(ids))
