"""Loading a checkpoint into vLLM: what it is told, and why it does not load, in one line."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import AutoTokenizer
from vllm.config import ModelConfig
from vllm.engine.arg_utils import EngineArgs
from vllm.platforms import current_platform
from vllm.transformers_utils.config import get_config
from vllm.v1.engine.llm_engine import LLMEngine

from harness.core.errors import NotFound, UserError
from harness.core.units import GIB
from runners.hf_tokens import HfTokens
from runners.runtimes.vllm.engine import Engine
from runners.runtimes.vllm.settings import VllmSettings

_CPU_CACHE_GIB = 2.0
_GRACE_SECONDS = 20.0
# What vLLM raises for checkpoints, options and devices that do not go together.
_REFUSALS = (ImportError, OSError, ValueError, RuntimeError, KeyError, AttributeError, NotImplementedError, TypeError)


@contextmanager
def load_engine(path: Path, settings: VllmSettings) -> Iterator[Engine]:
    """An engine over a checkpoint, shut down at the end; raises NotFound or UserError where it is refused."""
    if not (path / "config.json").is_file():
        raise NotFound(f"no checkpoint at {path}: it has no config.json", "run again to prepare it")
    _tell_by_environment(settings)
    with _no_process_left():
        try:
            engine = _load(path, settings)
        except _REFUSALS as error:
            lines = str(error).strip().splitlines()
            reason = lines[0] if lines else type(error).__name__
            raise UserError(f"vLLM cannot load {path}: {reason}", _hint(str(error))) from error
        try:
            yield engine
        finally:
            engine.close()


@contextmanager
def _no_process_left() -> Iterator[None]:
    """Wait for the processes that vLLM starts meanwhile, and end those that stay."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    try:
        yield
    finally:
        started = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
        for left in psutil.wait_procs(started, timeout=_GRACE_SECONDS)[1]:
            left.kill()
        psutil.wait_procs(started, timeout=_GRACE_SECONDS)


def _tell_by_environment(settings: VllmSettings) -> None:
    """What vLLM reads from the environment and nowhere else; this process has no other use for it."""
    if current_platform.is_cpu():
        # vLLM would bind its threads to cores of its own choice and leave one out.
        os.environ |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": str(settings.cores)}
        torch.set_num_threads(settings.cores)
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "1" if settings.engine_process else "0",
        # A function goes to the workers, to look at the model they hold; their sockets are this computer's own.
        "VLLM_ALLOW_INSECURE_SERIALIZATION": "1",
        "VLLM_NO_USAGE_STATS": "1",
    }


def _load(path: Path, settings: VllmSettings) -> Engine:
    on_cpu = current_platform.is_cpu()
    config = get_config(str(path), trust_remote_code=settings.trust_remote_code)
    text = config.get_text_config()
    own = int(getattr(text, "max_position_embeddings", 0) or settings.max_model_len)
    window = min(settings.max_model_len, own)
    # One more than the window, see `Engine`: the token at that place is chosen, and never fed.
    os.environ["VLLM_ALLOW_LONG_MAX_MODEL_LEN"] = str(int(window == own))
    cache = settings.kv_cache_gib or (_CPU_CACHE_GIB if on_cpu else None)
    args = EngineArgs(
        model=str(path),
        dtype=_dtype(settings, config, on_cpu),
        quantization=settings.quantization,
        kv_cache_dtype=settings.kv_cache_dtype,
        max_model_len=window + 1,
        max_num_seqs=settings.max_num_seqs,
        max_num_batched_tokens=settings.max_num_batched_tokens,
        gpu_memory_utilization=settings.gpu_memory_utilization,
        kv_cache_memory_bytes=None if cache is None else int(cache * GIB),
        tensor_parallel_size=settings.tensor_parallel_size,
        enforce_eager=on_cpu if settings.enforce_eager is None else settings.enforce_eager,
        enable_prefix_caching=settings.enable_prefix_caching,
        trust_remote_code=settings.trust_remote_code,
        disable_log_stats=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of vLLM's use of torch; not ours to mend
        engine = LLMEngine.from_engine_args(args)
    return Engine(engine, path, _tokens(path, engine.vllm_config.model_config, settings))


def _dtype(settings: VllmSettings, config: Any, on_cpu: bool) -> Any:
    """As asked; else float32 for full-precision weights on a CPU, and what the checkpoint says."""
    whole = not getattr(config, "quantization_config", None) and not settings.quantization
    return "float32" if settings.dtype == "auto" and on_cpu and whole else settings.dtype


def _tokens(path: Path, model: ModelConfig, settings: VllmSettings) -> HfTokens:
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=settings.trust_remote_code)
    ends = model.try_get_generation_config().get("eos_token_id")
    listed = ends if isinstance(ends, list) else [ends] if ends is not None else []
    return HfTokens(tokenizer, model.get_vocab_size(), model.hf_text_config.bos_token_id, listed)


def _hint(reason: str) -> str:
    if "trust_remote_code" in reason:
        return "read that code, then add runtime.options.trust_remote_code=true"
    if "memory" in reason.lower():
        return "lower runtime.options.max_model_len, max_num_seqs or kv_cache_gib"
    return "check that the checkpoint is complete and that this vLLM knows its architecture and quantization"
