"""A Hugging Face tokenizer as a vocabulary: the one place that decides about BOS, ends and bytes for such models.

The rules are llama.cpp's, so that runtimes can be laid side by side: special tokens written in a text are parsed as
such, BOS stands once, every end-of-turn token that the vocabulary has ends a reply, and a token's bytes do not depend
on its neighbours (no clean-up of spaces).
"""

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any

from jinja2 import TemplateError

from harness.core.errors import UserError

# Tokens that end a generation wherever they exist (llama.cpp, llama-vocab.cpp: special_eog_ids).
_ENDS = ("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>",
         "<|eom_id|>", "<EOT>", "<|end_of_text|>", "<end_of_utterance>", "<｜end▁of▁sentence｜>")


class HfTokens:
    """The vocabulary of `tokenizer` (a transformers PreTrainedTokenizerBase).

    `size` is the model's number of token ids, `bos` the model's own beginning where the tokenizer names none (None: no
    such token), `ends` the ids that the model's generation settings end a reply with.
    """

    def __init__(self, tokenizer: Any, size: int, bos: int | None, ends: Iterable[int]) -> None:
        self._tokenizer = tokenizer
        self.size = size
        eos = tokenizer.eos_token_id
        self.bos: int = next((one for one in (tokenizer.bos_token_id, bos) if one is not None), -1)
        self.eos: int = -1 if eos is None else eos
        self.add_bos = self.bos >= 0 and tokenizer("a").input_ids[:1] == [self.bos]
        vocabulary = tokenizer.get_vocab()
        self.ends = {*ends, *(vocabulary[name] for name in _ENDS if name in vocabulary)} | ({self.eos} - {-1})
        added = tokenizer.added_tokens_decoder
        self._special = {number for number, token in added.items() if token.special} | self.ends
        self._special |= set(tokenizer.all_special_ids)
        self._added = {number: token.content for number, token in added.items()}
        self._encode = lru_cache(maxsize=256)(self._tokenize)
        self._pieces: dict[int, bytes] = {}

    @property
    def prefix(self) -> int:
        """What stands before a text scored without context: BOS where there is one, else EOS, else token 0."""
        return next((token for token in (self.bos, self.eos) if token >= 0), 0)

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt; BOS comes first, once, where the tokenizer asks for it."""
        ids = self.encode_bare(text)
        return [self.bos, *ids] if self.add_bos and ids[:1] != [self.bos] else ids

    def encode_bare(self, text: str) -> list[int]:
        """Ids of a text without any BOS added."""
        return list(self._encode(text))

    def piece(self, token: int) -> bytes:
        """UTF-8 bytes of one token, possibly part of a character; b"" for control tokens."""
        found = self._pieces.get(token)
        if found is None:
            found = self._pieces[token] = b"" if token in self._special else self._piece(token)
        return found

    def is_end(self, token: int) -> bool:
        """Whether the token ends a generation."""
        return token in self.ends

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages through the model's own chat template; UserError where there is none or it refuses them."""
        if not self.template:
            raise UserError("this model's tokenizer has no chat template",
                            "use a suite with apply_chat_template: false")
        said = [{"role": role, "content": content} for role, content in messages]
        try:
            text: str = self._tokenizer.apply_chat_template(said, tokenize=False,
                                                            add_generation_prompt=add_generation_prompt)
        except (TemplateError, ValueError) as error:
            raise UserError(f"the model's chat template refuses these messages: {error}") from error
        return text

    @cached_property
    def template(self) -> str:
        """The chat template's source, "" where there is none."""
        found = self._tokenizer.chat_template
        return str(self._tokenizer.get_chat_template()) if found else ""

    def _tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _piece(self, token: int) -> bytes:
        if token in self._added:
            return str(self._added[token]).encode()
        text = self._tokenizer.convert_ids_to_tokens(token)
        if text is None:  # ids beyond the vocabulary that only pad the embedding
            return b""
        if self._byte_level:
            return bytes(_BYTES[letter] for letter in text if letter in _BYTES)
        if len(text) == 6 and text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        return str(text).replace("▁", " ").encode()

    @cached_property
    def _byte_level(self) -> bool:
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        return backend is not None and "ByteLevel" in repr(backend.decoder)


def _byte_letters() -> dict[str, int]:
    """The letter that stands for each byte in byte-level BPE, as GPT-2's encoder.py (bytes_to_unicode) chose them."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + at): byte for at, byte in enumerate(others)}


_BYTES = _byte_letters()
