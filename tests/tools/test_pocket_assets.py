"""The pocket model's files: their digests stand in the model card, and the two formats and the tokenizer agree."""

import hashlib
import json
import struct
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "assets" / "pocket"
FILES = sorted(path.name for path in ASSETS.iterdir() if path.name != "README.md")
TEXTS = ("Zufa lives in Tomiro.", "  two  spaces\n\nand lines", "return max([a * 2 for a in b if a >= 10])",
         '{"name": "Besol", "count": 14}', "naïve café, 12 €", "tabs\tand 'quotes' don't break")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_the_one_the_card_describes(name: str) -> None:
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()
    assert f"| {name} | {(ASSETS / name).stat().st_size} | `{digest}` |" in (ASSETS / "README.md").read_text("utf-8")


def test_the_tensors_are_those_of_the_configuration() -> None:
    config = json.loads((ASSETS / "config.json").read_text("utf-8"))
    with (ASSETS / "model.safetensors").open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    header.pop("__metadata__")
    assert header["model.embed_tokens.weight"]["shape"] == [config["vocab_size"], config["hidden_size"]]
    assert {one["dtype"] for one in header.values()} == {"F16"}
    assert len([name for name in header if name.endswith("q_norm.weight")]) == config["num_hidden_layers"]
    parameters = sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in (x["shape"] for x in header.values()))
    assert 3_000_000 < parameters < 4_000_000


def test_the_chat_template_is_the_same_in_both_formats() -> None:
    config = json.loads((ASSETS / "tokenizer_config.json").read_text("utf-8"))
    assert config["chat_template"].encode() in (ASSETS / "pocket-f16.gguf").read_bytes()[:400_000]
    assert config["eos_token"] == "<|im_end|>"


def test_the_tokenizer_gives_every_text_back() -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")
    tokenizer = tokenizers.Tokenizer.from_file(str(ASSETS / "tokenizer.json"))
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text
    assert [len(tokenizer.encode(digits).ids) for digits in ("7", "42", "123")] == [1, 2, 3]
    assert [tokenizer.token_to_id(name) for name in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")] == [0, 1, 2]


def test_a_label_is_one_token() -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")
    from tools.pocket.triage import LABELS

    tokenizer = tokenizers.Tokenizer.from_file(str(ASSETS / "tokenizer.json"))
    assert all(len(tokenizer.encode(label).ids) == 1 for label in LABELS)
    assert len(tokenizer.encode("<|im_start|>assistant\nbilling").ids) == 4
