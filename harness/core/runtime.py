"""The seam between the harness and an engine: what a runtime must offer, as types without code.

A runtime is a module with `open_session(job: Job) -> Session` (a context manager). It gets texts and gives back
numbers and texts; tokenizing, batching and caching are its own affair. Nothing here imports an engine.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from msgspec import Struct

FinishReason = Literal["stop", "length", "context"]
ELSEWHERE = "elsewhere"
"""The device of a model behind somebody's endpoint: nothing of it runs in our processes."""


class ScoreRequest(Struct, frozen=True):
    """Log-likelihood of `continuation` after `context`; an empty `context` means after the BOS or prefix token."""

    context: str
    continuation: str


class Score(Struct, frozen=True):
    """Sum of natural-log probabilities of the continuation's tokens, and whether greedy decoding would produce them.

    `first_tokens` holds the first ids fed to the model (at most 8), to catch doubled or missing BOS.
    """

    logprob: float
    is_greedy: bool
    tokens: int
    context_tokens: int
    first_tokens: tuple[int, ...]


class Sampling(Struct, frozen=True, forbid_unknown_fields=True):
    """Temperature 0 is greedy; top_k 0, top_p 1 and min_p 0 switch their filters off."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0


class GenerateRequest(Struct, frozen=True):
    """Continue `prompt` until a stop string, end of sequence or `max_tokens`; `seed` belongs to this request."""

    prompt: str
    max_tokens: int
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    seed: int = 0


class Generation(Struct, frozen=True):
    """The reply without the stop string. `finish_reason` "context" means the context window was full."""

    text: str
    tokens: int
    prompt_tokens: int
    finish_reason: FinishReason
    first_tokens: tuple[int, ...]


class StreamRequest(Struct, frozen=True):
    """A request of the load driver: these prompt token ids, exactly `output_tokens` generated (no early end)."""

    id: int
    prompt: tuple[int, ...]
    output_tokens: int


class Delivery(Struct, frozen=True):
    """What a stream knows of a request beside its tokens; times are perf_counter_ns, 0 where unknown.

    `counted_by` says where the number of tokens comes from, `cached_told` whether the engine tells how much of a prompt
    it answered from a cache. Of a client that stamps what a server sends: `lag_seconds` is how late its loop was, the
    99th percentile since the stream was opened; `stamped_by` says whether times of arrival are the "kernel"'s, which
    that lateness does not move (it can only let chunks arrive as one, and requests leave late), or the "client"'s own,
    which it does.
    """

    sent_ns: int = 0
    headers_ns: int = 0
    first_answer_ns: int = 0
    counted_by: str = ""
    engine_prefill_seconds: float = 0.0
    cached_told: bool = False
    lag_seconds: float = 0.0
    stamped_by: str = ""


class TokenEvent(Struct, frozen=True):
    """`tokens` new tokens of request `id`, seen at `at_ns` (time.perf_counter_ns).

    `cached` prompt tokens were answered from a cache and not computed. The last event, `done`, may bring no token, and
    a `delivery`. A served stream may hand over all events of a request when it has ended.
    """

    id: int
    at_ns: int
    tokens: int
    done: bool
    cached: int = 0
    delivery: Delivery | None = None


class Stream(Protocol):
    """Many concurrent sequences, driven by the caller."""

    def submit(self, request: StreamRequest) -> None:
        """Queue a request; it starts within the next `poll` if a slot is free."""

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """Advance (in process) or wait (served) and return the events since the last call, oldest first."""


class Detail(Struct, frozen=True, forbid_unknown_fields=True):
    """One named fact of an engine, as text: a build flag, a device, a cache type."""

    name: str
    value: str


class Held(Struct, frozen=True, forbid_unknown_fields=True):
    """What an engine says it holds in memory, in bytes, None where it does not say.

    `weights` may differ from what the files hold, where the engine keeps them in another type. `kv` is the cache as it
    was allocated, at its largest; `activation` the buffers of computation; `peak` all the engine ever held at once on
    its device.
    """

    weights: int | None = None
    kv: int | None = None
    activation: int | None = None
    peak: int | None = None


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """What the engine says of itself. `device` is the device actually used; unknown numbers are None.

    `served`: requests go to another process, which computes whether or not somebody polls.
    """

    engine: str
    version: str
    device: str
    weights_bytes: int | None
    kv_bytes_per_token: float | None
    context: int
    vocabulary: int
    details: tuple[Detail, ...] = ()
    served: bool = False
    held: Held = Held()


class Session(Protocol):
    """A loaded model. All methods are called from one thread."""

    def facts(self) -> Facts:
        """What was loaded and how."""

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """(role, content) messages through the model's own chat template, as the text that is then tokenized."""

    def template(self) -> str:
        """The chat template's source, "" where the model has none."""

    def tokenize(self, text: str) -> tuple[int, ...]:
        """A plain text as token ids, without BOS; raises UserError where the engine takes no ids or gives none."""

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """Yield (index into requests, score) as items finish, in any order; every index exactly once."""

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihood of whole texts, each in windows of the context length, every token predicted once."""

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Yield (index into requests, generation) as they finish, in any order; every index exactly once."""

    def stream(self, slots: int) -> AbstractContextManager[Stream]:
        """A stream with room for `slots` concurrent sequences."""
