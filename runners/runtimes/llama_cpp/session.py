"""A loaded GGUF as the harness sees it: score, roll, generate, stream, facts."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import llama_cpp

from harness.core.cell import Job, LoadWork
from harness.core.digest import text_digest
from harness.core.errors import HarnessError
from harness.core.runtime import Detail, Facts, GenerateRequest, Generation, Held, Score, ScoreRequest
from runners.replies import generate_replies, read_request
from runners.runtimes.llama_cpp.context import ROWS, Context, Made, open_context
from runners.runtimes.llama_cpp.lanes import Lanes
from runners.runtimes.llama_cpp.model import Model, device_names, engine_version, load_model, system_info
from runners.runtimes.llama_cpp.score import measure
from runners.runtimes.llama_cpp.settings import LlamaCppSettings, parse_settings
from runners.runtimes.llama_cpp.stream import LlamaStream
from runners.runtimes.llama_cpp.template import ChatTemplate
from runners.scoring import Piece, roll_texts, score_requests


class LlamaSession:
    """One model and at most one context, made when first needed; use one iterator at a time.

    `load_tokens` is the length a load's requests grow to, 0 where there is no load.
    """

    def __init__(self, model: Model, settings: LlamaCppSettings, load_tokens: int, stack: ExitStack) -> None:
        self._model, self._settings, self._load_tokens = model, settings, load_tokens
        self._template = ChatTemplate(model.template(), model.tokens)
        self._window = min(settings.n_ctx, model.context) if model.context > 0 else settings.n_ctx
        self._stack = stack
        self._pool: Context | None = None
        self._largest: Made | None = None

    def facts(self) -> Facts:
        """The engine, the weights and every effective setting; of the contexts made for loads, the largest."""
        model, settings = self._model, self._settings
        details = {
            "model": model.description(), "parameters": model.parameters, "build": system_info(),
            "llama.cpp": engine_version(), "threads": settings.threads, "n_ctx": settings.n_ctx,
            "n_batch": settings.n_batch,
            "n_ubatch": min(settings.n_ubatch, settings.n_batch), "n_seq_max": settings.n_seq_max,
            "n_gpu_layers": settings.n_gpu_layers, "flash_attention": settings.flash, "type_k": settings.type_k,
            "type_v": settings.type_v, "chat_template": text_digest(self.template()) if self.template() else "none",
            "bos": model.tokens.bos, "eos": model.tokens.eos, "add_bos": model.tokens.add_bos,
        }
        if self._largest:
            details["context_seconds"] = self._largest.seconds
        return Facts(
            "llama.cpp", f"llama-cpp-python {llama_cpp.__version__}, llama.cpp {engine_version()}",
            device_names(settings.n_gpu_layers), model.bytes, model.kv_bytes_per_token(settings), self._window,
            model.tokens.size, tuple(Detail(name, str(value)) for name, value in details.items()),
            held=self._held())

    def _held(self) -> Held:
        """The buffers of the weights (on all devices), and those of the largest context there was."""
        if self._largest is None:
            return Held(weights=self._model.bytes)
        return Held(weights=self._model.bytes, kv=self._largest.cache_bytes, activation=self._largest.compute_bytes)

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages through the GGUF's own chat template."""
        return self._template.render(messages, add_generation_prompt)

    def template(self) -> str:
        """The chat template's source, "" where there is none."""
        return self._template.source

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of a text, without BOS."""
        return tuple(self._model.tokens.encode_bare(text))

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """Packed log-likelihoods, in any order."""
        return score_requests(self._measure, self._model.tokens, requests, self._window)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods of whole texts, in any order."""
        return roll_texts(self._measure, self._model.tokens, texts, self._window)

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Replies by continuous batching, in any order, in a context sized for the longest of them."""
        self._release()
        asked = [read_request(index, request, self._model.tokens, self._window)
                 for index, request in enumerate(requests)]
        longest = max((len(one.prompt) + max(one.budget, 0) for one in asked), default=1) + ROWS
        lanes = lanes_for(self._settings, longest)
        with open_context(self._model, self._settings, lanes, lanes * longest, unified=False) as context:
            yield from generate_replies(Lanes(context, self._settings.n_seq_max), self._model.tokens, asked)

    @contextmanager
    def stream(self, slots: int) -> Iterator[LlamaStream]:
        """A stream in a context of its own, sized for the load: `slots` sequences of the load's length."""
        self._release()
        # Requests beyond the window are not sent.
        cells = slots * min(self._load_tokens, self._window) or self._settings.n_ctx
        with open_context(self._model, self._settings, slots, cells, unified=False) as context:
            if self._largest is None or context.made.cache_bytes >= self._largest.cache_bytes:
                self._largest = context.made
            yield LlamaStream(context)

    def _measure(self, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
        return measure(self._shared(), pieces)

    def _shared(self) -> Context:
        """The context for scoring."""
        if self._pool is None:
            self._pool = self._stack.enter_context(
                open_context(self._model, self._settings, self._settings.n_seq_max, self._settings.n_ctx))
        return self._pool

    def _release(self) -> None:
        self._pool = None
        self._stack.close()


def lanes_for(settings: LlamaCppSettings, longest: int) -> int:
    """Lanes of `longest` tokens to allocate: whole groups of `ROWS` where `n_ctx` has room for one."""
    wanted = settings.n_seq_max + -settings.n_seq_max % ROWS
    room = max(1, settings.n_ctx // longest)
    return min(wanted, room - room % ROWS if room >= ROWS else room)


@contextmanager
def open_session(job: Job) -> Iterator[LlamaSession]:
    """Load the prepared weights; raises UserError for weights or options that llama.cpp refuses."""
    if job.prepared is None:
        raise HarnessError("the llama.cpp runtime was given no prepared weights")
    settings = parse_settings(job.cell.options)
    work = job.cell.work
    length = work.load.longest if isinstance(work, LoadWork) else 0
    with load_model(Path(job.prepared.path), settings) as model, ExitStack() as stack:
        yield LlamaSession(model, settings, length, stack)
