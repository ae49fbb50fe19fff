"""A random Qwen3 model of a few MB as GGUF, written on the spot: an engine can be tested without any download.

Weights are noise with a fixed seed; the tokenizer is real byte-level BPE with ChatML marks and a few merges.
"""

from pathlib import Path

import gguf
import numpy as np

MERGES = ("t h", "Ġ t", "Ġt h", "th e", "Ġth e", "i n", "a n", "an d", "e r", "o n", "Ġ a", "Ġ s", "a t", "e n", "o r")
MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def byte_alphabet() -> list[str]:
    """One printable character per byte, as GPT-2's byte-level BPE writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    shown = {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(rest)}
    return [shown[byte] for byte in range(256)]


def vocabulary(size: int) -> list[str]:
    """Bytes, merged pairs, fillers up to `size`, and the marks last."""
    merged = [merge.replace(" ", "") for merge in MERGES]
    fillers = [f"~{number}" for number in range(size - 256 - len(merged) - len(MARKS))]
    return [*byte_alphabet(), *merged, *fillers, *MARKS]


def write_tiny(path: Path, *, layers: int = 2, vocab: int = 300, context: int = 512, bos: bool = False,
               seed: int = 0) -> Path:
    """Write the model (hidden 256, feed-forward 768, 4 heads, 2 KV heads, F16 matrices) to `path`; `bos` = add_bos."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("tiny random")
    writer.add_context_length(context)
    writer.add_embedding_length(256)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(768)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_key_length(64)
    writer.add_value_length(64)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_tokenizer(writer, vocab, bos)

    def matrix(name: str, rows: int, columns: int, scale: float) -> None:
        writer.add_tensor(name, (rng.standard_normal((rows, columns)) * scale).astype(np.float16))

    def ones(name: str, size: int) -> None:
        writer.add_tensor(name, np.ones(size, dtype=np.float32))

    matrix("token_embd.weight", vocab, 256, 0.2)
    ones("output_norm.weight", 256)
    for layer in range(layers):
        block = f"blk.{layer}."
        for name, size in (("attn_norm", 256), ("ffn_norm", 256), ("attn_q_norm", 64), ("attn_k_norm", 64)):
            ones(f"{block}{name}.weight", size)
        for name, rows, columns in (("attn_q", 256, 256), ("attn_k", 128, 256), ("attn_v", 128, 256),
                                    ("attn_output", 256, 256), ("ffn_gate", 768, 256), ("ffn_up", 768, 256),
                                    ("ffn_down", 256, 768)):
            matrix(f"{block}{name}.weight", rows, columns, 0.08)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, vocab: int, bos: bool) -> None:
    tokens = vocabulary(vocab)
    kinds = [gguf.TokenType.NORMAL] * (vocab - len(MARKS)) + [gguf.TokenType.CONTROL] * len(MARKS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(list(MERGES))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(bos)
    writer.add_chat_template(CHAT_TEMPLATE)
