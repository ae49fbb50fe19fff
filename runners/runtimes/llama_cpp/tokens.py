"""Text to token ids and back, by the model's own vocabulary; the one place that decides about BOS."""

import ctypes
from collections.abc import Sequence
from functools import lru_cache

import llama_cpp

_PIECE_BYTES = 256


class Tokens:
    """The vocabulary of a loaded model. Special tokens written in a text are parsed as such."""

    def __init__(self, vocab: ctypes.c_void_p) -> None:
        self._vocab = vocab
        self.size: int = llama_cpp.llama_vocab_n_tokens(vocab)
        self.bos: int = llama_cpp.llama_vocab_bos(vocab)
        self.eos: int = llama_cpp.llama_vocab_eos(vocab)
        self.add_bos = bool(llama_cpp.llama_vocab_get_add_bos(vocab))
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._encode = lru_cache(maxsize=256)(self._tokenize)

    @property
    def prefix(self) -> int:
        """What stands before a text scored without context: BOS where there is one, else EOS, else token 0."""
        return next((token for token in (self.bos, self.eos) if token >= 0), 0)

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt; BOS comes first, once, where the model's metadata asks for it."""
        ids = self.encode_bare(text)
        if self.add_bos and self.bos >= 0 and ids[:1] != [self.bos]:
            return [self.bos, *ids]
        return ids

    def encode_bare(self, text: str) -> list[int]:
        """Ids of a text without any BOS added."""
        return list(self._encode(text))

    def piece(self, token: int) -> bytes:
        """UTF-8 bytes of one token, possibly part of a character; b"" for control tokens."""
        found = self._pieces.get(token)
        if found is None:
            found = self._pieces[token] = self._piece(token, special=False)
        return found

    def name(self, token: int) -> str:
        """A token as text with control tokens spelt out ("<|im_end|>"), "" for none (-1)."""
        return self._piece(token, special=True).decode(errors="replace") if token >= 0 else ""

    def is_end(self, token: int) -> bool:
        """Whether the token ends a generation (EOS, end of turn, end of message)."""
        found = self._ends.get(token)
        if found is None:
            found = self._ends[token] = bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; bytes that are not UTF-8 become the replacement character."""
        return b"".join(map(self.piece, tokens)).decode(errors="replace")

    def _tokenize(self, text: str) -> tuple[int, ...]:
        data = text.encode()
        room = len(data) + 8
        buffer = (ctypes.c_int32 * room)()
        count: int = llama_cpp.llama_tokenize(self._vocab, data, len(data), buffer, room, False, True)
        if count < 0:
            buffer = (ctypes.c_int32 * -count)()
            count = llama_cpp.llama_tokenize(self._vocab, data, len(data), buffer, -count, False, True)
        return tuple(buffer[:count])

    def _piece(self, token: int, *, special: bool) -> bytes:
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        size: int = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, _PIECE_BYTES, 0, special)
        if size < 0:
            buffer = ctypes.create_string_buffer(-size)
            size = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, -size, 0, special)
        return buffer.raw[:abs(size)]
