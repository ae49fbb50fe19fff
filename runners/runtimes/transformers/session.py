"""A loaded checkpoint as the harness sees it: score, roll, generate, stream, facts."""

import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
import transformers

from harness.core.cell import Job
from harness.core.digest import text_digest
from harness.core.errors import HarnessError
from harness.core.runtime import Detail, Facts, GenerateRequest, Generation, Held, Score, ScoreRequest
from runners.artifacts import checkpoint_bytes
from runners.replies import generate_replies, read_request
from runners.runtimes.transformers.lanes import Lanes
from runners.runtimes.transformers.loading import load_model
from runners.runtimes.transformers.model import Model
from runners.runtimes.transformers.score import measure
from runners.runtimes.transformers.settings import TransformersSettings, parse_settings
from runners.runtimes.transformers.stream import TransformersStream
from runners.scoring import Piece, roll_texts, score_requests


class TransformersSession:
    """One model; use one iterator or stream at a time."""

    def __init__(self, model: Model, settings: TransformersSettings) -> None:
        self._model, self._settings = model, settings
        self._window = min(settings.context, model.context or settings.context)

    def facts(self) -> Facts:
        """The engine, the weights and every effective setting; what it holds is the peak so far."""
        model, settings = self._model, self._settings
        tokens = model.tokens
        details = {
            "model": type(model.network).__name__, "torch": torch.__version__, "dtype": model.dtype,
            "quantization": model.origin.quantization,
            "attention": model.config._attn_implementation, "compile": "off", "threads": settings.cores,
            "batch_tokens": settings.batch_tokens, "sequences": settings.sequences,
            "shared_prefixes": model.shares, "merged_batches": model.merges,
            "chat_template": text_digest(tokens.template) if tokens.template else "none",
            "bos": tokens.bos, "eos": tokens.eos, "add_bos": tokens.add_bos, **_device_details(model.device),
        }
        return Facts(
            "transformers", f"transformers {transformers.__version__}, torch {torch.__version__}",
            _device_name(model.device), checkpoint_bytes(model.origin.path), model.kv_bytes_per_token, self._window,
            tokens.size, tuple(Detail(name, str(value)) for name, value in details.items()),
            held=Held(weights=model.held_bytes, peak=_peak_bytes(model.device)))

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages through the tokenizer's own chat template."""
        return self._model.tokens.render(messages, add_generation_prompt)

    def template(self) -> str:
        """The chat template's source, "" where there is none."""
        return self._model.tokens.template

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of a text, without BOS."""
        return tuple(self._model.tokens.encode_bare(text))

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """Batched log-likelihoods, in any order."""
        return score_requests(self._measure, self._model.tokens, requests, self._window)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods of whole texts, in any order."""
        return roll_texts(self._measure, self._model.tokens, texts, self._window)

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Replies in batches, longest prompts first, so that neighbours need little padding."""
        asked = [read_request(index, request, self._model.tokens, self._window)
                 for index, request in enumerate(requests)]
        asked.sort(key=lambda one: -len(one.prompt))
        lanes = Lanes(self._model, self._settings.sequences, self._settings.batch_tokens)
        yield from generate_replies(lanes, self._model.tokens, asked)

    @contextmanager
    def stream(self, slots: int) -> Iterator[TransformersStream]:
        """A stream with lanes of its own."""
        yield TransformersStream(Lanes(self._model, slots, self._settings.batch_tokens), self._window)

    def _measure(self, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
        return measure(self._model, pieces, self._settings.batch_tokens)


@contextmanager
def open_session(job: Job) -> Iterator[TransformersSession]:
    """Load the prepared checkpoint; raises UserError for what transformers refuses."""
    if job.prepared is None:
        raise HarnessError("the transformers runtime was given no prepared weights")
    settings = parse_settings(job.cell.options)
    with load_model(Path(job.prepared.path), settings) as model:
        yield TransformersSession(model, settings)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU: {platform.processor() or platform.machine()}" if device.type == "cpu" else "Apple GPU (MPS)"


def _peak_bytes(device: torch.device) -> int | None:
    """What torch held at most on a GPU, by its own count; it keeps none elsewhere."""
    return int(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else None


def _device_details(device: torch.device) -> dict[str, object]:
    """What only a GPU has: memory in bytes, and whether float32 products are rounded to TF32."""
    if device.type != "cuda":
        return {"cpu_capability": torch.backends.cpu.get_cpu_capability()} if device.type == "cpu" else {}
    return {"device_memory_reserved_bytes": torch.cuda.max_memory_reserved(device),
            "cuda": torch.version.cuda, "float32_matmul_precision": torch.get_float32_matmul_precision()}
