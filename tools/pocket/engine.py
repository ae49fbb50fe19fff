"""A small greedy llama.cpp session for the pocket model: many sequences in one batch.

Flash attention is off and the KV cache is F32, so that differences between quantizations are those of the weights.
"""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray

SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)  # kept here: C holds a bare pointer to it
SEQUENCES = 32
CONTEXT = SEQUENCES * 256


def quantize(source: Path, target: Path, file_type: int) -> None:
    """Write `target`, the F16 GGUF `source` at another llama.cpp file type."""
    llama_cpp.llama_log_set(SILENT, None)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = file_type, 2
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)):
        raise RuntimeError(f"llama.cpp could not quantize {source} to file type {file_type}")


class Engine:
    """One loaded GGUF file; `close` frees it."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        llama_cpp.llama_log_set(SILENT, None)
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(
            str(path).encode(), llama_cpp.llama_model_default_params())
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = CONTEXT, CONTEXT, 512, SEQUENCES
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = True
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.type_k = params.type_v = llama_cpp.GGML_TYPE_F32
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        self.vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.batch = llama_cpp.llama_batch_init(CONTEXT, 0, 1)

    def close(self) -> None:
        """Free what llama.cpp holds."""
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def clear(self) -> None:
        """Forget all sequences."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def decode(self, entries: list[tuple[int, int, int, bool]]) -> NDArray[np.float32]:
        """Run (token, position, sequence, wanted) entries; the logits of the wanted ones, shape (wanted, vocab)."""
        batch = self.batch
        batch.n_tokens = len(entries)
        for at, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[at], batch.pos[at] = token, position
            batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, sequence, wanted
        if llama_cpp.llama_decode(self.context, batch):
            raise RuntimeError("llama_decode failed: too many tokens at once?")
        rows = [np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, at), (self.vocab,)).copy()
                for at, entry in enumerate(entries) if entry[3]]
        return np.stack(rows)

    def last_logits(self, prompts: list[list[int]]) -> NDArray[np.float32]:
        """Logits after each of up to SEQUENCES prompts; the prompts stay in the cache, one sequence each."""
        self.clear()
        return self.decode([(token, at, number, at == len(prompt) - 1)
                            for number, prompt in enumerate(prompts) for at, token in enumerate(prompt)])

    def generate(self, prompts: list[list[int]], end: int, limit: int) -> list[list[int]]:
        """Greedy continuations of up to SEQUENCES prompts, without the end token."""
        best = self.last_logits(prompts).argmax(axis=1)
        found: list[list[int]] = [[] for _ in prompts]
        live = list(range(len(prompts)))
        for _ in range(limit):
            for number, token in zip(live, best, strict=True):
                found[number].append(int(token))
            live = [number for number in live if found[number][-1] != end]
            if not live:
                break
            best = self.decode([(found[one][-1], len(prompts[one]) + len(found[one]) - 1, one, True)
                                for one in live]).argmax(axis=1)
        return [reply[:-1] if reply and reply[-1] == end else reply for reply in found]

    def text_nats(self, tokens: list[int]) -> float:
        """Negative log-likelihood of tokens[1:], in nats."""
        self.clear()
        logits = self.decode([(token, at, 0, True) for at, token in enumerate(tokens[:-1])]).astype(np.float64)
        top = logits.max(axis=1)
        log_sum = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        return float((log_sum - logits[np.arange(len(tokens) - 1), tokens[1:]]).sum())


def groups(order: list[int]) -> Iterator[list[int]]:
    """Runs of at most SEQUENCES members."""
    for at in range(0, len(order), SEQUENCES):
        yield order[at:at + SEQUENCES]
