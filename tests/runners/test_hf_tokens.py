"""A Hugging Face tokenizer as a vocabulary: bytes, BOS and ends."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="transformers is not installed")

import tokenizers
import transformers
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import UserError
from runners.hf_tokens import HfTokens

POCKET = Path(__file__).parents[2] / "assets" / "pocket"
TOKENS = HfTokens(transformers.AutoTokenizer.from_pretrained(POCKET), 2048, 0, [])


def spaced(**more: Any) -> HfTokens:
    """A vocabulary in SentencePiece's manner: spaces as low lines, unknown bytes by number, BOS before a text."""
    words = ["<s>", "</s>", "<0xC3>", "<0xA9>", "▁the", "▁cat", "s"]
    backend = tokenizers.Tokenizer(tokenizers.models.BPE({word: at for at, word in enumerate(words)}, []))
    backend.decoder = tokenizers.decoders.Sequence([tokenizers.decoders.Replace("▁", " "),
                                                    tokenizers.decoders.ByteFallback()])
    backend.add_special_tokens(["<s>", "</s>"])
    backend.post_processor = tokenizers.processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 0)])
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", **more)
    return HfTokens(wrapped, len(words), None, [])


@given(st.text(max_size=30))
def test_the_bytes_of_a_texts_tokens_are_the_text(text: str) -> None:
    wanted = unicodedata.normalize("NFC", text)
    ids = TOKENS.encode(wanted)
    if not {0, 1, 2} & set(ids):
        assert b"".join(map(TOKENS.piece, ids)).decode() == wanted


def test_control_tokens_have_no_bytes_and_end_a_reply_where_they_are_known_to() -> None:
    assert TOKENS.encode("<|im_start|>\n<|im_end|>")[::2] == [1, 2]
    assert [TOKENS.piece(token) for token in range(3)] == [b""] * 3
    assert [TOKENS.is_end(token) for token in range(4)] == [True, False, True, False]


def test_without_a_bos_in_the_tokenizer_the_models_own_begins_a_bare_text() -> None:
    assert (TOKENS.add_bos, TOKENS.prefix) == (False, 0)


def test_low_lines_are_spaces_and_numbered_bytes_are_bytes() -> None:
    assert [spaced().piece(token) for token in (4, 6, 2, 3)] == [b" the", b"s", b"\xc3", b"\xa9"]


def test_bos_stands_once() -> None:
    vocabulary = spaced()
    assert vocabulary.add_bos
    assert vocabulary.encode("s") == vocabulary.encode("<s>s") == [0, 6]
    assert vocabulary.encode_bare("s") == [6]


def test_a_template_that_is_missing_or_refuses_is_an_error_in_one_line() -> None:
    with pytest.raises(UserError, match="no chat template"):
        spaced().render([("user", "s")], True)
    picky = spaced(chat_template="{{ raise_exception('only one speaks') }}")
    with pytest.raises(UserError, match="only one speaks"):
        picky.render([("user", "s")], True)
