"""Loading a checkpoint: where it goes, in which type, and why it does not load, in one line."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.quantizers.auto import AutoHfQuantizer

from harness.core.errors import NotFound, UserError
from runners.hf_tokens import HfTokens
from runners.runtimes.transformers.model import Model, Origin
from runners.runtimes.transformers.settings import TransformersSettings

# What transformers raises for checkpoints, packages and devices that do not go together.
_REFUSALS = (ImportError, OSError, ValueError, RuntimeError, KeyError, AttributeError, NotImplementedError, TypeError)


@contextmanager
def load_model(path: Path, settings: TransformersSettings) -> Iterator[Model]:
    """A checkpoint on its device, let go at the end; raises NotFound or UserError, in one line, where it is refused."""
    if not (path / "config.json").is_file():
        raise NotFound(f"no checkpoint at {path}: it has no config.json", "run again to prepare it")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity(logging.ERROR)
    torch.set_num_threads(settings.cores)
    device = device_for(settings.device)
    try:
        model = _load(path, settings, device)
    except _REFUSALS as error:
        raise UserError(f"transformers cannot load {path} on {device.type}: {_reason(error)}",
                        _hint(error, settings)) from error
    try:
        yield model
    finally:
        model.close()


def device_for(name: str) -> torch.device:
    """The device of an option; "auto" and "balanced" begin at the first GPU there is."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if cuda else "mps" if mps else "cpu"
    kind = "cuda" if name == "balanced" else name.partition(":")[0]
    if (kind == "cuda" and not cuda) or (kind == "mps" and not mps):
        built = f"torch {torch.__version__}"
        raise UserError(f"{built} finds no {kind} device for runtime.options.device={name}",
                        "use device=auto, or install a torch build for this GPU")
    return torch.device("cuda" if name == "balanced" else name)


def _load(path: Path, settings: TransformersSettings, device: torch.device) -> Model:
    code = settings.trust_remote_code
    config = AutoConfig.from_pretrained(path, trust_remote_code=code)
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=code)
    method = _method(config)
    where: dict[str, Any] = {}
    if find_spec("accelerate") and device.type != "cpu":
        where["device_map"] = "balanced" if settings.device == "balanced" else str(device)
    dtype = _dtype(settings, device)
    attention = None if settings.attention == "auto" else settings.attention
    network, found = AutoModelForCausalLM.from_pretrained(
        path, config=config, dtype=dtype, attn_implementation=attention,
        trust_remote_code=code, output_loading_info=True, **where)
    if lost := [*found["missing_keys"], *found["mismatched_keys"]]:
        raise ValueError(f"{len(lost)} tensors are missing or of another shape, the first {lost[0]}")
    if not where:
        network = network.to(device)
    quantized = bool(method and getattr(network, "is_quantized", False))
    if not quantized and dtype != "auto":  # what was dequantized comes in the checkpoint's type
        network = network.to(dtype)
    text = config.get_text_config()
    ends = network.generation_config.eos_token_id
    tokens = HfTokens(tokenizer, int(text.vocab_size), text.bos_token_id,
                      ends if isinstance(ends, list) else [ends] if ends is not None else [])
    kept = method if quantized else f"{method}, dequantized on loading" if method else "none"
    return Model(network.eval(), tokens, Origin(path, kept), device)


def _method(config: Any) -> str:
    """How the checkpoint is quantized, "" where it is not; transformers would ignore a method it does not know."""
    settings = getattr(config, "quantization_config", None)
    if not settings:
        return ""
    told = settings if isinstance(settings, dict) else settings.to_dict()
    found = told.get("quant_method", "")
    method = str(getattr(found, "value", found))
    if not AutoHfQuantizer.supports_quant_method(told):
        raise ValueError(f"it knows no quantization method '{method}'; another runtime may, for example vllm")
    return method


def _dtype(settings: TransformersSettings, device: torch.device) -> Any:
    """What to compute in: as asked, else float32 on a CPU and what the checkpoint says elsewhere."""
    if settings.dtype != "auto":
        return getattr(torch, settings.dtype)
    return torch.float32 if device.type == "cpu" else "auto"


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _hint(error: Exception, settings: TransformersSettings) -> str:
    if "trust_remote_code" in str(error):
        return "read that code, then add runtime.options.trust_remote_code=true"
    if isinstance(error, ImportError):
        return "install what it names, or choose another quant"
    if settings.attention != "auto":
        return "try runtime.options.attention=auto"
    return "check that the checkpoint is complete and of an architecture this transformers knows"
