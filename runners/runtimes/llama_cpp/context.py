"""A llama.cpp context with the arrays of one batch: fill numpy views, decode, read logits.

The sequence ids of a token are always consecutive: a pointer into one array 0, 1, 2, ... and a count describe them.

What a token's result owes to its neighbours in a batch is rounding: ggml picks kernels by the number of rows, treats
rows beyond a multiple of four by another kernel than the rest, and sums attention in an order that depends on the cache
cells. On a CPU that is avoided to the last bit by giving batches a multiple of `ROWS` tokens and outputs and placing
tokens in cells equal to their positions modulo `LANES`. Measured: benchmarks/batching.py.
"""

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError, UserError
from runners.runtimes.llama_cpp import log
from runners.runtimes.llama_cpp.model import Model
from runners.runtimes.llama_cpp.settings import CACHE_TYPES, LlamaCppSettings

ROWS, LANES = 8, 16
_PAGE = 256
_INT, _ID = ctypes.POINTER(ctypes.c_int32), ctypes.sizeof(ctypes.c_int32)


@dataclass(frozen=True)
class Made:
    """Bytes of a context's cache and of its buffers of computation, as llama.cpp's log tells them; seconds it took."""

    cache_bytes: int
    compute_bytes: int
    seconds: float


class Context:
    """Room for `sequences` sequences in `cells` tokens of cache, `batch` tokens a call.

    `tokens`, `positions`, `counts` and `wanted` are the batch to fill; `wanted` marks the tokens whose logits are read.
    The ids `carry` and `filler` lie behind the caller's sequences, for a kept prefix and for tokens that only fill up.
    `made` says what making it took.
    """

    made = Made(0, 0, 0.0)

    def __init__(self, handle: ctypes.c_void_p, settings: LlamaCppSettings, sequences: int, cells: int,
                 vocabulary: int) -> None:
        self.sequences, self.cells, self.batch = sequences, cells, settings.n_batch
        self.carry, self.filler = sequences, sequences + 1
        self._handle, self._vocabulary = handle, vocabulary
        self._ubatch = min(settings.n_ubatch, settings.n_batch)
        self._memory = llama_cpp.llama_get_memory(handle)
        self._ids = np.arange(sequences + 2, dtype=np.int32)
        self.tokens = np.zeros(self.batch, dtype=np.int32)
        self.positions = np.zeros(self.batch, dtype=np.int32)
        self.counts = np.ones(self.batch, dtype=np.int32)
        self.wanted = np.zeros(self.batch, dtype=np.int8)
        self._pointers = np.zeros(self.batch, dtype=np.uint64)
        self._first = np.uint64(self._ids.ctypes.data)
        self._seen, self._view = (0, 0), np.empty((0, 0), dtype=np.float32)
        self._batch = llama_cpp.llama_batch()
        self._batch.token = self.tokens.ctypes.data_as(_INT)
        self._batch.pos = self.positions.ctypes.data_as(_INT)
        self._batch.n_seq_id = self.counts.ctypes.data_as(_INT)
        self._batch.seq_id = self._pointers.ctypes.data_as(ctypes.POINTER(_INT))
        self._batch.logits = self.wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def assign(self, start: int, stop: int, first: NDArray[np.integer] | int) -> None:
        """Give tokens [start, stop) of the batch the sequence ids from `first` on, as many as `counts` says."""
        self._pointers[start:stop] = self._first + np.uint64(_ID) * np.asarray(first).astype(np.uint64)

    def decode(self, size: int, *, rows: int = 1) -> NDArray[np.float32]:
        """Compute the first `size` tokens; logits [wanted tokens, vocabulary], valid until the next call.

        Each part that llama.cpp computes at once gets outputs up to a multiple of `rows`; the additional are dropped.
        """
        asked = None
        if rows > 1:
            asked = np.flatnonzero(self.wanted[:size])
            self._round_outputs(size, rows)
        self._batch.n_tokens = size
        code = llama_cpp.llama_decode(self._handle, self._batch)
        if code != 0:
            raise HarnessError(f"llama_decode gave {code} for {size} tokens: {log.last_error()}")
        given = int(np.count_nonzero(self.wanted[:size]))
        if given == 0:
            return np.empty((0, self._vocabulary), dtype=np.float32)
        logits = self._logits(given)
        if asked is None or len(asked) == given:
            return logits
        return logits[np.searchsorted(np.flatnonzero(self.wanted[:size]), asked)]

    def _logits(self, rows: int) -> NDArray[np.float32]:
        """llama.cpp's output buffer, which moves only when it grows: making the view costs more than a small step."""
        pointer = llama_cpp.llama_get_logits(self._handle)
        address = ctypes.addressof(pointer.contents)
        if (address, rows) != self._seen:
            self._seen = address, rows
            self._view = np.ctypeslib.as_array(pointer, (rows, self._vocabulary))
        return self._view

    def _round_outputs(self, size: int, rows: int) -> None:
        for start in range(0, size, self._ubatch):
            part = self.wanted[start:min(start + self._ubatch, size)]
            missing = -np.count_nonzero(part) % rows
            part[np.flatnonzero(part == 0)[:missing]] = 1

    def clear(self) -> None:
        """Forget every sequence."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def drop(self, sequence: int, start: int) -> None:
        """Forget a sequence from position `start` on."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, -1)

    def keep(self, sequence: int) -> None:
        """Forget every other sequence."""
        llama_cpp.llama_memory_seq_keep(self._memory, sequence)

    def share(self, source: int, target: int, length: int) -> None:
        """Let `target` begin with the first `length` tokens of `source`, without computing or copying them."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)


@contextmanager
def open_context(model: Model, settings: LlamaCppSettings, sequences: int, cells: int, *,
                 unified: bool = True) -> Iterator[Context]:
    """Allocate cache and buffers; raises UserError where the memory does not suffice.

    `unified`: all sequences share the cells, and a token can belong to many. Else each has its own part of them,
    at least `cells` / `sequences` tokens, and a token's cell is its position.
    """
    params = llama_cpp.llama_context_default_params()
    share = cells if unified else -(-cells // sequences)
    params.n_ctx = -(-share // _PAGE) * _PAGE * (1 if unified else sequences)
    params.n_batch, params.n_ubatch = settings.n_batch, min(settings.n_ubatch, settings.n_batch)
    params.n_seq_max = sequences + 2 if unified else sequences
    params.n_threads = params.n_threads_batch = settings.threads
    params.flash_attn_type = settings.flash_number
    params.type_k, params.type_v = CACHE_TYPES[settings.type_k][0], CACHE_TYPES[settings.type_v][0]
    params.kv_unified, params.no_perf = unified, True
    mark, started = log.buffers_begin(), time.perf_counter()
    handle = llama_cpp.llama_init_from_model(model.handle, params)
    seconds = time.perf_counter() - started
    if not handle:
        raise UserError(f"llama.cpp cannot make a context of {cells} tokens for {sequences} sequences: "
                        f"{log.last_error()}", "lower runtime.options.n_ctx")
    try:
        context = Context(handle, settings, sequences, cells, model.tokens.size)
        context.made = Made(log.buffer_bytes(mark, "KV", "RS"), log.buffer_bytes(mark, "compute", "output"), seconds)
        yield context
    finally:
        llama_cpp.llama_free(handle)
