"""A loaded model folder as the harness sees it: score, roll, generate, stream, facts."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx

from harness.core.cell import Job
from harness.core.digest import text_digest
from harness.core.errors import HarnessError
from harness.core.runtime import Detail, Facts, GenerateRequest, Generation, Held, Score, ScoreRequest
from runners.replies import read_request
from runners.runtimes.mlx.generate import generate_replies, open_generator
from runners.runtimes.mlx.model import Model, device_name, open_model
from runners.runtimes.mlx.score import Scorer
from runners.runtimes.mlx.settings import MlxSettings, parse_settings
from runners.runtimes.mlx.stream import MlxStream
from runners.scoring import roll_texts, score_requests


class MlxSession:
    """One model; use one iterator at a time."""

    def __init__(self, model: Model, settings: MlxSettings) -> None:
        self._model, self._settings = model, settings
        self._scorer = Scorer(model.module, settings)
        self._window = min(settings.context, model.context or settings.context)

    def facts(self) -> Facts:
        """The engine, the weights as stored and in memory, every effective setting, and MLX's memory so far."""
        model, settings, tokens = self._model, self._settings, self._model.tokens
        details = {
            "model": model.config["model_type"], "parameters": model.parameters, "quantization": model.quantization,
            "bits_per_weight": f"{model.bits_per_weight:.4f}", "dtype": model.dtype, "batch_size": settings.batch_size,
            "batch_tokens": settings.batch_tokens, "prefill_step": settings.prefill_step, "context": settings.context,
            "chat_template": text_digest(self.template()) if self.template() else "none", "bos": tokens.bos,
            "eos": tokens.eos, "add_bos": tokens.add_bos, "mlx_active_bytes": mx.get_active_memory(),
        }
        return Facts("mlx", f"mlx-lm {version('mlx-lm')}, mlx {mx.__version__}", device_name(), model.stored_bytes,
                     model.kv_bytes_per_token, self._window, tokens.size,
                     tuple(Detail(name, str(value)) for name, value in details.items()),
                     held=Held(weights=model.held_bytes, peak=mx.get_peak_memory()))

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
        """Log-likelihoods, in any order."""
        return score_requests(self._scorer.measure, self._model.tokens, requests, self._window)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods of whole texts, in any order."""
        return roll_texts(self._scorer.measure, self._model.tokens, texts, self._window)

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Replies by continuous batching, in any order."""
        asked = [read_request(index, request, self._model.tokens, self._window)
                 for index, request in enumerate(requests)]
        return generate_replies(self._model.module, self._settings, self._model.tokens, asked)

    @contextmanager
    def stream(self, slots: int) -> Iterator[MlxStream]:
        """A stream of at most `slots` sequences at once."""
        with closing(open_generator(self._model.module, self._settings, slots)) as generator:
            yield MlxStream(generator)


@contextmanager
def open_session(job: Job) -> Iterator[MlxSession]:
    """Load the prepared weights; raises UserError for weights or options that mlx-lm refuses."""
    if job.prepared is None:
        raise HarnessError("the mlx runtime was given no prepared weights")
    settings = parse_settings(job.cell.options)
    with open_model(Path(job.prepared.path), settings) as model:
        yield MlxSession(model, settings)
