"""A checkpoint in vLLM as the harness sees it: score, roll, generate, stream, facts."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import torch
import vllm
from vllm.platforms import current_platform

from harness.core.cell import Job
from harness.core.digest import text_digest
from harness.core.errors import HarnessError, UserError
from harness.core.runtime import Detail, Facts, GenerateRequest, Generation, Held, Score, ScoreRequest
from runners.artifacts import checkpoint_bytes
from runners.replies import read_request
from runners.runtimes.vllm.engine import Engine
from runners.runtimes.vllm.generate import generate_replies
from runners.runtimes.vllm.inspection import told
from runners.runtimes.vllm.loading import load_engine
from runners.runtimes.vllm.score import measure
from runners.runtimes.vllm.settings import VllmSettings, parse_settings
from runners.runtimes.vllm.stream import VllmStream
from runners.scoring import Piece, roll_texts, score_requests


class VllmSession:
    """One engine; use one iterator or stream at a time."""

    def __init__(self, engine: Engine, settings: VllmSettings) -> None:
        self._engine, self._settings = engine, settings
        self._warm = False

    def facts(self) -> Facts:
        """The engine, the weights, every effective setting, and the kernels that vLLM chose."""
        engine, settings = self._engine, self._settings
        workers, tokens, config = engine.inside(), engine.tokens, engine.config
        details = {
            "distribution": ", ".join(packages_distributions().get("vllm", ())), "torch": torch.__version__,
            "model": ", ".join(config.model_config.architectures), "dtype": str(config.model_config.dtype),
            "quantization": config.model_config.quantization or "none", "linear_kernels": told(workers[0].linear),
            "attention": told(workers[0].attention), "kv_cache_dtype": config.cache_config.cache_dtype,
            "kv_cache_tokens": config.cache_config.kv_cache_size_tokens, "block_size": config.cache_config.block_size,
            "compilation": config.compilation_config.mode.name,
            "cuda_graphs": config.compilation_config.cudagraph_mode.name,
            "prefix_caching": config.cache_config.enable_prefix_caching, "max_num_seqs": settings.max_num_seqs,
            "max_num_batched_tokens": settings.max_num_batched_tokens,
            "tensor_parallel_size": settings.tensor_parallel_size, "engine_process": settings.engine_process,
            "threads": settings.cores, "chat_template": text_digest(tokens.template) if tokens.template else "none",
            "bos": tokens.bos, "eos": tokens.eos, "add_bos": tokens.add_bos,
        }
        return Facts(
            "vLLM", vllm.__version__, current_platform.get_device_name(), checkpoint_bytes(engine.path),
            sum(one.cache_bytes_per_token for one in workers), engine.window, tokens.size,
            tuple(Detail(name, str(value)) for name, value in details.items()),
            held=Held(weights=_together(one.weights_bytes for one in workers),
                 kv=_together(one.cache_bytes for one in workers)))

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages through the tokenizer's own chat template."""
        return self._engine.tokens.render(messages, add_generation_prompt)

    def template(self) -> str:
        """The chat template's source, "" where there is none."""
        return self._engine.tokens.template

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of a text, without BOS."""
        return tuple(self._engine.tokens.encode_bare(text))

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods, in any order."""
        return score_requests(self._measure, self._engine.tokens, requests, self._engine.window)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods of whole texts, in any order."""
        return roll_texts(self._measure, self._engine.tokens, texts, self._engine.window)

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Replies by vLLM's continuous batching, in any order."""
        asked = [read_request(index, request, self._engine.tokens, self._engine.window)
                 for index, request in enumerate(requests)]
        return generate_replies(self._engine, asked)

    @contextmanager
    def stream(self, slots: int) -> Iterator[VllmStream]:
        """A stream over the whole engine; raises UserError where it runs fewer sequences at once than `slots`."""
        if slots > self._settings.max_num_seqs:
            raise UserError(f"vLLM was told to run {self._settings.max_num_seqs} sequences at once, not {slots}",
                            f"add runtime.options.max_num_seqs={slots}")
        stream = VllmStream(self._engine, slots)
        try:
            yield stream
        finally:
            stream.close()

    def _measure(self, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
        if pieces and not self._warm:
            # The first pass compiles what ranks the tokens, many seconds; nothing else is to wait for it.
            list(measure(self._engine, [Piece(0, np.array([self._engine.tokens.prefix] * 3), 2)]))
            self._warm = True
        return measure(self._engine, pieces)


def _together(sizes: Iterable[int | None]) -> int | None:
    """The sum over workers, None where one does not say."""
    found = list(sizes)
    return None if None in found else sum(size or 0 for size in found)


@contextmanager
def open_session(job: Job) -> Iterator[VllmSession]:
    """Load the prepared checkpoint; raises ConfigError for options, UserError for what vLLM refuses."""
    if job.prepared is None:
        raise HarnessError("the vLLM runtime was given no prepared weights")
    settings = parse_settings(job.cell.options)
    with load_engine(Path(job.prepared.path), settings) as engine:
        yield VllmSession(engine, settings)
